package web_test

import (
	"strings"
	"testing"

	"github.com/barbhq/barb/store/record"
)

// Two bodies that are not text are compared byte by byte.
func TestADifferenceOfBytesIsShownInHex(t *testing.T) {
	t.Parallel()
	s := entered(t)
	for _, body := range []string{"\x00\xff<b>\x01", "\x00\xff<i>\x01", "text"} {
		x := received(1)
		x.Request.Body = []byte(body)
		x.Request.Header = record.Header{{Name: "Content-Type", Value: "application/octet-stream"}}
		s.add(x)
	}
	text := s.get("/w/2/diff?with=1")
	for _, part := range []string{"6 bytes that are not text", "- <b>000000</b>  00 ff 3c <del>62</del> 3e 01",
		"+ <b>000000</b>  00 ff 3c <ins>69</ins> 3e 01", "|..&lt;<del>b</del>&gt;.|"} {
		if !strings.Contains(text, part) {
			t.Errorf("no %s in %s", part, text)
		}
	}
	if text := s.get("/w/3/diff?with=1"); strings.Contains(text, "000000") || !strings.Contains(text, "<ins>text</ins>") {
		t.Error("text and bytes are compared in hex")
	}
}
