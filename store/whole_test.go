package store_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/barbhq/barb/store/record"
)

// readsManyAsEachAlone reads random exchanges of all kinds in one go, and compares each with what Get returns. It has to
// read the first that fit together, and one that does not fit alone.
func readsManyAsEachAlone(t *testing.T, h history) {
	all := append(mixed(), whole(), attempt(20, "never.ended"), answered(hook(21), 0))
	for _, size := range []int{600 << 10, 700 << 10, 800 << 10, 3 << 20} { // three fit together, and the last not at all
		x := answered(hook(size), 200)
		x.Request.Body = bytes.Repeat([]byte("x"), size)
		all = append(all, x)
	}
	for _, x := range all {
		keep(t, h, x)
	}
	ctx, random := context.Background(), rand.New(rand.NewPCG(1, 2))
	for range 60 {
		ids, want, left := []int64{}, []int64{}, int64(2<<20)
		for range random.IntN(12) {
			ids = append(ids, random.Int64N(int64(len(all))+3)) // some are not there
		}
		for i, x := range all {
			if !slices.Contains(ids, int64(i+1)) {
				continue
			}
			if left -= bodiesOf(x); left < 0 && len(want) > 0 {
				break
			}
			want = append(want, x.ID)
		}
		got, err := h.Whole(ctx, ids)
		must(t, err)
		read := []int64{}
		for _, x := range got {
			sameAfterwards(t, h, x)
			read = append(read, x.ID)
		}
		if !slices.Equal(read, want) {
			t.Errorf("of %v were read %v, want %v", ids, read, want)
		}
	}
}

// bodiesOf is how large the bodies of an exchange came.
func bodiesOf(x *record.Exchange) int64 {
	size := int64(x.BodySize())
	if x.Response != nil {
		size += x.Response.Size
	}
	return size
}
