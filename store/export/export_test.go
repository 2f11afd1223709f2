package export_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
)

func sent() *record.Exchange {
	return &record.Exchange{
		ID: 42, Thread: 41, Attempt: 2, Kind: record.Sent, Ended: true, Took: 145400 * time.Microsecond,
		Start:     time.Date(2026, 1, 20, 14, 32, 0, 0, time.UTC),
		WebhookID: "msg_1", EventType: "order.completed", Scheme: "standard-webhooks",
		Verdict: record.Verdict{Status: record.Valid},
		Request: record.Request{Method: "POST", URL: "https://api.customer.com:8443/hooks?token=secret",
			Header: record.Header{{Name: "X-oDd", Value: "1"}, {Name: "X-oDd", Value: "2"}}, Body: []byte("{}")},
		Response: &record.Response{Status: 200, Body: []byte{0xff, 0x00}},
	}
}

// The names and their order are a contract; scripts rely on them.
func TestTheLogLineIsAsPromised(t *testing.T) {
	got, err := json.Marshal(export.JSON(sent(), export.With{}))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"schema":1,"level":"info","timestamp":"2026-01-20T14:32:00.000Z","id":42,"thread":41,` +
		`"direction":"sent","webhook_id":"msg_1","event_type":"order.completed",` +
		`"endpoint_domain":"api.customer.com","method":"POST","status_code":200,"latency_ms":145,` +
		`"attempt":2,"retry_count":1,"scheme":"standard-webhooks","verdict":"valid","outcome":"delivered"}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestTheLineHasNoPayloadUnlessAsked(t *testing.T) {
	got, err := json.Marshal(export.JSON(sent(), export.With{Body: true, URL: true, Headers: true}))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"url":"https://api.customer.com:8443/hooks?token=secret"`,
		`"request_headers":[["X-oDd","1"],["X-oDd","2"]]`,
		`"request_body":"{}"`, `"response_body_base64":"/wA="`} {
		if !strings.Contains(string(got), part) {
			t.Errorf("no %s in %s", part, got)
		}
	}
}

func TestNamesOfStrangersAreCut(t *testing.T) {
	x := sent()
	x.WebhookID, x.EventType = strings.Repeat("é", 100), strings.Repeat("e", 1000)
	l := export.JSON(x, export.With{})
	if len(l.WebhookID) > 128 || len(l.EventType) != 128 || !json.Valid([]byte(`"`+l.WebhookID+`"`)) {
		t.Errorf("%d and %d bytes", len(l.WebhookID), len(l.EventType))
	}
}

// The command is run by a real shell with a curl that writes down what it was given.
func TestCurlSurvivesTheShell(t *testing.T) {
	dir := t.TempDir()
	fake := "#!/bin/sh\nfor a in \"$@\"; do printf '%s\\n' \"$a\"; done > \"$OUT\"\ncat >> \"$OUT.in\"\n"
	if err := os.WriteFile(filepath.Join(dir, "curl"), []byte(fake), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]record.Request{
		"quotes": {Method: "POST", URL: "http://localhost/a?b='c'&d=$(id)",
			Header: record.Header{{Name: "X-It's", Value: "`id` \"$HOME\" \\"}}, Body: []byte(`{"it's":"$(id)"}` + "\n")},
		"binary": {Method: "PUT", URL: "http://localhost/", Body: []byte{0, 1, '\'', '%', '\\', 0xff, '\n'}},
		"long":   {Method: "POST", URL: "http://localhost/x?a[]=1&b={c,d}", Body: []byte(strings.Repeat("x", 200_000))},
		"escapes": {Method: "POST", URL: "http://localhost/", Header: record.Header{{Name: "X-Esc", Value: "a\u009bb"}},
			Body: []byte("\x1b[31m")},
		"no body": {Method: "GET", URL: "http://localhost/", Header: record.Header{{Name: "X-Empty"}}},
	} {
		out := filepath.Join(dir, strings.ReplaceAll(name, " ", "_"))
		command := export.Curl(&r)
		if strings.ContainsAny(command, "\x1b\u009b") || !strings.Contains(command, " -g ") {
			t.Errorf("%s: %.200q", name, command)
		}
		cmd := exec.Command("sh")
		cmd.Stdin = strings.NewReader(command)
		cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "OUT="+out)
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, text)
		}
		args, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		in, err := os.ReadFile(out + ".in")
		if err != nil {
			t.Fatal(err)
		}
		got := string(args) + string(in)
		wanted := []string{r.URL + "\n", r.Method + "\n"}
		if len(r.Body) > 0 {
			wanted = append(wanted, string(r.Body))
		}
		for _, f := range r.Header {
			wanted = append(wanted, f.Name)
		}
		for _, want := range wanted {
			if !strings.Contains(got, want) {
				t.Errorf("%s: no %q in %q", name, want, got)
			}
		}
	}
}

func TestRawIsTheWire(t *testing.T) {
	head := "POST /a HTTP/1.1\r\nHost:  b\r\nx-ODD:1\r\n\r\n"
	r, err := record.ParseRequest(head, "http")
	if err != nil {
		t.Fatal(err)
	}
	r.Body = []byte("{}\x00")
	if got := string(export.Raw(&r)); got != head+"{}\x00" {
		t.Errorf("got %q", got)
	}
}

func TestMarksAreInTheLine(t *testing.T) {
	x := sent()
	x.Marks = []record.Mark{{Kind: record.Duplicate, Of: 17}, {Kind: record.Older, Of: 20}, {Kind: record.ReusedID, Of: 3},
		{Kind: record.Filtered}}
	x.Run = &record.Run{Exit: 0, Took: 35 * time.Millisecond}
	got, err := json.Marshal(export.JSON(x, export.With{}))
	if err != nil {
		t.Fatal(err)
	}
	want := `,"marks":["duplicate","older","reused_id","filtered"],"duplicate_of":17,"reused_id_of":3,"older_than":20,` +
		`"exec_exit":0,"exec_ms":35}`
	if !strings.HasSuffix(string(got), want) {
		t.Errorf("%s does not end in %s", got, want)
	}
}
