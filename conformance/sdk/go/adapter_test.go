package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// vector is a message judged earlier, with its own time.
type vector struct {
	Provider, Case, Expected string
	Now                      int64
	Method, URL              string
	Headers                  map[string]string
	Body                     []byte `json:"body_b64"`
	Secrets                  []string
	Params                   map[string]string
	Confirmed                []record `json:"confirmed_by"`
	Disagrees                []record `json:"sdk_disagrees"`
}

type record struct{ SDK, Verdict string }

// Each adapter returns its SDK's recorded verdict on every vector, or else the expected one, and has returned both
// verdicts. The SDKs see the vector's own time.
func TestAdaptersSayOfVectorsWhatIsRecorded(t *testing.T) {
	vectors := readVectors(t)
	for _, row := range adapters() {
		t.Run(row.provider+" "+row.sdk, func(t *testing.T) {
			said := map[string]int{}
			for _, v := range vectors[row.provider] {
				verdict := v.judged(t, row)
				said[verdict]++
				if want := v.recorded(row.sdk); verdict != want {
					t.Errorf("%s: says %s, want %s", v.Case, verdict, want)
				}
			}
			if vectors[row.provider] != nil && (said["valid"] == 0 || said["invalid"] == 0) {
				t.Errorf("of %d vectors %d were valid and %d invalid", len(vectors[row.provider]), said["valid"], said["invalid"])
			}
		})
	}
}

// judged uses the adapter once for each secret, as any of them may match.
func (v vector) judged(t *testing.T, row adapter) string {
	t.Helper()
	var fields []field
	for name, value := range v.Headers {
		fields = append(fields, field{name, value})
	}
	verdict := "invalid"
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Unix(v.Now, 0)))
		for _, secret := range v.Secrets {
			a := reply([]adapter{row}, &request{
				Op: "verify", Provider: row.provider, SDK: row.sdk, Method: v.Method, URL: v.URL, Headers: fields,
				Body: v.Body, Secrets: []string{secret}, Params: v.Params, Time: float64(v.Now),
			})
			if a.Fault != "" {
				t.Errorf("%s: fault: %s", v.Case, a.Fault)
			}
			if a.Verdict == "valid" {
				verdict = "valid"
			}
		}
	})
	return verdict
}

func (v vector) recorded(sdk string) string {
	for _, r := range append(v.Confirmed, v.Disagrees...) {
		if r.SDK == sdk {
			return r.Verdict
		}
	}
	return v.Expected
}

// readVectors returns the vectors of the sign package by provider. Some providers have none.
func readVectors(t *testing.T) map[string][]vector {
	t.Helper()
	pattern := "../../../sign/testdata/vectors/*.json"
	if file := os.Getenv("VECTORS"); file != "" {
		pattern = file
	}
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors at %s: %v", pattern, err)
	}
	all := map[string][]vector{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var content struct{ Vectors []vector }
		if err := json.Unmarshal(text, &content); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, v := range content.Vectors {
			all[v.Provider] = append(all[v.Provider], v)
		}
	}
	return all
}
