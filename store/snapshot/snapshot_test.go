package snapshot_test

import (
	"errors"
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
