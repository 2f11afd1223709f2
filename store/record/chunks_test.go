package record_test

import (
	"testing"

	"github.com/barbhq/barb/store/record"
)

func TestAppendBodyWritesWhatTheHeadAnnounces(t *testing.T) {
	coded := record.Header{{Name: "Transfer-Encoding", Value: "chunked"}}
	sum := record.Header{{Name: "X-Sum", Value: "9"}}
	cases := map[string]struct {
		r    record.Request
		want string
	}{
		"no chunks": {record.Request{Body: []byte("abc"), Chunks: "1\r\n"}, "abc"},
		"as they came": {record.Request{Header: coded, Body: []byte("abcd"),
			Chunks: "01;x\r\n3\r\n0\r\nX-Sum:9\r\n\r\n"}, "01;x\r\na\r\n3\r\nbcd\r\n0\r\nX-Sum:9\r\n\r\n"},
		"empty": {record.Request{Header: coded, Chunks: "000\r\n\r\n"}, "000\r\n\r\n"},
		"not known": {record.Request{Header: coded, Body: []byte("abc"), Trailer: sum},
			"3\r\nabc\r\n0\r\nX-Sum: 9\r\n\r\n"},
		"not known, empty": {record.Request{Header: coded}, "0\r\n\r\n"},
		"a longer body now": {record.Request{Header: coded, Body: []byte("abc"), Chunks: "1\r\n0\r\n\r\n"},
			"3\r\nabc\r\n0\r\n\r\n"},
		"a shorter one": {record.Request{Header: coded, Body: []byte("a"), Chunks: "3\r\n0\r\n\r\n"}, "1\r\na\r\n0\r\n\r\n"},
		"cut off":       {record.Request{Header: coded, Body: []byte("a"), Chunks: "1\r\n0\r\n"}, "1\r\na\r\n0\r\n\r\n"},
		"nonsense":      {record.Request{Header: coded, Body: []byte("a"), Chunks: "-1\r\n0\r\n\r\n"}, "1\r\na\r\n0\r\n\r\n"},
	}
	for name, c := range cases {
		c.r.Proto = "HTTP/1.1"
		if got := string(c.r.AppendBody(nil)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestOriginIsWhatComesBeforeThePath(t *testing.T) {
	for url, want := range map[string]string{
		"http://h:1/a%zz?b":   "http://h:1",
		"https://h?x=://y/":   "https://h",
		"http://h#/":          "http://h",
		"http://h":            "http://h",
		"http://[::1]:80/":    "http://[::1]:80",
		"/no/authority":       "/no/authority",
		"http:///no/host":     "http://",
		"http://h/?u=http://": "http://h",
	} {
		if got := record.Origin(url); got != want {
			t.Errorf("Origin(%q) = %q, want %q", url, got, want)
		}
	}
}
