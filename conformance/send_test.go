package conformance

import (
	"bytes"
	"strings"
	"testing"
)

func schemes() []string { return []string{"generic", "generic-ts"} }

type payload struct {
	name  string
	bytes []byte
}

// payloads are bytes that decoding, serialising again or reading lines would change.
func payloads() []payload {
	return []payload{
		{"json", []byte(`{"type":"invoice.paid"}`)},
		{"odd json", oddJSON()},
		{"utf-8 with a byte order mark", []byte("\xef\xbb\xbf{\"name\":\"caf\u00e9 \u65e5\u672c \U0001f980\"}\n")},
		{"empty", []byte{}},
		{"only a newline", []byte("\n")},
		{"binary", []byte{0, 1, 2, 0xff, 0xfe, '\r', '\n', 0}},
		{"form", []byte("a=1&b=%20&a=2")},
		{"one mebibyte", bytes.Repeat([]byte("0123456789abcdef"), 1<<16)},
	}
}

func oddJSON() []byte { return []byte("{ \"a\" : \"caf\\u00e9\", \"n\": 1.0 }\r\n") }

// A 200 and a 401 are both final, so each delivery is one attempt.
func TestReceiversAcceptWhatBarbSends(t *testing.T) {
	for _, r := range receivers() {
		t.Run(r.name, func(t *testing.T) {
			url := start(t, r)
			for _, scheme := range schemes() {
				to := url + "/" + scheme
				for _, p := range payloads() {
					expect(t, p, "200\n", 0, to, "-s", scheme, "--secret", "env:SECRET")
				}
				p := payload{"odd json", oddJSON()}
				expect(t, p, "401\n", 1, to, "-s", scheme, "--secret", "env:OTHER")
				expect(t, p, "401\n", 1, to)
			}
		})
	}
}

// expect runs barb send and compares the status of each attempt, one a line, and the exit code.
func expect(t *testing.T, p payload, statuses string, exit int, args ...string) {
	t.Helper()
	out, code := run(t, p.bytes, append([]string{"send", "-d", "@-", "--jq", ".status_code"}, args...)...)
	if out != statuses || code != exit {
		t.Errorf("%s, %s: answers %q and exit code %d, want %q and %d", p.name, strings.Join(args, " "), out,
			code, statuses, exit)
	}
}
