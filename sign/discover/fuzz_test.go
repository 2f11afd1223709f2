package discover_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/discover"
)

// FuzzSearch looks for panics, and for results that do not hold.
func FuzzSearch(f *testing.F) {
	f.Add("t=1700000000,v1="+hexOf(secretText, "1700000000.{}"), []byte("{}"), secretText, "https://a.example/?a=b")
	f.Add("v1,"+base64Of(secretText, "{}"), []byte("{}"), secretText, "")
	f.Add(strings.Repeat("=,;:| &", 40), []byte(`{"a":["`+strings.Repeat("ab", 32)+`"]}`), "whsec_", "?")
	f.Add("ab", []byte("a=b&sig="+strings.Repeat("ab", 20)), "ab", "x")
	f.Add("\xff="+strings.Repeat("A", 43)+"=", []byte("[[[[[["), "\x00", "://")
	f.Fuzz(func(t *testing.T, value string, body []byte, key, url string) {
		m := sign.Message{Method: "POST", URL: url, Body: body,
			Header: http.Header{"X-Sig": {value}, "X-Sig-Time": {"1700000000"}, "X-Id": {value}}}
		q := discover.Query{Message: m, Secrets: secret(key), Limit: 300}
		r, err := discover.Search(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		if r.Tried > q.Limit {
			t.Errorf("%d sums", r.Tried)
		}
		if r.Found {
			holds(t, q, r)
		}
	})
}
