package sign_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
)

// changes are ways to spoil a message, each of them small.
func changes(m sign.Message) map[string]sign.Message {
	all := map[string]sign.Message{"none": m}
	add := func(name string, change func(*sign.Message)) {
		other := m
		other.Header, other.Body = m.Header.Clone(), bytes.Clone(m.Body)
		change(&other)
		all[name] = other
	}
	add("no body", func(m *sign.Message) { m.Body = nil })
	add("another body", func(m *sign.Message) { m.Body = append(m.Body, ' ') })
	add("a short body", func(m *sign.Message) { m.Body = m.Body[:min(len(m.Body), 20)] })
	add("another URL", func(m *sign.Message) { m.URL += "x" })
	for name, values := range m.Header {
		if len(values) == 0 {
			continue
		}
		add("no "+name, func(m *sign.Message) { delete(m.Header, name) })
		add("two "+name, func(m *sign.Message) { m.Header[name] = append(m.Header[name], "x") })
		add("longer "+name, func(m *sign.Message) { m.Header[name][0] += "0" })
		add("capitals in "+name, func(m *sign.Message) { m.Header[name][0] = strings.ToUpper(values[0]) })
		prefix, digits, _ := strings.Cut(values[0], "=")
		add("capital digits in "+name, func(m *sign.Message) { m.Header[name][0] = prefix + "=" + strings.ToUpper(digits) })
		add("blanks around "+name, func(m *sign.Message) { m.Header[name][0] = " " + values[0] + "\t" })
		add("a respelled "+name, func(m *sign.Message) { m.Header[strings.ReplaceAll(name, "-", "_")] = values })
		add("cut "+name, func(m *sign.Message) { m.Header[name][0] = values[0][:len(values[0])/2] })
	}
	return all
}

// A Prepared gives the same result as Verify for every vector and for every spoiled copy of it, also when several
// goroutines use it at a time.
func TestPreparedVerifiesAsVerifyDoes(t *testing.T) {
	t.Parallel()
	for _, s := range catalog.All() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			for _, v := range vectors(t, s.Name) {
				p, err := s.PrepareVerifying(v.params(), v.secrets()...)
				for change, m := range changes(v.message()) {
					for _, later := range []time.Duration{0, 24 * time.Hour} {
						now := time.Unix(v.Now, 0).Add(later)
						match, plain := s.Verify(m, now, v.secrets()...)
						want := fmt.Sprintf("%+v %v", match, plain)
						if err != nil {
							if got := fmt.Sprintf("{} %v", err); plain == nil || err.Error() != plain.Error() {
								t.Errorf("%s, %s: prepared %s, want %s", v.Case, change, got, want)
							}
							continue
						}
						var both sync.WaitGroup
						for range 2 {
							both.Go(func() {
								match, err := p.Verify(m, now)
								if got := fmt.Sprintf("%+v %v", match, err); got != want {
									t.Errorf("%s, %s: prepared %s, want %s", v.Case, change, got, want)
								}
							})
						}
						both.Wait()
					}
				}
			}
		})
	}
}

func TestPreparedSignsAsSignDoes(t *testing.T) {
	t.Parallel()
	for _, s := range catalog.All() {
		if s.Auth == sign.ECDSA || s.Code == sign.RFC9421 || s.Nonce != "" { // each signature is another one
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			one, two := newPair(s, 0), newPair(s, 1)
			p, err := s.PrepareSigning(params(), one.signing, two.signing)
			if err != nil {
				t.Fatal(err)
			}
			for n := range 3 {
				m := newMessage(s)
				m.ID, m.Time = fmt.Sprintf("msg_%d", n), at.Add(time.Duration(n)*time.Minute)
				m.Params = maps.Clone(params())
				want, err := s.Sign(m, one.signing, two.signing)
				if err != nil {
					t.Fatal(err)
				}
				got, err := p.Sign(m)
				if err != nil || !slices.Equal(got.Fields, want.Fields) || got.URL != want.URL ||
					!bytes.Equal(got.Body, want.Body) {
					t.Errorf("message %d: %v, %v, want %v", n, got, err, want)
				}
			}
		})
	}
}

func TestPreparingRefusesTheSecretsThatSigningRefuses(t *testing.T) {
	t.Parallel()
	s := lookup(t, "standard-webhooks")
	for _, secret := range []sign.Secret{text(""), text("whsec_%"), text("whsec_")} {
		_, want := s.Sign(newMessage(s), secret)
		if p, err := s.PrepareSigning(nil, secret); p != nil || fmt.Sprint(err) != fmt.Sprint(want) {
			t.Errorf("%v: %v, %v, want %v", secret.Key, p, err, want)
		}
		_, want = s.Verify(newMessage(s), at, secret)
		if p, err := s.PrepareVerifying(nil, secret); p != nil || fmt.Sprint(err) != fmt.Sprint(want) {
			t.Errorf("%v: %v, %v, want %v", secret.Key, p, err, want)
		}
	}
}
