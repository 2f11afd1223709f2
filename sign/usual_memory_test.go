//go:build !race

package sign_test

import (
	"bytes"
	"testing"
)

// Under the race detector everything takes more.
func TestUsualMessagesTakeLittleMemory(t *testing.T) {
	s := lookup(t, "standard-webhooks")
	p, err := s.PrepareSigning(nil, newPair(s, 0).signing)
	if err != nil {
		t.Fatal(err)
	}
	m := newMessage(s)
	if n := testing.AllocsPerRun(1000, func() { _, _ = p.Sign(m) }); n > 4 {
		t.Errorf("%v allocations", n)
	}
}

// The fast way of a plain scheme is taken: it makes less garbage than reading the signature does.
func TestAPlainSignatureIsVerifiedWithoutReadingIt(t *testing.T) {
	s := lookup(t, "github")
	keys := newPair(s, 0)
	m := newMessage(s)
	m.Body = bytes.Repeat([]byte("a"), 1024)
	signed := deliver(t, s, m, keys.signing)
	p, err := s.PrepareVerifying(nil, keys.verifying)
	if err != nil {
		t.Fatal(err)
	}
	perMessage := testing.AllocsPerRun(100, func() {
		if _, err := p.Verify(signed, at); err != nil {
			t.Fatal(err)
		}
	})
	if perMessage > 4 {
		t.Errorf("%v allocations, want at most 4", perMessage)
	}
}
