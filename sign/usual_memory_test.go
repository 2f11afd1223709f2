//go:build !race

package sign_test

import "testing"

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
