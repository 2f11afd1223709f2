package senders

import (
	"hash/maphash"
	"slices"
)

// Limits of the memory of Repeats.
const (
	repeatsSeen  = 8192     // webhook ids and bodies in each of two generations
	repeatsKept  = 200      // repeated ones
	repeatsTimes = 20       // exchanges of each
	repeatsBody  = 64 << 10 // bytes of a body that are compared
)

// Repeats finds webhook ids and bodies that were received more than once in a session; it compares bodies because a
// sender may change the id. It finds a repetition when fewer than repeatsSeen other webhooks came in between.
type Repeats struct {
	ids, bodies maphash.Seed
	young, old  map[uint64]int64 // the first exchange of an id or body, by its hash
	kept        map[uint64][]int64
}

// NewRepeats returns an empty Repeats.
func NewRepeats() *Repeats {
	return &Repeats{ids: maphash.MakeSeed(), bodies: maphash.MakeSeed(), young: map[uint64]int64{},
		kept: map[uint64][]int64{}}
}

// See adds the webhook of an exchange.
func (r *Repeats) See(webhookID string, body []byte, exchange int64) {
	if webhookID != "" {
		r.seeKey(maphash.String(r.ids, webhookID), exchange)
	}
	if len(body) > 0 {
		r.seeKey(maphash.Bytes(r.bodies, body[:min(len(body), repeatsBody)]), exchange)
	}
}

func (r *Repeats) seeKey(key uint64, exchange int64) {
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
			r.young, r.old = map[uint64]int64{}, r.young
		}
		r.young[key] = exchange
	}
}

// Exchanges returns the sorted ids of the exchanges of repeated webhooks.
func (r *Repeats) Exchanges() []int64 {
	var all []int64
	for _, ids := range r.kept {
		all = append(all, ids...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
