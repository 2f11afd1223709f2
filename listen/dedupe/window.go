// Package dedupe knows a webhook that came before. It keeps what it knows in memory and reads no history: its caller
// tells it what was recorded.
package dedupe

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/barbhq/barb/store/record"
)

const (
	// MaxKept is how many webhooks a Window remembers, in some 13 MB.
	MaxKept = 100_000
	// KeptFor is how long a Window remembers a webhook. Providers go on sending one for three days at most, most of
	// them for less than a day.
	KeptFor = 24 * time.Hour
	// maxEvents is for how many event types the newest webhook is remembered.
	maxEvents = 4096
	// olderBy is how much earlier a webhook must be signed to count as older, since many timestamps are whole seconds.
	olderBy = time.Second
)

// seen is a webhook that came before. A Window keeps many, so it is small and has no pointers.
type seen struct {
	keys
	body     digest // zero: it is in the history and was not read yet
	id       int64
	at       int64 // Unix seconds
	accepted bool  // it, or a copy of it, was answered 2xx
	foreign  bool  // another listener has recorded it, or an earlier one: the history knows whether it was accepted
}

// moment is the newest webhook of an event type.
type moment struct {
	signed time.Time
	id     int64
}

// Window is the webhooks that came lately. Make one with New, and tell it with Loaded when the history was looked
// through. Its methods may be called from several goroutines at once.
type Window struct {
	loaded chan struct{}

	mu        sync.Mutex
	seen      []seen                   // a ring once it is full
	oldest    int                      // index into the ring
	by        map[digest]int32         // index into seen; no zero digest
	beginning map[digest]chan struct{} // closed when the webhook that has the key is recorded
	latest    map[digest]moment
	flights   map[digest]*Flight
}

// New returns an empty window. Meet waits until Loaded is called.
func New() *Window {
	return &Window{loaded: make(chan struct{}), by: map[digest]int32{}, beginning: map[digest]chan struct{}{},
		latest: map[digest]moment{}, flights: map[digest]*Flight{}}
}

// Loaded ends the time in which Recall tells of what was recorded before. It is called once.
func (w *Window) Loaded() {
	w.mu.Lock()
	defer w.mu.Unlock()
	// the order in which they are forgotten
	slices.SortFunc(w.seen, func(a, b seen) int { return cmp.Compare(a.id, b.id) })
	for i := range w.seen {
		w.index(i)
	}
	close(w.loaded)
}

// WaitLoaded returns once Loaded was called.
func (w *Window) WaitLoaded() { <-w.loaded }

// IsLoaded reports whether Loaded was called.
func (w *Window) IsLoaded() bool {
	select {
	case <-w.loaded:
		return true
	default:
		return false
	}
}

// Recall remembers an exchange of the history. They must come newest first, so that the last of several with one id is
// the one that the others are duplicates of. An exchange with a webhook id may come without its body. The number it
// returns is for Decide, and less than 0 for none.
func (w *Window) Recall(f *Fingerprint, x *record.Exchange) (at int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	id := x.ID
	of, again := x.Marked(record.Duplicate)
	if again {
		id = of
	} else {
		w.note(f.event, moment{f.signed, id})
	}
	if _, reused := x.Marked(record.ReusedID); reused {
		return -1
	}
	accepted := x.Status()/100 == 2
	if i, ok := w.by[f.key()]; ok {
		w.seen[i].id = min(w.seen[i].id, id)
		w.seen[i].accepted = w.seen[i].accepted || accepted
		return int(i)
	}
	e := seen{keys: keys{byID: f.byID}, id: id, at: x.Start.Unix(), accepted: accepted, foreign: true}
	if f.byID == (digest{}) { // only then was it read with its body
		e.byPrint, e.body = f.byPrint, f.body
	}
	w.keep(e)
	return int(w.by[f.key()])
}

// Decide sets whether a webhook of the history was accepted, where the caller knows it better than its answer tells.
// At is what Recall has returned; it holds until Loaded is called.
func (w *Window) Decide(at int, accepted bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if at >= 0 && at < len(w.seen) {
		w.seen[at].accepted, w.seen[at].foreign = accepted, false
	}
}

// Knows reports whether a webhook with the same id has come.
func (w *Window) Knows(f *Fingerprint) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, ok := w.by[f.byID]
	return ok
}

// Reject has a webhook handed on when it comes again, although it or a copy of it was accepted. It holds for a flight
// that has not ended, too.
func (w *Window) Reject(f *Fingerprint) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, key := range [...]digest{f.byID, f.byPrint} {
		if i, ok := w.by[key]; ok {
			w.seen[i].accepted, w.seen[i].foreign = false, false
		}
		if t, ok := w.flights[key]; ok {
			t.rejected = true
		}
	}
}

// find returns what came before under a key, nil for nothing. The pointer is good while w is locked.
func (w *Window) find(key digest, now time.Time) *seen {
	i, ok := w.by[key]
	if !ok || now.Unix()-w.seen[i].at > int64(KeptFor/time.Second) {
		return nil
	}
	return &w.seen[i]
}

// keep remembers a webhook in the place of the oldest.
func (w *Window) keep(s seen) {
	i := len(w.seen)
	if i < MaxKept {
		w.seen = append(w.seen, s)
	} else {
		i = w.oldest
		w.oldest = (w.oldest + 1) % MaxKept
		w.forget(i)
		w.seen[i] = s
	}
	w.index(i)
}

func (w *Window) index(i int) {
	for _, key := range [...]digest{w.seen[i].byID, w.seen[i].byPrint} {
		if key != (digest{}) {
			w.by[key] = int32(i)
		}
	}
}

func (w *Window) forget(i int) {
	for _, key := range [...]digest{w.seen[i].byID, w.seen[i].byPrint} {
		if w.by[key] == int32(i) {
			delete(w.by, key)
		}
	}
}

// note remembers the newest webhook of an event type.
func (w *Window) note(event digest, m moment) {
	if m.signed.IsZero() || !m.signed.After(w.latest[event].signed) {
		return
	}
	if len(w.latest) >= maxEvents {
		clear(w.latest)
	}
	w.latest[event] = m
}
