package again

import (
	"context"
	"iter"
	"math/rand/v2"
	"slices"

	"github.com/barbhq/barb/deliver/replay"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// place is where an item is read from again. It is small, since a million may be arranged.
type place struct {
	first, id, then int64  // exchanges: that of the webhook, its request, and its answer; then may be 0
	target          string // many have the same text
	letter          *store.Queued
}

// placesRead is how many items are read again at a time.
const placesRead = 64

// arranged yields all items in the order of the flags: the same each time, so that what was checked is what is sent.
func (r *replayer) arranged(all func(context.Context) iter.Seq2[replay.Item, error]) func(
	context.Context) iter.Seq2[replay.Item, error] {
	var places []place
	read := false
	return func(ctx context.Context) iter.Seq2[replay.Item, error] {
		return func(yield func(replay.Item, error) bool) {
			if !read {
				targets := map[string]string{}
				for item, err := range all(ctx) {
					if err != nil {
						yield(item, err)
						return
					}
					places = append(places, placeOf(&item, targets))
				}
				places, read = r.mix(places, &r.options.order), true
			}
			for page := range slices.Chunk(places, placesRead) {
				if !r.yieldPlaces(ctx, page, yield) {
					return
				}
			}
		}
	}
}

// placeOf returns where an item is read from. Equal targets are kept once in targets.
func placeOf(item *replay.Item, targets map[string]string) place {
	p := place{first: item.First(), id: item.ID, letter: item.Letter}
	if item.Then != nil {
		p.then = item.Then.ID
	}
	known, ok := targets[item.Target]
	if !ok {
		known = item.Target
		targets[known] = known
	}
	p.target = known
	return p
}

// yieldPlaces reads the items of places with one query and yields them. It leaves out what was pruned in the meantime,
// and returns false when no more are wanted.
func (r *replayer) yieldPlaces(ctx context.Context, places []place, yield func(replay.Item, error) bool) bool {
	var firsts []int64
	for _, p := range places {
		if !slices.Contains(firsts, p.first) {
			firsts = append(firsts, p.first)
		}
	}
	exchanges, err := r.sh.History.Exchanges(ctx, firsts)
	if err != nil {
		yield(replay.Item{}, err)
		return false
	}
	byID := make(map[int64]*record.Exchange, len(exchanges))
	for _, x := range exchanges {
		byID[x.ID] = x
	}
	for _, p := range places {
		x := byID[p.id]
		if x == nil {
			continue
		}
		if !yield(replay.Item{Exchange: x, Target: p.target, Letter: p.letter, Then: byID[p.then]}, nil) {
			return false
		}
	}
	return true
}

// mix repeats and shuffles places by the seed.
func (r *replayer) mix(all []place, o *order) (mixed []place) {
	if !o.changes() {
		return all
	}
	seed := uint64(r.sh.Rand() * (1 << 32))
	if r.options.Seed != nil {
		seed = *r.options.Seed
	} else {
		r.sh.Say("barb: --seed %d repeats this order", seed)
	}
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // an order that can be repeated
	for _, p := range all {
		mixed = append(mixed, p)
		if random.Float64() < o.part {
			mixed = append(mixed, p)
		}
	}
	if o.shuffle {
		random.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
	}
	return mixed
}
