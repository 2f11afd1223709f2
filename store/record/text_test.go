package record_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/barbhq/barb/store/record"
)

func TestReadRequestTakesWhatPeopleAndToolsWrite(t *testing.T) {
	for name, c := range map[string]struct{ text, url, body string }{
		"as on the wire":  {"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi\n", "https://h/a", "hi"},
		"bare line feeds": {"POST /a HTTP/1.1\nHost: h\n\nhi\n", "https://h/a", "hi\n"},
		"in chunks": {"POST /a HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\n2\r\nhi\r\n0\r\n\r\n",
			"https://h/a", "hi"},
		"HTTP/2 of curl":        {"POST /a HTTP/2\nHost: h\n\nhi", "https://h/a", "hi"},
		"pseudo-header fields":  {":method: POST\n:path: /a\n:authority: h\n:scheme: https\nx: y\n\nhi", "https://h/a", "hi"},
		"pseudo with CRLF":      {":method: POST\r\n:path: /a\r\nhost: h\r\n\r\nhi", "https://h/a", "hi"},
		"an empty line before":  {"\r\nPOST /a HTTP/1.1\r\nHost: h\r\n\r\nhi", "https://h/a", "hi"},
		"no version to replace": {"POST /a HTTP/1.1\nHost: h\nContent-Length: 0\n\nrest", "https://h/a", ""},
	} {
		r, err := record.ReadRequest([]byte(c.text), "https")
		if err != nil || r.Method != http.MethodPost || r.URL != c.url || string(r.Body) != c.body {
			t.Errorf("%s: %s %s with %q, %v", name, r.Method, r.URL, r.Body, err)
		}
	}
}

func TestReadRequestSaysWhichPartIsWrong(t *testing.T) {
	for text, want := range map[string]struct {
		part record.TextPart
		says string
	}{
		"":                              {record.NoHead, "ends before the empty line"},
		"POST / HTTP/1.1\nHost: h\n":    {record.NoHead, "ends before the empty line"},
		"\n\n\nPOST / HTTP/1.1\n\n":     {record.NoHead, "empty lines"},
		"hello\n\n":                     {record.InHead, "request line"},
		"POST / HTTP/1.1\nno colon\n\n": {record.InHead, "malformed header line"},
		"POST / HTTP/1.1\nHost: h\nContent-Length: 3\n\nhi": {record.InBody,
			"its Content-Length is 3, but the body has only 2 bytes"},
		"POST / HTTP/1.1\nHost: h\nContent-Length: x\n\nhi":                     {record.InBody, "Content-Length"},
		"POST / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\nzz":            {record.InBody, ""},
		"POST / HTTP/1.1\nHost: h\nX: " + strings.Repeat("x", 1<<20) + "\n\nhi": {record.NoHead, "longer than 1048576 bytes"},
	} {
		_, err := record.ReadRequest([]byte(text), "https")
		var at *record.TextError
		if !errors.As(err, &at) || at.Part != want.part || !strings.Contains(err.Error(), want.says) ||
			errors.Unwrap(err) == nil {
			t.Errorf("%.40q: %v, want %q in part %d", text, err, want.says, want.part)
		}
	}
}
