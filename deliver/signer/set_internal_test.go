package signer

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/barbhq/barb/store/record"
)

func TestSetInPlaceIsSet(t *testing.T) {
	t.Parallel()
	names := []string{"a", "A", "b", "webhook-id", "Webhook-Id", "c"}
	one := func() record.Field {
		return record.Field{Name: names[rand.IntN(len(names))], Value: string(rune('0' + rand.IntN(10)))}
	}
	for range 5000 {
		var h record.Header
		for range rand.IntN(6) {
			h = append(h, one())
		}
		f := one()
		want := h.Set(f.Name, f.Value)
		if got := set(slices.Clone(h), f); !slices.Equal(got, want) {
			t.Fatalf("%v with %v: %v, want %v", h, f, got, want)
		}
	}
}
