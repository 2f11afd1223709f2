package verifier

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store/record"
)

// A genuine webhook that bears the headers of all other schemes without a timestamp is valid, and its body is hashed
// once for each hash and key: six times for one secret, whatever number of headers there is.
func TestAutoHashesALongBodyOncePerHashAndKey(t *testing.T) {
	body := bytes.Repeat([]byte("x"), 2<<20)
	secret := sign.Secret{Name: "env:SECRET", Key: []byte("a secret of the tests, shared")}
	m := sign.Message{Method: "POST", URL: "https://hooks.example.com/in", Header: http.Header{}, Body: body,
		Time: time.Now(), ID: "1"}
	schemes := 0
	for _, s := range catalog.All() {
		isPlain := s.Auth == sign.HMAC && s.Content == "{body}" && s.Code == "" && s.JWT == nil
		if !isPlain || s.Timed() || s.InBody() || s.Name == "github" {
			continue
		}
		signed, err := s.Sign(m, sign.Secret{Key: []byte("0123456789abcdef0123456789abcdef")})
		if err != nil {
			continue
		}
		schemes++
		for _, f := range signed.Fields {
			m.Header.Set(f.Name, f.Value)
		}
	}
	github, _ := catalog.Lookup("github")
	signed, err := github.Sign(m, secret)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range signed.Fields {
		m.Header.Set(f.Name, f.Value)
	}
	a := &autoCheck{Verifier: &Verifier{Auto: true, Secrets: []sign.Secret{secret}}, message: m, now: time.Now()}
	a.message.Sums = new(sign.Sums)
	c := a.run()
	if c.Verdict.Status != record.Valid || c.Scheme != "github" {
		t.Errorf("%+v", c)
	}
	if n := a.message.Sums.Hashed() / int64(len(body)); schemes < 40 || n > 5 {
		t.Errorf("%d headers: the body was hashed %d times", schemes, n)
	}
	a.message.Header.Set("X-Hub-Signature-256", "sha256=0000000000000000000000000000000000000000000000000000000000000000")
	again := &autoCheck{Verifier: a.Verifier, message: a.message, now: a.now}
	again.message.Sums = new(sign.Sums)
	if c := again.run(); c.Verdict.Status != record.Invalid || again.message.Sums.Hashed() > 5*int64(len(body)) {
		t.Errorf("a forgery: %+v, the body was hashed %d times", c.Verdict, again.message.Sums.Hashed()/int64(len(body)))
	}
}
