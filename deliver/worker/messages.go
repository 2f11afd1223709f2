package worker

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// Messages delivers the messages of the queue: Deliver and Prepare are those of their Handler.
type Messages struct {
	Leases   *Leases
	Plans    *Plans
	Redactor *redact.Redactor // restores what the history masks
	Rand     func() float64   // uniform in [0, 1)
	Now      func() time.Time
	// Tell is told of each attempt to send x, and with the result Dead of each message that is given up; without an
	// attempt both x and Result.Attempt are nil. Several goroutines call it.
	Tell func(q *store.Queued, x *record.Exchange, r Result)

	mu    sync.Mutex
	tally journal.Tally
}

// Prepare makes the plan of messages that are due, which reads their secret.
func (m *Messages) Prepare(ctx context.Context, target, plan string) error {
	_, err := m.Plans.Of(ctx, plan, target)
	return err
}

// Deliver makes the next attempt of a message, signed anew.
func (m *Messages) Deliver(ctx context.Context, q *store.Queued) (Result, error) {
	made, err := m.Plans.Of(ctx, q.Policy, q.Target)
	if err != nil {
		return m.blocked(err), nil
	}
	history := m.Leases.History
	x, err := history.Get(ctx, q.Thread)
	if errors.Is(err, store.ErrNotFound) {
		return m.dead(q, "the message is no longer in the history"), nil
	}
	if err == nil {
		err = history.Pieces(ctx, x)
	}
	if err != nil {
		return Result{}, err
	}
	switch x, err = m.Redactor.Whole(x); {
	case errors.Is(err, redact.ErrGone):
		return m.dead(q, err.Error()), nil
	case err != nil:
		return Result{}, err
	}
	next := record.Exchange{Thread: x.ID, Webhook: x.First(), Role: record.Attempt, Request: x.Request,
		WebhookID: x.WebhookID, EventType: x.EventType,
		Scheme: x.Scheme, Verdict: x.Verdict}
	if err := made.Signer.Try(&next, m.Now()); err != nil {
		return m.blocked(err), nil
	}
	sender := deliver.Sender{Client: made.Client, Policy: LastChance(made.Policy, q), Rand: m.Rand,
		Sign: made.Signer.ForAttempt(&next)}
	a, err := m.Leases.Attempt(ctx, q, sender, next)
	if err != nil {
		return Result{Attempt: a}, err
	}
	r := ResultOf(a)
	m.count(r)
	m.Tell(q, x, r)
	return r, nil
}

// dead gives a message up that nobody can deliver.
func (m *Messages) dead(q *store.Queued, why string) Result {
	r := Result{State: store.Dead, Why: why}
	m.Tell(q, nil, r)
	return r
}

// blocked has a message wait for what keeps it from being delivered, such as a missing secret.
func (m *Messages) blocked(err error) Result {
	return Result{State: store.Waiting, Due: m.Now().Add(BlockedFor), Why: err.Error(), Blocked: err}
}

// count counts a message that came to its end by an attempt.
func (m *Messages) count(r Result) {
	if r.State == store.Waiting {
		return
	}
	var o journal.Outcome
	o.Add(r.Attempt)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tally.Add(&o)
}

// Tally returns what became of the messages that came to their end by an attempt.
func (m *Messages) Tally() journal.Tally {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.tally
}
