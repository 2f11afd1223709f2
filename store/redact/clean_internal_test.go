package redact

import (
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
)

// Whatever the look at the whole texts calls clean, the search through all pieces leaves as it is. It calls clean what
// holds no secret.
func TestWhatIsCleanIsNotMasked(t *testing.T) {
	secrets := []sign.Secret{{Name: "a", Key: []byte("glpat-0123456789")}, {Name: "b", Key: []byte("0123456789")},
		{Name: "c", Key: []byte("x1")}, {Name: "d", Key: []byte(strings.Repeat("ab", 40))}}
	texts := []string{"", "plain", "0123", "x", strings.Repeat("ab", 39), "%30123456789", "/in?a=b", "a\r\nb: c"}
	for _, s := range secrets {
		texts = append(texts, string(s.Key), "<"+string(s.Key)+">", base64.StdEncoding.EncodeToString(s.Key))
	}
	clean, masked := 0, 0
	for range 20_000 {
		one := func() string {
			if rand.IntN(6) > 0 {
				return texts[rand.IntN(8)]
			}
			return texts[rand.IntN(len(texts))]
		}
		fields := record.Header{{Name: "X-A", Value: one()}, {Name: "Content-Type", Value: one()}}
		x := &record.Exchange{Kind: record.Received, Request: record.Request{Target: one(), URL: "http://h" + one(),
			Head: "POST " + one() + " HTTP/1.1\r\nX-A: " + one() + "\r\n\r\n", Header: fields, Body: []byte(one())}}
		if rand.IntN(2) == 0 {
			x.Request.Trailer, x.Request.Chunks = record.Header{{Name: "X-T", Value: one()}}, "0\r\nX-T: "+one()+"\r\n"
		}
		if rand.IntN(2) == 0 {
			x.Response = &record.Response{Head: "HTTP/1.1 200 OK\r\nX-A: " + one() + "\r\n\r\n", Header: fields[:1],
				Body: []byte(one())}
		}
		f := finder{onlyPlain: true}
		for _, s := range secrets[:1+rand.IntN(len(secrets))] {
			k := newKnown(s)
			k.proof = func() string { return "" }
			f.secrets = append(f.secrets, k)
		}
		isClean := f.isClean(x)
		isSame := f.mask(x, false) == x
		if isClean && !isSame {
			t.Fatalf("%+v is called clean and is masked", x)
		}
		if isClean {
			clean++
		} else if !isSame {
			masked++
		}
		g := finder{onlyPlain: true, unchecked: true, secrets: f.secrets}
		if g.isClean(x) {
			t.Fatal("an unchecked webhook is called clean without a look for credentials")
		}
	}
	if clean < 1000 || masked < 1000 {
		t.Errorf("%d were clean and %d masked, so that nothing is compared", clean, masked)
	}
}
