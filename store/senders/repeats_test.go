package senders

import (
	"fmt"
	"slices"
	"testing"
)

func TestRepeatsAreFoundByIDAndByBody(t *testing.T) {
	r := NewRepeats()
	r.See("a", []byte("1"), 1)
	r.See("b", []byte("2"), 2)
	r.See("a", []byte("3"), 3)
	r.See("c", []byte("2"), 4)
	r.See("", nil, 5)
	r.See("", nil, 6)
	r.See("a", []byte("1"), 7)
	if got := r.Exchanges(); !slices.Equal(got, []int64{1, 2, 3, 4, 7}) {
		t.Errorf("got %v", got)
	}
}

func TestRepeatsStayBounded(t *testing.T) {
	r := NewRepeats()
	r.See("first", nil, 1)
	for i := range 100_000 {
		r.See(fmt.Sprint("id", i%50_000), nil, int64(i+2))
	}
	if n := len(r.young) + len(r.old); n > 2*repeatsSeen || len(r.kept) > repeatsKept {
		t.Errorf("%d remembered, %d kept", n, len(r.kept))
	}
	for i := range 1000 { // in the neighbourhood repetitions are found still
		r.See("again", nil, int64(200_000+i))
	}
	if got := r.Exchanges(); len(got) != repeatsTimes || got[0] != 200_000 {
		t.Errorf("got %v", got)
	}
}
