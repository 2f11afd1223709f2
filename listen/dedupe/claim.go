package dedupe

import (
	"cmp"
	"context"

	"github.com/barbhq/barb/store/record"
)

// Claim is a webhook between Meet and Settle. Copies of it wait in Meet until it is settled, so that exactly one of
// them is the first, and it has the lowest id. After that it stands for the webhook until it is answered.
type Claim struct {
	w     *Window
	f     *Fingerprint
	new   seen   // what to remember of it; nothing where it has no keys
	key   digest // of its flight; zero for none
	again bool
	of    int64 // see Repeats
	done  chan struct{}
}

// IsCopy reports whether the webhook is a duplicate of another.
func (c *Claim) IsCopy() bool { return c.again }

// Repeats returns the first exchange of the webhook when this is a redelivery of it, with the same id or without one;
// else 0. A duplicate under another id is a webhook of its own.
func (c *Claim) Repeats() int64 { return c.of }

// Meet returns the marks that say what a webhook repeats. BodyOf reads the body of an exchange that is only in the
// history, and returns false when it is gone. The claim must be settled. The error is that of the context or of bodyOf.
func (w *Window) Meet(ctx context.Context, f *Fingerprint, bodyOf func(id int64) ([]byte, bool, error)) (
	[]record.Mark, *Claim, error) {
	wait := w.loaded
	for {
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
		w.mu.Lock()
		if wait = cmp.Or(w.beginning[f.byID], w.beginning[f.byPrint]); wait != nil {
			w.mu.Unlock()
			continue
		}
		if e := w.find(f.byID, f.at); e != nil && e.body == (digest{}) { // not read yet
			id := e.id
			w.mu.Unlock()
			body, there, err := bodyOf(id)
			if err != nil {
				return nil, nil, err
			}
			w.read(f.byID, id, body, there)
			wait = w.loaded
			continue
		}
		marks, c := w.judge(f)
		w.mu.Unlock()
		return marks, c, nil
	}
}

// read notes the body of an exchange, or that the exchange is gone.
func (w *Window) read(key digest, id int64, body []byte, there bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	i, ok := w.by[key]
	switch {
	case !ok || w.seen[i].id != id:
	case there:
		w.seen[i].body = bodyDigest(body)
	default:
		w.forget(int(i))
	}
}

// judge compares a webhook with those that came before, and claims the keys that none of them has.
func (w *Window) judge(f *Fingerprint) (marks []record.Mark, c *Claim) {
	c = &Claim{w: w, f: f, new: seen{body: f.body, at: f.at.Unix()}, done: make(chan struct{})}
	same, print := w.find(f.byID, f.at), w.find(f.byPrint, f.at)
	switch {
	case same != nil && same.body == f.body:
		marks, c.key, c.of = append(marks, record.Mark{Kind: record.Duplicate, Of: same.id}), same.key(), same.id
	case print != nil:
		marks, c.key = append(marks, record.Mark{Kind: record.Duplicate, Of: print.id}), print.key()
		if f.byID == (digest{}) {
			c.of = print.id
		}
		if same == nil && f.byID != (digest{}) {
			c.new.byID = f.byID
			if !f.timed { // equal bodies have equal signatures then, and the other id says that it is another webhook
				c.key = f.byID
			}
		}
	default:
		c.new.byPrint = f.byPrint
		if same == nil {
			c.new.byID = f.byID
		}
		c.key = c.new.key()
	}
	c.again = len(marks) > 0
	if same != nil && same.body != f.body {
		marks = append(marks, record.Mark{Kind: record.ReusedID, Of: same.id})
	}
	newest, ok := w.latest[f.event]
	if ok && !c.again && !f.signed.IsZero() && newest.signed.Sub(f.signed) > olderBy {
		marks = append(marks, record.Mark{Kind: record.Older, Of: newest.id})
	}
	for _, key := range [...]digest{c.new.byID, c.new.byPrint} {
		if key != (digest{}) {
			w.beginning[key] = c.done
		}
	}
	return marks, c
}

// Settle ends the wait of copies: the webhook is recorded under an id, or could not be recorded when id is 0. Then the
// next copy is the first.
func (c *Claim) Settle(id int64) {
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
		w.note(c.f.event, moment{c.f.signed, id})
	}
}
