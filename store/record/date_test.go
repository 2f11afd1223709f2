package record_test

import (
	"testing"

	"github.com/barbhq/barb/store/record"
)

func TestADateIsCutOutOfAHead(t *testing.T) {
	t.Parallel()
	const before, after = "HTTP/1.1 200 OK\r\nServer: a\r\nDate: ", "\r\nContent-Length: 2\r\n\r\n"
	rest, at, ok := record.CutDate(before + "Sun, 29 Nov 2026 03:09:25 GMT" + after)
	if rest != before+after || at != 1795921765 || !ok {
		t.Errorf("cut to %q, %d, %t", rest, at, ok)
	}
	for _, value := range []string{"", "Sun, 29 Nov 2026 03:09:25 UTC", "Sun, 29 nov 2026 03:09:25 GMT",
		" Sun, 29 Nov 2026 03:09:25 GMT",
		"Sun, 29 Nov 2026 03:09:25 GMT ", "Mon, 29 Nov 2026 03:09:25 GMT", "Sun, 29 Nov 2026 03:09:60 GMT",
		"Sun, 29 Nov 2026 03:09:25 GMT\n", "Sunday, 29-Nov-26 03:09:25 GMT", "0"} {
		if rest, _, ok := record.CutDate(before + value + after); ok || rest != before+value+after {
			t.Errorf("%q was cut to %q", value, rest)
		}
	}
}

// A head that is cut is the same head again.
func FuzzADateIsPutBack(f *testing.F) {
	const date = "Sun, 29 Nov 2026 03:09:25 GMT"
	f.Add("HTTP/1.1 200 OK\r\nDate: " + date + "\r\n\r\n")
	f.Add("HTTP/1.1 200 OK\r\nDate: \r\nDate: " + date + "\r\n\r\n")
	f.Add("HTTP/1.1 200 OK\r\nDate: " + date + "\r\nDate: " + date + "\r\nDate: \r\n\r\n")
	f.Add("HTTP/1.1 200 OK\nDate: " + date + "\n\n")
	f.Add("HTTP/1.1 200 OK\r\nX-Date: " + date + "\r\nDate: Mon, 01 Jan 0001 00:00:00 GMT\r\n\r\n")
	f.Fuzz(func(t *testing.T, head string) {
		rest, at, ok := record.CutDate(head)
		if ok {
			rest = record.PutDate(rest, at)
		}
		if rest != head {
			t.Errorf("%q comes back as %q", head, rest)
		}
	})
}
