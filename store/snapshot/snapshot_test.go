package snapshot_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/snapshot"
)

func answered(status int, body, contentType string) *record.Exchange {
	return &record.Exchange{Response: &record.Response{Status: status, Body: []byte(body), Header: record.Header{
		{Name: "Date", Value: "now"}, {Name: "Content-Type", Value: contentType}}}}
}

func TestAnAnswerComesBackAsItWas(t *testing.T) {
	t.Parallel()
	var s snapshot.Snapshot
	for key, body := range map[string]string{"object": `{"b":1.50,"a":[12345678901234567890,"<é>"]}`, "array": "[1]",
		"text": "no JSON\n{", "number": "1", "bytes": "\x00\xff", "none": "", "broken": `{"a":`} {
		s.Put(key, "a", answered(200, body, "text/plain"))
	}
	s.Put("unanswered", "a", &record.Exchange{})
	var text strings.Builder
	if err := s.Write(&text); err != nil {
		t.Fatal(err)
	}
	again, err := snapshot.Read(strings.NewReader(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	squeezed := func(s string) string { return strings.NewReplacer(" ", "", "\n", "").Replace(s) }
	for key, want := range map[string]string{"object": `{"b":1.50,"a":[12345678901234567890,"<é>"]}`, "array": "[1]",
		"text": "noJSON{", "number": "1", "bytes": "\x00\xff", "none": "", "broken": `{"a":`} {
		x := again.Get(key)
		if x == nil || x.Response.Status != 200 || squeezed(string(x.Response.Body)) != want ||
			x.Response.Header.Get("Content-Type") != "text/plain" || x.Response.Header.Get("Date") != "" {
			t.Errorf("%s: %+v", key, x)
		}
	}
	if x := again.Get("unanswered"); x == nil || x.Response != nil {
		t.Errorf("unanswered: %+v", x)
	}
	if again.Get("other") != nil || again.Len() != 8 {
		t.Errorf("%d answers", again.Len())
	}
	var twice strings.Builder
	if err := again.Write(&twice); err != nil || twice.String() != text.String() {
		t.Errorf("written again it differs:\n%s\n%s", text.String(), twice.String())
	}
}

func TestAWebhookHasOneKeyAndItsCopiesOthers(t *testing.T) {
	t.Parallel()
	var s snapshot.Snapshot
	named := &record.Exchange{WebhookID: "evt_1"}
	a := &record.Exchange{Request: record.Request{Body: []byte("a")}}
	b := &record.Exchange{Request: record.Request{Body: []byte("b")}}
	if got := []string{s.Key(named), s.Key(named), s.Key(named)}; strings.Join(got, ",") != "evt_1,evt_1 #2,evt_1 #3" {
		t.Error(got)
	}
	first, second := s.Key(a), s.Key(b)
	if first == second || !strings.HasPrefix(first, "sha256:") || s.Key(a) != first+" #2" {
		t.Error(first, second)
	}
}

func TestAnswersThatAreNoLongerAskedForAreCounted(t *testing.T) {
	t.Parallel()
	var s snapshot.Snapshot
	for _, key := range []string{"a", "b", "c"} {
		s.Put(key, "", answered(200, "", ""))
	}
	keys := map[string]bool{"b": true, "new": true}
	if n := s.Missing(keys); n != 2 || s.Len() != 3 {
		t.Errorf("%d are missing of %d", n, s.Len())
	}
	if n := s.Only(keys); n != 2 || s.Len() != 1 || s.Get("b") == nil {
		t.Errorf("%d are removed, %d are left", n, s.Len())
	}
}

func TestAFileThatIsNoSnapshotIsAMistakeWithItsLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                       "1: not a snapshot: unexpected end",
		"{}":                                     `1: not a snapshot: format is ""`,
		`{"format":"barb-snapshot","version":2}`: "1: version 2 of the format is unknown",
		"{\n\"version\":1,\n<<<<<<< HEAD\n}":     "3: not a snapshot: invalid character",
		"{\"version\":1,\n\"answers\":{\"a\":{\"status\":\"x\"}}}": "2: not a snapshot: ",
	} {
		_, err := snapshot.Read(strings.NewReader(text))
		if e, ok := errors.AsType[*snapshot.Error](err); !ok || !strings.HasPrefix(e.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A body is a value where it is an object or an array, so that its differences are by path. Else it is text.
func TestTheFormOfABodyIsThatOfItsContent(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"a":1}`: `"body": {`, "\n{\"a\":1}": `"body": {`, "\r\n\t[1]": `"body": [`, `{"a":`: `"text": "{\"a\":"`,
		`"a"`: `"text": "\"a\""`, `1`: `"text": "1"`, `<&>`: `"text": "<&>"`, "\xff": `"body_base64": "/w=="`,
	} {
		var s snapshot.Snapshot
		s.Put("k", "", answered(200, body, "text/plain"))
		var text strings.Builder
		if err := s.Write(&text); err != nil || !strings.Contains(text.String(), want) {
			t.Errorf("%q: %v\n%s", body, err, text.String())
		}
	}
}

func TestEachValueOfAHeaderIsKept(t *testing.T) {
	t.Parallel()
	var s snapshot.Snapshot
	x := answered(401, "", "text/plain")
	x.Response.Header = append(x.Response.Header, record.Field{Name: "WWW-Authenticate", Value: "Basic"},
		record.Field{Name: "www-authenticate", Value: "Bearer a: b"})
	s.Put("k", "", x)
	if got := s.Get("k").Response.Header.Values("WWW-Authenticate"); strings.Join(got, "|") != "Basic|Bearer a: b" {
		t.Errorf("%q", got)
	}
}

func TestAWebhookWithoutAnIDHasALongKey(t *testing.T) {
	t.Parallel()
	var s snapshot.Snapshot
	// 8 of the 32 bytes of the SHA-256 of nothing
	if key := s.Key(&record.Exchange{}); key != "sha256:e3b0c44298fc1c14" {
		t.Error(key)
	}
}

func TestASnapshotOfNothingIsRead(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	if err := new(snapshot.Snapshot).Write(&text); err != nil || !strings.Contains(text.String(), `"answers": {}`) {
		t.Errorf("%v\n%s", err, text.String())
	}
	if again, err := snapshot.Read(strings.NewReader(text.String())); err != nil || again.Len() != 0 {
		t.Errorf("%v, %v", again, err)
	}
}

// A file is read up to the greatest length, and no further.
func TestTheLengthOfAFileIsLimited(t *testing.T) {
	t.Parallel()
	const text = `{"format":"barb-snapshot","version":1}`
	for more, ok := range map[int]bool{0: true, 1: false} {
		blanks := io.LimitReader(blank{}, int64(snapshot.MaxFile-len(text)+more))
		_, err := snapshot.Read(io.MultiReader(strings.NewReader(text), blanks))
		if (err == nil) != ok || !ok && !strings.Contains(err.Error(), "longer than 64 MiB") {
			t.Errorf("%d bytes more: %v", more, err)
		}
	}
}

// blank reads as blanks without an end.
type blank struct{}

func (blank) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
