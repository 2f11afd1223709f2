package record_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/barbhq/barb/store/record"
)

func TestFieldsOfAnyBytesComeBack(t *testing.T) {
	text := rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })
	rapid.Check(t, func(t *rapid.T) {
		var want record.Header
		for range rapid.IntRange(0, 5).Draw(t, "fields") {
			want = append(want, record.Field{Name: text.Draw(t, "name"), Value: text.Draw(t, "value")})
		}
		got, err := record.UnpackHeader(want.Pack())
		if err != nil || !cmp.Equal(want, got) {
			t.Fatalf("%q became %q, %v", want, got, err)
		}
	})
}

func TestAnyURLComesBack(t *testing.T) {
	for _, url := range []string{"", "h", "http://", "http://h", "http://h:80/a?b#c", "https://[::1]:8443?x=http://y/z",
		"://", "a://b://c/d", "http:/h/x://y"} {
		rest, endpoint := record.SplitURL(url)
		if got := record.JoinURL(rest, endpoint); got != url {
			t.Errorf("%q became %q by way of %q and %q", url, got, rest, endpoint)
		}
	}
}

func FuzzUnpackHeader(f *testing.F) {
	f.Add([]byte(nil))
	f.Add(record.Header{{Name: "a", Value: "b"}, {}}.Pack())
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, coded []byte) {
		header, err := record.UnpackHeader(coded)
		if err != nil {
			return
		}
		again, err := record.UnpackHeader(header.Pack())
		if err != nil || !cmp.Equal(header, again) {
			t.Fatalf("%q became %q, %v", header, again, err)
		}
	})
}

func TestMarksAndMasksComeBack(t *testing.T) {
	marks := []record.Mark{{Kind: record.Duplicate, Of: 17}, {Kind: record.Filtered}}
	if text := record.PackMarks(marks); text != ",duplicate:17,filtered:0," ||
		!cmp.Equal(record.UnpackMarks(text), marks) {
		t.Errorf("marks became %q", text)
	}
	if text := record.PackMarks(nil); text != "" || record.UnpackMarks(text) != nil {
		t.Errorf("no marks became %q", text)
	}
	if got := record.UnpackMarks(",duplicate,older:x,stale:0,"); !cmp.Equal(got, []record.Mark{{Kind: record.Stale}}) {
		t.Errorf("damaged marks became %v", got)
	}
	masks := []record.Mask{{Part: "body", At: 3, Shown: 8, Size: 20, Name: "body /a", Secret: "env:T", Proof: "p",
		Spelling: "x", Skip: 1, Piece: "the secret"}}
	text, err := record.PackMasks(masks)
	if err != nil || strings.Contains(text, "the secret") {
		t.Fatalf("%q, %v", text, err)
	}
	masks[0].Piece = ""
	if got, err := record.UnpackMasks(text); err != nil || !cmp.Equal(got, masks) {
		t.Errorf("%q became %+v, %v", text, got, err)
	}
	if _, err := record.UnpackMasks("{"); err == nil {
		t.Error("damaged masks were read")
	}
	if text, err := record.PackMasks(nil); text != "" || err != nil {
		t.Errorf("no masks became %q, %v", text, err)
	}
	x := record.Exchange{Request: record.Request{Body: []byte(`{"[secret]"}`)}}
	x.Masks = []record.Mask{masks[0], {Part: "url", Name: "body /a"}}
	if names := x.Masked(); len(names) != 1 || x.BodySize() != 24 {
		t.Errorf("masked %q, body of %d bytes", names, x.BodySize())
	}
}

func TestWhatCountsAsFailed(t *testing.T) {
	ok, bad := &record.Response{Status: 200}, &record.Response{Status: 404}
	for name, c := range map[string]struct {
		x    record.Exchange
		want bool
	}{
		"delivered":     {record.Exchange{Kind: record.Sent, Attempt: 1, Ended: true, Response: ok}, false},
		"cut off":       {record.Exchange{Kind: record.Sent, Attempt: 1}, true},
		"queued":        {record.Exchange{Kind: record.Sent}, false},
		"refused":       {record.Exchange{Kind: record.Sent, Attempt: 1, Ended: true, Response: bad}, true},
		"received":      {record.Exchange{Kind: record.Received, Ended: true, Response: ok}, false},
		"answered 404":  {record.Exchange{Kind: record.Received, Ended: true, Response: bad}, true},
		"unanswered":    {record.Exchange{Kind: record.Received, Ended: true, Err: &record.Failure{}}, true},
		"being handled": {record.Exchange{Kind: record.Received}, false},
		"forged":        {record.Exchange{Kind: record.Received, Verdict: record.Verdict{Status: record.Invalid}}, true},
	} {
		if got := c.x.HasFailed(); got != c.want {
			t.Errorf("%s: failed %t", name, got)
		}
	}
}

func TestARequestInTheUsualSpacingIsAsItsHead(t *testing.T) {
	usual := "POST /a HTTP/1.1\r\nHost: h\r\nX: 1\r\n\r\n"
	spaced := strings.Replace(usual, "X: 1", "X:  1", 1)
	for head, want := range map[string]bool{usual: true, spaced: false, usual + "x": false,
		"GET" + usual[4:]: false, "": false} {
		r := record.Request{Method: "POST", Target: "/a", Proto: "HTTP/1.1", Head: head,
			Header: record.Header{{Name: "Host", Value: "h"}, {Name: "X", Value: "1"}}}
		if got := r.IsAsItsHead(); got != want {
			t.Errorf("%q: %t", head, got)
		}
	}
}
