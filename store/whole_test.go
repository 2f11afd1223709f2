package store_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"testing"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// readsManyAsEachAlone reads the requests of random exchanges of all kinds in one go, and compares each with what Get
// returns. It has to read the first of them, up to the one that makes 2 MiB full.
func readsManyAsEachAlone(t *testing.T, h history) {
	all := append(mixed(), whole(), attempt(20, "never.ended"), answered(hook(21), 0))
	for _, size := range []int{600 << 10, 700 << 10, 3 << 20, 800 << 10} {
		x := answered(hook(size), 200)
		x.Request.Body = bytes.Repeat([]byte("x"), size)
		all = append(all, x)
	}
	for _, x := range all {
		keep(t, h, x)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		var light, want []*record.Exchange
		left := 2 << 20
		for x, err := range h.List(context.Background(), store.Filter{OldestFirst: true}) {
			must(t, err)
			if random.IntN(2) == 0 {
				continue
			}
			light = append(light, x)
			if left > 0 {
				one, err := h.Get(context.Background(), x.ID)
				must(t, err)
				one.Response = x.Response
				want, left = append(want, one), left-len(one.Request.Body)
			}
		}
		random.Shuffle(len(light), func(i, j int) { light[i], light[j] = light[j], light[i] })
		light = append(light, &record.Exchange{ID: 4711})
		got, err := h.Requests(context.Background(), light)
		must(t, err)
		if d := diff(want, got); d != "" {
			t.Errorf("(-each alone +many):\n%.500s", d)
		}
		for _, x := range light {
			if x.Request.Body != nil || x.Request.Header != nil {
				t.Errorf("exchange %d was changed", x.ID)
			}
		}
	}
	for _, oldest := range []bool{false, true} { // a page of a list ends where its bodies are many
		f, n := store.Filter{Bodies: true, OldestFirst: oldest}, 0
		for x, err := range h.List(context.Background(), f) {
			must(t, err)
			sameAfterwards(t, h, x)
			n++
		}
		if n != len(all) {
			t.Errorf("%d of %d were listed, oldest first: %v", n, len(all), oldest)
		}
	}
}
