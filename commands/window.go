package commands

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"github.com/barbhq/barb/store/record"
)

const (
	// maxSeen and maxSeenFor bound what a listener remembers to know a webhook again: some 13 MB when it is full. The
	// longest that a provider goes on sending one is three days, most give up within one.
	maxSeen    = 100_000
	maxSeenFor = 24 * time.Hour
	// maxEvents bounds the event types whose newest is remembered.
	maxEvents = 4096
	// olderBy is how much earlier a webhook must be signed to count as older: many timestamps have whole seconds.
	olderBy = time.Second
)

// digest stands for an id, a body or a signature of any length. It is cut from SHA-256: a stranger must not be able to make
// a webhook that passes for another.
type digest [16]byte

func digestOf(parts ...string) (d digest) {
	h := sha256.New()
	var length [8]byte
	for _, p := range parts {
		binary.LittleEndian.PutUint64(length[:], uint64(len(p)))
		h.Write(length[:])
		h.Write([]byte(p))
	}
	copy(d[:], h.Sum(nil))
	return d
}

func bodyDigest(body []byte) (d digest) {
	sum := sha256.Sum256(body)
	copy(d[:], sum[:])
	return d
}

// sighting is what a webhook can be known again by. A zero digest: not by that.
type sighting struct {
	byID, byPrint digest // its id; its body with its signature
	body          digest
	timed         bool   // the signature covers a time, so that no two webhooks have the same one
	event         digest // its event type
	signed        time.Time
	at            time.Time
}

// seen is a webhook that came before. Many are kept, so it is small and has no pointers.
type seen struct {
	byID, byPrint digest
	body          digest // zero: not looked at yet, it is in the history
	id            int64
	at            int64 // Unix seconds
	accepted      bool  // it, or a copy of it, was answered 2xx
	foreign       bool  // another listener has recorded it, or an earlier one: the history knows whether it was accepted
}

// key is what the turns of its copies go by.
func (s *seen) key() digest {
	if s.byID != (digest{}) {
		return s.byID
	}
	return s.byPrint
}

// moment is the newest webhook of an event type.
type moment struct {
	signed time.Time
	id     int64
}

// window is the webhooks that came lately.
type window struct {
	ready chan struct{} // closed once the history was looked through

	mu        sync.Mutex
	seen      []seen // a ring once it is full
	oldest    int    // of the ring
	by        map[digest]int32
	beginning map[digest]chan struct{} // closed when the webhook that has the key is recorded
	latest    map[digest]moment
	turns     map[digest]*turn // see once
	keys      map[int64]digest // by which recorded webhooks take turns
}

// turn is a webhook that is being handed on.
type turn struct {
	ended    chan struct{}
	rejected bool // the queue has given it up already
}

func newWindow() *window {
	return &window{ready: make(chan struct{}), by: map[digest]int32{}, beginning: map[digest]chan struct{}{},
		latest: map[digest]moment{}, turns: map[digest]*turn{}, keys: map[int64]digest{}}
}

// find returns what came before under a key. The pointer is good until the lock is let go.
func (w *window) find(key digest, now time.Time) *seen {
	i, ok := w.by[key]
	if !ok || key == (digest{}) || now.Unix()-w.seen[i].at > int64(maxSeenFor/time.Second) {
		return nil
	}
	return &w.seen[i]
}

// keep remembers a webhook in the place of the oldest.
func (w *window) keep(s seen) {
	i := len(w.seen)
	if i < maxSeen {
		w.seen = append(w.seen, s)
	} else {
		i = w.oldest
		w.oldest = (w.oldest + 1) % maxSeen
		w.forget(i)
		w.seen[i] = s
	}
	w.index(i)
}

func (w *window) index(i int) {
	for _, key := range [...]digest{w.seen[i].byID, w.seen[i].byPrint} {
		if key != (digest{}) {
			w.by[key] = int32(i)
		}
	}
}

func (w *window) forget(i int) {
	for _, key := range [...]digest{w.seen[i].byID, w.seen[i].byPrint} {
		if w.by[key] == int32(i) {
			delete(w.by, key)
		}
	}
}

// newcomer is a webhook between being met and being recorded. Copies of it wait for its end, so that exactly one of them is
// the first, and it has the lowest id.
type newcomer struct {
	w     *window
	s     *sighting
	new   seen   // what to remember of it; without keys: nothing
	key   digest // for its turn
	again bool   // it is a copy of another
	done  chan struct{}
}

// meet says what a webhook repeats. bodyOf reads the body of an exchange that is only in the history; false: it is gone.
// Who gets an newcomer must settle it.
func (w *window) meet(ctx context.Context, s *sighting, bodyOf func(id int64) (digest, bool)) ([]record.Mark, *newcomer, error) {
	wait := w.ready
	for {
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
		w.mu.Lock()
		if wait = w.begun(s); wait != nil {
			w.mu.Unlock()
			continue
		}
		if id, unknown := w.unread(s); unknown {
			w.mu.Unlock()
			body, there := bodyOf(id)
			w.read(s.byID, id, body, there)
			wait = w.ready
			continue
		}
		marks, c := w.judge(s)
		w.mu.Unlock()
		return marks, c, nil
	}
}

// begun is what to wait for when another with one of the keys is being recorded.
func (w *window) begun(s *sighting) chan struct{} {
	if wait, ok := w.beginning[s.byID]; ok {
		return wait
	}
	return w.beginning[s.byPrint]
}

// unread is the exchange of the same id whose body is not known yet.
func (w *window) unread(s *sighting) (id int64, unknown bool) {
	e := w.find(s.byID, s.at)
	if e == nil || e.body != (digest{}) {
		return 0, false
	}
	return e.id, true
}

// read notes the body of an exchange, or that it is not there any more.
func (w *window) read(key digest, id int64, body digest, there bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	i, ok := w.by[key]
	switch {
	case !ok || w.seen[i].id != id:
	case there:
		w.seen[i].body = body
	default:
		w.forget(int(i))
	}
}

// judge compares a webhook with those that came before, and claims the keys by which none did.
func (w *window) judge(s *sighting) (marks []record.Mark, c *newcomer) {
	c = &newcomer{w: w, s: s, new: seen{body: s.body, at: s.at.Unix()}}
	same, print := w.find(s.byID, s.at), w.find(s.byPrint, s.at)
	switch {
	case same != nil && same.body == s.body:
		marks, c.key = append(marks, record.Mark{Kind: record.Duplicate, Of: same.id}), same.key()
	case print != nil:
		marks, c.key = append(marks, record.Mark{Kind: record.Duplicate, Of: print.id}), print.key()
		if same == nil && s.byID != (digest{}) {
			c.new.byID = s.byID
			if !s.timed { // equal bodies sign alike then, and the sender says by the id that it is another webhook
				c.key = s.byID
			}
		}
	default:
		c.new.byPrint = s.byPrint
		if same == nil {
			c.new.byID = s.byID
		}
		c.key = c.new.key()
	}
	c.again = len(marks) > 0
	if same != nil && same.body != s.body {
		marks = append(marks, record.Mark{Kind: record.ReusedID, Of: same.id})
	}
	if newest, ok := w.latest[s.event]; ok && !c.again && !s.signed.IsZero() && newest.signed.Sub(s.signed) > olderBy {
		marks = append(marks, record.Mark{Kind: record.Older, Of: newest.id})
	}
	w.begin(c)
	return marks, c
}

func (w *window) begin(c *newcomer) {
	c.done = make(chan struct{})
	for _, key := range [...]digest{c.new.byID, c.new.byPrint} {
		if key != (digest{}) {
			w.beginning[key] = c.done
		}
	}
}

// settle ends an newcomer: the webhook is recorded under the id, or (0) it could not be and whoever comes next is the first.
func (c *newcomer) settle(id int64, takesTurns bool) {
	w := c.w
	w.mu.Lock()
	defer w.mu.Unlock()
	defer close(c.done)
	delete(w.beginning, c.new.byID)
	delete(w.beginning, c.new.byPrint)
	if id == 0 {
		return
	}
	if c.new.key() != (digest{}) {
		c.new.id = id
		w.keep(c.new)
	}
	if !c.again {
		w.note(c.s.event, moment{c.s.signed, id})
	}
	if takesTurns && c.key != (digest{}) {
		w.keys[id] = c.key
	}
}

// note remembers the newest webhook of an event type.
func (w *window) note(event digest, m moment) {
	if m.signed.IsZero() || !m.signed.After(w.latest[event].signed) {
		return
	}
	if len(w.latest) >= maxEvents {
		clear(w.latest)
	}
	w.latest[event] = m
}

// sorted puts what was read from the history into the order in which it is to be forgotten.
func (w *window) sorted() {
	slices.SortFunc(w.seen, func(a, b seen) int { return cmp.Compare(a.id, b.id) })
	for i := range w.seen {
		w.index(i)
	}
}
