package senders

import (
	"crypto/sha256"
	"slices"
	"time"
)

// Delivery is the attempts of one webhook, in the order they were received.
type Delivery struct {
	Attempts []Attempt
	Gaps     []time.Duration // from each response to the next attempt; negative when that attempt came before the response
	Spacing  Spacing
	End      End
	Conduct
}

const (
	// slack is how much too short a wait may be, because timers and clocks are inexact.
	slack = 50 * time.Millisecond
	// apart is the distance of two attempts whose timestamps in seconds must differ.
	apart = 1100 * time.Millisecond
	// slow is the duration of a response after which a sender may have stopped waiting.
	slow = 3 * time.Second
	// patience is the minimum time without an attempt after which a sender has given up.
	patience = 5 * time.Minute
)

// WebhookID returns the id of the first attempt.
func (d *Delivery) WebhookID() string { return d.Attempts[0].WebhookID }

// evaluate evaluates the attempts. now decides whether another one may still come.
func (d *Delivery) evaluate(now time.Time) {
	all := d.Attempts
	d.Conduct = newConduct()
	var free []time.Duration // gaps without a Retry-After
	for i := 1; i < len(all); i++ {
		before, a := &all[i-1], &all[i]
		gap := a.Start.Sub(before.Answered)
		d.Gaps = append(d.Gaps, gap)
		d.IDKept = d.IDKept.and(found(a.WebhookID != "" || before.WebhookID != "", a.WebhookID == before.WebhookID))
		d.BodyKept = d.BodyKept.and(found(!a.BodyChanges, a.Body == before.Body))
		d.Signed = d.Signed.and(signedAnew(before, a))
		if before.RetryAfter > 0 && !before.delivered() && gap >= 0 {
			d.addWait(gap, before.RetryAfter)
		} else if before.retryable() && gap >= 0 {
			free = append(free, gap)
		}
	}
	d.Spacing = spacingOf(free)
	d.checkStops()
	d.end(now)
}

// addWait counts a requested wait and whether the sender kept a requested wait.
func (d *Delivery) addWait(gap, asked time.Duration) {
	d.Asked++
	if gap >= asked-slack {
		d.Honoured++
	} else {
		d.Undercut = max(d.Undercut, asked-gap)
	}
}

// signedAnew reports whether an attempt has a signature of its own. An equal signature proves the contrary only when
// the signed time differs.
func signedAnew(before, a *Attempt) Finding {
	if !a.Timed || a.Signature == "" || before.Signature == "" {
		return Unknown
	}
	anew := a.Signature != before.Signature && a.Timestamp != before.Timestamp
	return found(anew || a.Start.Sub(before.Start) >= apart, anew)
}

// checkStops looks for attempts after a final response. It ignores an attempt sent before the sender could know of the
// response, and one after a response that the sender may not have waited for.
func (d *Delivery) checkStops() {
	for i := range d.Attempts {
		a := &d.Attempts[i]
		final := &d.Stopped2xx
		switch {
		case a.Status == 410:
			final = &d.Stopped410
		case !a.delivered() || a.Answered.Sub(a.Start) > slow:
			continue
		}
		on := slices.ContainsFunc(d.Attempts[i+1:], func(later Attempt) bool { return later.Start.After(a.Answered) })
		*final = final.and(found(true, !on))
	}
}

func (d *Delivery) end(now time.Time) {
	last := &d.Attempts[len(d.Attempts)-1]
	wait := patience
	for _, gap := range d.Gaps {
		wait = max(wait, 3*gap)
	}
	switch {
	case last.Status == 410:
		d.End = Gone
	case d.delivered():
		d.End = Delivered
	case !last.retryable():
		d.End = Refused
	case now.Sub(last.Answered) < max(wait, last.RetryAfter+patience):
		d.End = Open
	default:
		d.End = GaveUp
	}
	if first := &d.Attempts[0]; first.retryable() && (len(d.Attempts) > 1 || d.End == GaveUp) {
		d.Retried = found(true, len(d.Attempts) > 1)
	}
}

func (d *Delivery) delivered() bool {
	return slices.ContainsFunc(d.Attempts, func(a Attempt) bool { return a.delivered() })
}

// deliveries groups the attempts of a sender by webhook id, or by body without an id. The attempts are in the order
// they were received.
func deliveries(attempts []Attempt) []*Delivery {
	type key struct {
		id   string
		body [sha256.Size]byte
	}
	var all []*Delivery
	known := map[key]*Delivery{}
	for _, a := range attempts {
		k := key{id: a.WebhookID}
		if k.id == "" {
			k.body = a.Body
		}
		d := known[k]
		if d == nil || k.id == "" && d.hasEnded() {
			d = &Delivery{}
			known[k] = d
			all = append(all, d)
		}
		d.Attempts = append(d.Attempts, a)
	}
	return renamed(all)
}

// hasEnded reports whether the latest response ends the delivery. Without an id, the same body is then a new webhook.
func (d *Delivery) hasEnded() bool { return d.Attempts[len(d.Attempts)-1].delivered() }

// renamed joins deliveries of one webhook with different ids: the same body failed under one id and was sent next under
// another. It joins none of a sender that has repeated an id, since such a sender keeps its ids.
func renamed(all []*Delivery) []*Delivery {
	for _, d := range all {
		if d.WebhookID() == "" || len(d.Attempts) > 1 {
			return all
		}
	}
	var kept []*Delivery
	failed := map[[sha256.Size]byte]*Delivery{}
	for _, d := range all {
		a := d.Attempts[0]
		before := failed[a.Body]
		if before != nil && a.Start.After(before.Attempts[len(before.Attempts)-1].Answered) {
			before.Attempts = append(before.Attempts, a)
			d = before
		} else {
			kept = append(kept, d)
		}
		if failed[a.Body] = d; a.delivered() {
			delete(failed, a.Body)
		}
	}
	return kept
}
