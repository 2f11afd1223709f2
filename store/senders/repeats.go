package senders

import (
	"hash/maphash"
	"slices"
	"strconv"
)

// Bounds of what Repeats remembers, whatever comes.
const (
	repeatsSeen  = 8192     // webhook ids and bodies in each of two generations
	repeatsKept  = 200      // of them that came again
	repeatsTimes = 20       // exchanges of each
	repeatsBody  = 64 << 10 // bytes of a body that are looked at
)

// Repeats finds the webhook ids that came more than once in a session, and the bodies: a sender may change the id. A
// repetition is noticed when fewer than repeatsSeen others came in between.
type Repeats struct {
	seed       maphash.Seed
	young, old map[string]int64 // the exchange an id came with first
	kept       map[string][]int64
}

// NewRepeats returns a Repeats that has seen nothing.
func NewRepeats() *Repeats {
	return &Repeats{seed: maphash.MakeSeed(), young: map[string]int64{}, kept: map[string][]int64{}}
}

// See notes that a webhook came as an exchange.
func (r *Repeats) See(webhookID string, body []byte, exchange int64) {
	if webhookID != "" {
		r.seeKey("id "+webhookID, exchange)
	}
	if len(body) > 0 {
		r.seeKey(strconv.FormatUint(maphash.Bytes(r.seed, body[:min(len(body), repeatsBody)]), 36), exchange)
	}
}

func (r *Repeats) seeKey(key string, exchange int64) {
	if ids, ok := r.kept[key]; ok {
		if len(ids) < repeatsTimes {
			r.kept[key] = append(ids, exchange)
		}
		return
	}
	first, ok := r.young[key]
	if !ok {
		first, ok = r.old[key]
	}
	switch {
	case ok && len(r.kept) < repeatsKept:
		r.kept[key] = []int64{first, exchange}
	case !ok:
		if len(r.young) >= repeatsSeen {
			r.young, r.old = map[string]int64{}, r.young
		}
		r.young[key] = exchange
	}
}

// Exchanges returns those of the webhooks that came again, sorted.
func (r *Repeats) Exchanges() []int64 {
	var all []int64
	for _, ids := range r.kept {
		all = append(all, ids...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
