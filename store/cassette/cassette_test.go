package cassette_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/barbhq/barb/store/cassette"
	"github.com/barbhq/barb/store/record"
)

func write(t testing.TB, pretty bool, all ...*cassette.Webhook) []byte {
	t.Helper()
	var b bytes.Buffer
	w := cassette.NewWriter(&b, pretty)
	for _, x := range all {
		if err := w.Write(x); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(text []byte) (all []*cassette.Webhook, err error) {
	f, err := cassette.Open("x.barb.ndjson", bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	for x, err := range f.All() {
		if err != nil {
			return nil, err
		}
		all = append(all, x)
	}
	if f.Count != len(all) {
		return nil, errors.New("another count")
	}
	return all, nil
}

// generated is any webhook that a history may hold.
func generated(t *rapid.T) *cassette.Webhook {
	value := rapid.OneOf(rapid.StringMatching(`[ -~]{0,20}`), rapid.Just("caf\xe9"), rapid.Just("größe \u202e"))
	body := rapid.OneOf(rapid.SliceOfN(rapid.Byte(), 0, 50), rapid.SampledFrom([][]byte{nil, []byte("\ufeff{}"),
		[]byte(`{"a":1.0,"a":1e400,"b":"<\u00e9&>"}`), []byte("{\n  \"a\": [],\n  \"b\": [\n    1\n  ]\n}"), []byte("{\r\n}"),
		[]byte(`{"a": 1}`), []byte("null"), []byte("\x00\x01"), []byte("line\u2028\u202eend"), []byte("😀\U000e0041"),
		[]byte(`["` + "\u202e" + `"]`), []byte("[]"), []byte("{}\n")}))
	field := rapid.Custom(func(t *rapid.T) record.Field {
		return record.Field{Name: rapid.SampledFrom([]string{"X-A", "x-a", "Content-Type", "Cookie"}).Draw(t, "name"),
			Value: value.Draw(t, "value")}
	})
	x := &cassette.Webhook{}
	x.Kind = rapid.SampledFrom([]record.Kind{record.Sent, record.Received}).Draw(t, "kind")
	x.Start = time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "s"), rapid.Int64Range(0, 999999999).Draw(t, "ns")).UTC()
	x.Ended, x.Attempt = true, 1
	x.Scheme, x.WebhookID, x.EventType = "stripe", value.Draw(t, "id"), value.Draw(t, "event")
	x.Verdict.Status = rapid.SampledFrom([]record.VerdictStatus{"", record.Valid, record.Invalid}).Draw(t, "verdict")
	r := &x.Request
	r.Method, r.Proto = "POST", rapid.SampledFrom([]string{"HTTP/1.1", "HTTP/1.0", "HTTP/2.0"}).Draw(t, "proto")
	r.Target = rapid.SampledFrom([]string{"/", "/a?b=%20&c", "/caf\xe9", "http://other/x", "*"}).Draw(t, "target")
	r.URL = "http://h" + r.Target
	if record.IsAbsolute(r.Target) {
		r.URL = r.Target
	}
	r.Header = append(record.Header{{Name: "host", Value: "h"}}, rapid.SliceOfN(field, 0, 5).Draw(t, "header")...)
	r.Body = body.Draw(t, "body")
	if strings.HasPrefix(r.Proto, "HTTP/1.") {
		r.Head = string(r.AppendHead(nil))
		if rapid.Bool().Draw(t, "odd head") {
			r.Head = strings.ReplaceAll(r.Head, ": ", ":\t ")
		}
	}
	if rapid.Bool().Draw(t, "chunked") {
		r.Trailer, r.Chunks = record.Header{{Name: "T", Value: "\xff"}}, "1;x=\xff\r\n0\r\nT: \xff\r\n\r\n"
	}
	if rapid.Bool().Draw(t, "answer") {
		b := body.Draw(t, "answer body")
		x.Took = time.Duration(rapid.IntRange(0, 1e9).Draw(t, "µs")) * time.Microsecond
		x.Response = &record.Response{Status: 200, Proto: "HTTP/1.1", Body: b, Size: int64(len(b)),
			Header: record.Header{{Name: "Content-Type", Value: value.Draw(t, "type")}}}
	}
	return x
}

func TestAWebhookIsTheSameAfterARoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(generated), 0, 3).Draw(rt, "webhooks")
		pretty := rapid.Bool().Draw(rt, "pretty")
		text := write(t, pretty, all...)
		if rapid.Bool().Draw(rt, "Windows") {
			text = bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
		}
		got, err := read(text)
		if err != nil {
			rt.Fatalf("%v\n%s", err, text)
		}
		if d := cmp.Diff(all, got, cmpopts.EquateEmpty()); d != "" {
			rt.Fatalf("%s\n%s", d, text)
		}
	})
}

func TestALargeBodyIsTheSameAfterARoundTrip(t *testing.T) {
	for _, part := range []string{"é\n", "\xff", "{\"a\":1}", "\x00"} {
		x := sample("evt_1", strings.Repeat(part, 1<<20/len(part)))
		got, err := read(write(t, true, x))
		if err != nil || !bytes.Equal(got[0].Request.Body, x.Request.Body) {
			t.Errorf("%q: %v", part, err)
		}
	}
}

func sample(id string, body string) *cassette.Webhook {
	x := &cassette.Webhook{}
	x.Kind, x.Start, x.Ended, x.Attempt = record.Received, time.Date(2026, 1, 20, 14, 32, 0, 0, time.UTC), true, 1
	x.Scheme, x.WebhookID, x.EventType = "stripe", id, "invoice.paid"
	x.Verdict = record.Verdict{Status: record.Valid, Secret: "env:WHSEC", Version: "v1"}
	x.Request = record.Request{Method: "POST", URL: "http://localhost:4242/hooks?a=1", Target: "/hooks?a=1",
		Proto: "HTTP/1.1", Body: []byte(body), Header: record.Header{{Name: "Host", Value: "localhost:4242"},
			{Name: "Authorization", Value: "Bearer [secret]"}, {Name: "X-Tag", Value: "a"}, {Name: "x-tag", Value: "b"}}}
	x.Masks = []record.Mask{{Part: "field 1", At: 7, Shown: 8, Size: 20, Name: "header Authorization", Secret: "env:TOKEN",
		Proof: "cHJvb2Y", Spelling: "kr", Piece: "a token"}}
	x.Took = 18 * time.Millisecond
	x.Response = &record.Response{Status: 200, Body: []byte("ok\n"), Header: record.Header{
		{Name: "Content-Type", Value: "text/plain"}, {Name: "Date", Value: "today"}, {Name: "Set-Cookie", Value: "a=b"}}}
	return x
}

func TestACassetteIsWrittenForDiffs(t *testing.T) {
	for name, pretty := range map[string]bool{"compact": false, "pretty": true} {
		got := write(t, pretty, sample("evt_1", `{"id":"evt_1","amount":4200}`), sample("evt_2", "\xff\x00"))
		file := "testdata/" + name + ".barb.ndjson"
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(file, got, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), string(got)); d != "" {
			t.Error(file, d)
		}
		for _, secret := range []string{"WHSEC", "TOKEN", "cHJvb2Y", "a token", "today", "a=b"} {
			if bytes.Contains(got, []byte(secret)) {
				t.Errorf("%s has %q", file, secret)
			}
		}
	}
}

func TestAMistakeIsSaidWithItsLine(t *testing.T) {
	good := string(write(t, false, sample("evt_1", "{}"), sample("evt_2", "{}")))
	pretty := string(write(t, true, sample("evt_1", "{}"), sample("evt_2", "{}")))
	lines := strings.SplitAfter(good, "\n")
	const twice = `"body_base64":"AA==","body":`
	for name, c := range map[string]struct {
		text string
		line int
		kind cassette.Kind
	}{
		"empty":                  {"", 1, cassette.NotCassette},
		"other JSON":             {`{"log":{}}` + "\n", 1, cassette.NotCassette},
		"a newer version":        {strings.Replace(good, `"version":1`, `"version":2`, 1), 1, cassette.BadVersion},
		"only the header":        {lines[0], 1, cassette.Cut},
		"no last line":           {strings.Join(lines[:3], ""), 3, cassette.Cut},
		"cut in a line":          {good[:len(lines[0])+len(lines[1])+20], 3, cassette.Cut},
		"cut in the last line":   {good[:len(good)-10], 4, cassette.Cut},
		"cut in a pretty one":    {pretty[:len(pretty)/2], strings.Count(pretty[:len(pretty)/2], "\n") + 1, cassette.Cut},
		"a changed body":         {strings.Replace(good, "evt_1", "evt_9", 1), 4, cassette.BadHash},
		"a line less":            {lines[0] + lines[1] + lines[3], 3, cassette.BadCount},
		"a conflict":             {lines[0] + "<<<<<<< HEAD\n" + strings.Join(lines[1:], ""), 2, cassette.Malformed},
		"a bad direction":        {strings.Replace(good, `"received"`, `"lost"`, 1), 2, cassette.Malformed},
		"a wrong type":           {strings.Replace(good, `"POST"`, `17`, 1), 2, cassette.Malformed},
		"not UTF-8":              {strings.Replace(good, `"POST"`, "\"\xff\"", 1), 2, cassette.Malformed},
		"two bodies":             {strings.Replace(good, `"body":`, twice, 1), 2, cassette.Malformed},
		"text after the end":     {good + "{}\n", 5, cassette.Malformed},
		"a mistake in a pretty":  {strings.Replace(pretty, `"POST"`, `P`, 1), lineOf(pretty, `"POST"`), cassette.Malformed},
		"a mistake in the count": {strings.Replace(good, `{"webhooks":2`, `{"webhooks":x`, 1), 4, cassette.Malformed},
	} {
		all := 0
		f, err := cassette.Open("dir/a.ndjson", strings.NewReader(c.text))
		if f != nil {
			all = f.Count
		}
		bad := new(cassette.Error)
		if !errors.As(err, &bad) || bad.Line != c.line || bad.Kind != c.kind || bad.File != "dir/a.ndjson" || all > 0 {
			t.Errorf("%s: %v (kind %v), want line %d, kind %v", name, err, bad.Kind, c.line, c.kind)
		}
	}
}

func lineOf(text, part string) int {
	before, _, _ := strings.Cut(text, part)
	return strings.Count(before, "\n") + 1
}

func TestAReaderToleratesWhatItDoesNotKnow(t *testing.T) {
	good := string(write(t, false, sample("evt_1", "{}")))
	if _, err := read([]byte(strings.TrimSuffix(good, "\n"))); err != nil {
		t.Error("without the last line feed:", err)
	}
	var b bytes.Buffer
	w := cassette.NewWriter(&b, false)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if all, err := read(b.Bytes()); err != nil || len(all) != 0 {
		t.Error("an empty cassette:", all, err)
	}
	unknown, err := os.ReadFile("testdata/unknown_keys.barb.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	if all, err := read(unknown); err != nil || len(all) != 1 || all[0].WebhookID != "evt_1" {
		t.Error("unknown keys:", all, err)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(write(f, false, sample("evt_1", "{}")))
	f.Add(write(f, true, sample("evt_1", `{"a":[1]}`)))
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := read(text)
		if bad := new(cassette.Error); err != nil && !errors.As(err, &bad) {
			t.Fatal(err)
		}
		again, err := read(write(t, true, all...))
		if d := cmp.Diff(all, again, cmpopts.EquateEmpty()); err != nil || d != "" {
			t.Fatal(err, d)
		}
	})
}
