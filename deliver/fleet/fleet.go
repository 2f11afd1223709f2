// Package fleet decides which of the workers of a history an endpoint belongs to. Its limits hold over all workers,
// since only one of them sends to it.
package fleet

import (
	"slices"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/store"
)

// Lot is what is delivered to one target in one way.
type Lot struct {
	Kind           store.QueueKind
	Target, Policy string
}

// Claim is for Worker.Claims: what a worker delivers, of a kind to a target; "" stands for any.
func Claim(kind store.QueueKind, target string) int64 { return number("claim", kind.String(), target) }

// Leaving is for Worker.Claims: the worker ends soon, and delivers only what no other one can.
var Leaving = number("leaving")

// Block is for Worker.Blocked: what a worker cannot deliver.
func Block(l Lot) int64 { return number("block", l.Kind.String(), l.Target, l.Policy) }

// Busy is for Worker.Busy: the endpoint of a lot.
func Busy(l Lot) int64 { return number("busy", l.Kind.String(), deliver.EndpointOf(l.Target)) }

// View is the workers as one of them sees them after a beat. Its methods are for one goroutine at a time.
type View struct {
	me     *store.Worker // nil: somebody who only looks
	others []store.Worker
	known  map[Lot]Whose
}

// New returns the view of the worker with a name. Workers that are silent, or gone, own nothing.
func New(all []store.Worker, me string, gone func(holder string) bool) *View {
	v := &View{known: map[Lot]Whose{}}
	for _, w := range all {
		switch {
		case w.Holder == me:
			v.me = &w
		case w.Beat != 0 && !w.IsSilent() && !gone(w.Holder):
			v.others = append(v.others, w)
		}
	}
	return v
}

// Others returns how many other workers there are.
func (v *View) Others() int { return len(v.others) }

// Seen is the beat that the view is the answer to.
func (v *View) Seen() int64 {
	if v.me == nil {
		return 0
	}
	return v.me.Beat
}

// Tell has the view take its worker for what the beat says that is sent next: what the worker says that it cannot
// deliver belongs to another from then on. The answer may come late, or never.
func (v *View) Tell(w *store.Worker) {
	if v.me == nil {
		return
	}
	me := *v.me
	me.Blocked = append(slices.Clone(me.Blocked), w.Blocked...)
	if isLeaving(w) {
		me.Claims = append(slices.Clone(me.Claims), Leaving)
	}
	v.me = &me
	clear(v.known)
}

// IsSettled reports whether all workers know that this one is there, and it them. Until then they had better beat soon.
func (v *View) IsSettled() bool {
	return v.me == nil || !slices.ContainsFunc(v.others, func(o store.Worker) bool {
		return o.Seen < v.me.Since || v.me.Seen < o.Since
	})
}

// Whose says whose a lot is.
type Whose uint8

// Whose a lot is. What is Later becomes this worker's once the others have let go of it.
const (
	Mine Whose = iota
	Later
	Theirs
)

// Whose says whether the worker delivers a lot. All workers come to the same answer from the same rows, but do not read
// them at the same moment. So a worker takes no lot from a worker that does not know of it yet, or still delivers it.
func (v *View) Whose(l Lot) Whose {
	whose, ok := v.known[l]
	if !ok {
		whose = v.whose(l)
		v.known[l] = whose
	}
	return whose
}

func (v *View) whose(l Lot) Whose {
	rivals := slices.DeleteFunc(slices.Clone(v.others), func(o store.Worker) bool { return !claims(&o, l) })
	if len(rivals) == 0 {
		return Mine
	}
	switch owner := v.Owner(l); {
	case owner == "":
		return Later
	case v.me == nil || owner != v.me.Holder:
		return Theirs
	}
	busy := Busy(l)
	for _, o := range v.others {
		if claims(&o, l) && o.Seen < v.me.Since || slices.Contains(o.Busy, busy) {
			return Later
		}
	}
	return Mine
}

// Owner returns the holder of the worker that a lot belongs to by what all say of themselves; "" for none. It is the
// one with the highest number for the endpoint (rendezvous hashing): where a worker comes or goes, only its own
// endpoints change hands. Workers that stay come before those that leave.
func (v *View) Owner(l Lot) (holder string) {
	endpoint, blocked, highest, leaves := deliver.EndpointOf(l.Target), Block(l), uint64(0), true
	consider := func(w *store.Worker) {
		if !claims(w, l) || slices.Contains(w.Blocked, blocked) {
			return
		}
		n, leaving := uint64(number(w.Holder, endpoint)), isLeaving(w) //nolint:gosec // all 64 bits
		if holder == "" || leaves && !leaving || leaves == leaving && n > highest {
			holder, highest, leaves = w.Holder, n, leaving
		}
	}
	if v.me != nil {
		consider(v.me)
	}
	for _, o := range v.others {
		consider(&o)
	}
	return holder
}

func claims(w *store.Worker, l Lot) bool {
	return slices.Contains(w.Claims, Claim(l.Kind, "")) || slices.Contains(w.Claims, Claim(l.Kind, l.Target))
}

func isLeaving(w *store.Worker) bool { return slices.Contains(w.Claims, Leaving) }

// number is a hash of texts, the same in every process: FNV-1a, mixed once more since texts that differ in their end
// alone differ little in it.
func number(texts ...string) int64 {
	h := uint64(14695981039346656037)
	for _, text := range texts {
		for i := range len(text) {
			h = (h ^ uint64(text[i])) * 1099511628211
		}
		h = (h ^ 0xff) * 1099511628211 // no byte of UTF-8: it ends a text
	}
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return int64(h ^ h>>33) //nolint:gosec // all 64 bits
}
