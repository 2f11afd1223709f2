package commands

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/barbhq/barb/commands/metrics"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// blockedFor is how long entries are left to others that this process cannot deliver.
const blockedFor = 30 * time.Second

// messages delivers the messages of the queue and says how each attempt went.
type messages struct {
	sh      *shell
	leases  *worker.Leases
	plans   *worker.Plans[plan]
	with    export.With
	metrics *metrics.Sent // nil: nobody reads them
	told    onceSaid

	mu     sync.Mutex
	tally  journal.Tally
	broken error // of printing
}

// tell says what keeps messages from being delivered.
func (m *messages) tell(e worker.Event) {
	if e.Blocked {
		m.told.say(m.sh, e.Err.Error(), "what waits for "+domainOf(e.Target)+" cannot be delivered here: "+e.Err.Error())
		return
	}
	m.sh.note("warning: %v", e.Err)
}

// prepare makes the plan of messages that are due, which reads their secret.
func (m *messages) prepare(ctx context.Context, target, policy string) error {
	_, err := m.plans.Of(ctx, policy, target)
	return err
}

// deliver makes the next attempt of a message, signed anew.
func (m *messages) deliver(ctx context.Context, q *store.Queued) (worker.Result, error) {
	plan, err := m.plans.Of(ctx, q.Policy, q.Target)
	if err != nil {
		return m.blocked(err), nil
	}
	x, err := m.sh.history.Get(ctx, q.Thread)
	if errors.Is(err, store.ErrNotFound) {
		return m.dead(q, "the message is no longer in the history"), nil
	}
	if err != nil {
		return worker.Result{}, err
	}
	switch x, err = m.sh.whole(ctx, x); {
	case errors.Is(err, redact.ErrGone):
		return m.dead(q, err.Error()), nil
	case err != nil:
		return worker.Result{}, err
	}
	next := record.Exchange{Thread: x.ID, Request: x.Request, WebhookID: x.WebhookID, EventType: x.EventType,
		Scheme: x.Scheme, Verdict: x.Verdict}
	if err := plan.signer.Try(&next, m.sh.Now()); err != nil {
		return m.blocked(err), nil
	}
	sender := deliver.Sender{Client: plan.client, Policy: worker.LastChance(plan.policy, q), Rand: m.sh.Rand,
		Sign: plan.signer.ForAttempt(&next)}
	a, err := m.leases.Attempt(ctx, q, sender, next)
	if err != nil {
		return worker.Result{Attempt: a}, err
	}
	r := worker.ResultOf(a)
	m.count(r)
	m.metrics.Attempt(a.Exchange)
	m.sh.tellAttempt(x, a, m.with, &m.broken)
	if r.State == store.Dead {
		m.tellDead(q, r.Why)
	}
	return r, nil
}

// dead gives a message up that nobody can deliver.
func (m *messages) dead(q *store.Queued, why string) worker.Result {
	m.tellDead(q, why)
	return worker.Result{State: store.Dead, Why: why}
}

func (m *messages) tellDead(q *store.Queued, why string) {
	m.sh.note("%d was not delivered: %s; barb queue retry %d tries it again", q.Thread, ui.Clip(why, 120), q.ID)
}

// count counts a message that came to its end.
func (m *messages) count(r worker.Result) {
	if r.State == store.Waiting {
		return
	}
	var o journal.Outcome
	o.Add(r.Attempt)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tally.Add(&o)
}

// tellAttempt says how an attempt to deliver x from the queue went. The first error of printing goes to broken, to be
// said at the end: a worker does not stop for a wrong --jq.
func (sh *shell) tellAttempt(x *record.Exchange, a *deliver.Attempt, with export.With, broken *error) {
	sh.printing.Lock()
	defer sh.printing.Unlock()
	kept := sh.history.Redacted(a.Exchange)
	if sh.json {
		if err := sh.emitExchange(kept, with); err != nil && *broken == nil {
			*broken = err
		}
		return
	}
	sh.out.Forwarded(x, a)
	if sh.verbose {
		sh.err.Messages(kept)
	}
}

// blocked has a message wait for what keeps it from being delivered, such as a missing secret.
func (m *messages) blocked(err error) worker.Result {
	return worker.Result{State: store.Waiting, Due: m.sh.Now().Add(blockedFor), Why: err.Error(), Blocked: err}
}

// onceSaid says each thing once.
type onceSaid struct {
	mu   sync.Mutex
	what map[string]bool
}

func (o *onceSaid) say(sh *shell, what, line string) {
	o.mu.Lock()
	before := o.what[what]
	if o.what == nil {
		o.what = map[string]bool{}
	}
	o.what[what] = true
	o.mu.Unlock()
	if !before {
		sh.note("%s", line)
	}
}
