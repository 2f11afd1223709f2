package sign_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
)

// With one secret most messages are signed without the general way. It has to give the same fields and the same
// errors, for ids, times, events and bodies as odd as they come.
func TestUsualMessagesAreSignedAsSignDoes(t *testing.T) {
	t.Parallel()
	one := func(of ...string) string { return of[rand.IntN(len(of))] }
	for _, s := range catalog.All() {
		if s.Auth == sign.ECDSA || s.Code == sign.RFC9421 || s.Nonce != "" || s.JWT != nil { // each signature is another one
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			secret := newPair(s, 0).signing
			p, err := s.PrepareSigning(params(), secret)
			if err != nil {
				t.Fatal(err)
			}
			for range 200 {
				m := newMessage(s)
				m.ID = one(m.ID, m.ID, "", "a.b", "a-b_C9", "a b", "é", " a", "a\n", "a:b", "a=", strings.Repeat("x", 256),
					strings.Repeat("x", 257))
				m.Event = one(m.Event, m.Event, "", " a", "a b", "a\x00", "é")
				m.Time = []time.Time{at, at, at.Add(time.Millisecond), {}, time.Unix(-1, 0), time.Unix(1<<40, 0)}[rand.IntN(6)]
				if rand.IntN(3) == 0 {
					m.Body = []byte(one("", "{}", "\x00\xff", strings.Repeat("y", 300)))
				}
				want, wantErr := s.Sign(m, secret)
				got, err := p.Sign(m)
				if fmt.Sprint(err) != fmt.Sprint(wantErr) || !slices.Equal(got.Fields, want.Fields) || got.URL != want.URL ||
					!bytes.Equal(got.Body, want.Body) {
					t.Fatalf("%q, %q, %v: %v, %v, want %v, %v", m.ID, m.Event, m.Time, got, err, want, wantErr)
				}
			}
		})
	}
}
