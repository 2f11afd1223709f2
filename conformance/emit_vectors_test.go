package conformance

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// emitVector is a vector for the judges in other languages.
type emitVector struct {
	name, expected string
	File           string            `json:"file"`
	Path           string            `json:"path"`
	Secret         string            `json:"secret"`
	URL            string            `json:"url"`
	Now            int64             `json:"now"`
	Headers        map[string]string `json:"headers"`
	Body           string            `json:"body"`
}

// Emitted receivers judge every vector of their scheme in the same way as the sign package.
func TestEmittedReceiversAgreeOnTheVectors(t *testing.T) {
	for _, language := range []struct{ framework, ext, program, judge string }{
		{"lambda", ".mjs", "node", "emit/vectors.mjs"}, {"flask", ".py", "/usr/bin/python3", "emit/vectors.py"},
		{"rails", ".rb", "ruby", "emit/vectors.rb"},
	} {
		t.Run(language.framework, func(t *testing.T) {
			vectors := emitVectors(t, language.framework, language.ext)
			in, err := json.Marshal(vectors)
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), language.program, language.judge)
			cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			statuses := strings.Fields(strings.ReplaceAll(string(out), "no key", "no-key"))
			if len(statuses) != len(vectors) || len(vectors) < 300 {
				t.Fatalf("%d answers to %d vectors, of which there are hundreds", len(statuses), len(vectors))
			}
			for i, v := range vectors {
				if got := statuses[i] == "200"; got != (v.expected == "valid") {
					t.Errorf("%s: answer %s, the vector is %s", v.name, statuses[i], v.expected)
				}
			}
		})
	}
}

// emitVectors writes a receiver for each scheme, and pairs it with the scheme's vectors of one secret.
func emitVectors(t *testing.T, framework, ext string) []emitVector {
	t.Helper()
	files, err := filepath.Glob("../sign/testdata/vectors/*.json")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var all []emitVector
	for _, path := range files {
		scheme := strings.TrimSuffix(filepath.Base(path), ".json")
		source, stderr, code := hook{}.barb(t, "", "verify", "-s", scheme, "--secret", "env:SECRET", "--emit", framework)
		if code == 6 {
			continue
		}
		if code != 0 {
			t.Fatalf("barb verify -s %s --emit %s: %d\n%s", scheme, framework, code, stderr)
		}
		file := filepath.Join(dir, scheme+ext)
		write(t, file, source)
		all = append(all, readEmitVectors(t, path, scheme, file)...)
	}
	return all
}

func readEmitVectors(t *testing.T, path, scheme, file string) []emitVector {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var in struct {
		Vectors []struct {
			Case, Expected, URL, Method string
			Now                         int64
			Secrets                     []string
			Headers                     map[string]string
			Body                        string `json:"body_b64"`
		}
	}
	if err := json.Unmarshal(data, &in); err != nil {
		t.Fatal(err)
	}
	var all []emitVector
	for _, v := range in.Vectors {
		if len(v.Secrets) != 1 || v.Method != http.MethodPost {
			continue // a receiver has one secret and accepts POST
		}
		all = append(all, emitVector{name: scheme + ": " + v.Case, expected: v.Expected, File: file,
			Path:   "/webhooks/" + scheme,
			Secret: v.Secrets[0], URL: v.URL, Now: v.Now, Headers: v.Headers, Body: v.Body})
	}
	return all
}
