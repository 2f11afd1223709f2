package receiver

import (
	"encoding/base64"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/barbhq/barb/sign"
)

// maxVector is the longest body of a test vector in bytes.
const maxVector = 16 << 10

// Hook is a webhook that a receiver accepts.
type Hook struct {
	URL    string // as the sender knows it
	Header http.Header
	Body   []byte
	At     time.Time // the time of the check
}

// vector is a hook in the generated code, with only the headers that the check reads.
type vector struct {
	Headers []sign.Field
	Body    []string // base64, in lines
	URL     string
	At      time.Time
}

// newVector returns nil without a webhook, and for a webhook that is too long or holds the secret itself.
func newVector(p *plan, h *Hook) *vector {
	if h == nil || p.Auth == sign.Token || len(h.Body) > maxVector {
		return nil
	}
	v := &vector{URL: h.URL, At: h.At, Body: lines(base64.StdEncoding.EncodeToString(h.Body))}
	for _, name := range p.Headers() {
		if value, ok := single(h.Header, name); ok {
			v.Headers = append(v.Headers, sign.Field{Name: name, Value: characters(value)})
		}
	}
	return v
}

// single returns the value of a header that occurs once, in any spelling.
func single(h http.Header, name string) (string, bool) {
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

// Seconds returns the vector's time in Unix seconds.
func (v *vector) Seconds() int64 { return v.At.Unix() }

// characters returns a header's value as languages with Unicode strings show it: HTTP's bytes are read as Latin-1.
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
