package receiver

import (
	"encoding/base64"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/barbhq/barb/sign"
)

// maxVector is the longest body, in bytes, that becomes a test vector; a longer one is no longer a sample.
const maxVector = 16 << 10

// Hook is a webhook that a receiver accepts.
type Hook struct {
	URL    string // as the sender knows it
	Header http.Header
	Body   []byte
	At     time.Time // by which clock it is judged
}

// vector is a hook as it goes into the code: of its headers only those that the check reads.
type vector struct {
	Headers []sign.Field
	Body    []string // base64, in lines
	URL     string
	At      time.Time
}

// newVector is nil where the hook is none, is too long, or holds the secret itself.
func newVector(p *plan, h *Hook) *vector {
	if h == nil || p.Auth == sign.Token || len(h.Body) > maxVector {
		return nil
	}
	v := &vector{URL: h.URL, At: h.At, Body: lines(base64.StdEncoding.EncodeToString(h.Body))}
	for _, name := range p.Headers() {
		if value, ok := only(h.Header, name); ok {
			v.Headers = append(v.Headers, sign.Field{Name: name, Value: characters(value)})
		}
	}
	return v
}

// only returns the value of a header that is there once, under whichever spelling.
func only(h http.Header, name string) (string, bool) {
	var all []string
	for key, values := range h {
		if strings.EqualFold(key, name) {
			all = append(all, values...)
		}
	}
	if len(all) != 1 {
		return "", false
	}
	return all[0], true
}

// Seconds is the clock of the vector in Unix seconds.
func (v *vector) Seconds() int64 { return v.At.Unix() }

// characters is a header's value as the languages with Unicode strings show it: HTTP's bytes are read as Latin-1.
func characters(value string) string {
	if strings.IndexFunc(value, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		return value
	}
	runes := make([]rune, len(value))
	for i := range len(value) {
		runes[i] = rune(value[i])
	}
	return string(runes)
}

func lines(s string) []string {
	const width = 100
	var out []string
	for len(s) > width {
		out, s = append(out, s[:width]), s[width:]
	}
	return append(out, s)
}
