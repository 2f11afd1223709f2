package commands

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/store/record"
)

// mirrors sends webhooks to the further targets of a lane once the first has answered. Nobody waits for them: what they
// cannot keep up with is left out, and said.
type mirrors struct {
	*listener
	ctx   context.Context
	cut   context.CancelFunc
	seats chan struct{}
	group sync.WaitGroup
	bytes atomic.Int64 // of the bodies that wait or are on their way, and of the answers they are compared with
	count atomic.Int64
}

// Beyond so many at a time mirrors wait; beyond so many or so large that wait, they are left out.
const (
	mirrorsAtOnce  = 16
	mirrorsWaiting = 1000
	mirrorsBytes   = 32 << 20
)

func newMirrors(g *listener) *mirrors {
	m := &mirrors{listener: g, seats: make(chan struct{}, mirrorsAtOnce)}
	m.ctx, m.cut = context.WithCancel(context.Background())
	return m
}

// send hands a webhook, whose forward to the app is f, to the mirrors of its lane; f is nil where nothing was sent.
// With a queue, targets that are not mirrors have entries of their own.
func (m *mirrors) send(x, f *record.Exchange, l *gateway.Lane) {
	if f == nil || len(l.Targets) < 2 {
		return
	}
	for _, t := range l.Targets[1:] {
		if !t.Mirror && m.outbox != nil {
			continue
		}
		size := int64(len(x.Request.Body))
		if f.Response != nil { // it is kept, to be compared
			size += int64(len(f.Response.Body))
		}
		if count, bytes := m.count.Add(1), m.bytes.Add(size); count > mirrorsWaiting || bytes > mirrorsBytes+size {
			m.count.Add(-1)
			m.bytes.Add(-size)
			m.note("warning: %d was not sent to %s, which does not keep up", x.ID, domainOf(t.URL))
			continue
		}
		m.group.Go(func() {
			defer m.count.Add(-1)
			defer m.bytes.Add(-size)
			m.seats <- struct{}{}
			defer func() { <-m.seats }()
			if err := m.one(x, f, t); err != nil {
				m.note("warning: %d to %s: %v", x.ID, domainOf(t.URL), err)
			}
		})
	}
}

// one sends a webhook to one of them and compares what it answers with what the app did.
func (m *mirrors) one(x, app *record.Exchange, t route.Target) error {
	next, err := forwardOf(x, t.URL)
	if err != nil {
		return err
	}
	j := journal.Journal{History: m.history}
	if t.Mirror {
		j.Begin = func(ctx context.Context, f *record.Exchange) error { return m.history.RecordMirror(ctx, f, app.ID) }
	}
	ctx, letGo := m.budget.With(m.ctx)
	defer letGo()
	a, err := j.Once(ctx, deliver.Sender{Client: m.client, Policy: deliver.Policy{Timeout: m.policy.Timeout}}, next)
	if a != nil {
		m.watch.metrics.Mirrored(a.Exchange)
	}
	if err != nil || !t.Mirror {
		return err
	}
	f := a.Exchange
	same := alike(app, f)
	m.tell(x, app, f, same)
	return m.history.CompareMirror(context.WithoutCancel(ctx), f.ID, same)
}

// alike reports whether two answers have the same status and body.
func alike(a, b *record.Exchange) bool {
	if a.Response == nil || b.Response == nil {
		return a.Response == b.Response
	}
	return a.Status() == b.Status() && a.Response.Size == b.Response.Size && bytes.Equal(a.Response.Body, b.Response.Body)
}

// tell says what a mirror answered, of one that answers as the app only to who wants to know all.
func (m *mirrors) tell(x, app, f *record.Exchange, same bool) {
	if m.json {
		m.printing.Lock()
		defer m.printing.Unlock()
		if err := m.emit(schema.NewMirror(x.ID, f, same)); err != nil && m.broken == nil {
			m.broken = err
		}
		return
	}
	switch {
	case same && m.verbose:
		m.note("%d mirror %s answers the same: %s", x.ID, ui.Endpoint(f), answered(f))
	case same:
	case app.Status() == f.Status() && f.Response != nil:
		m.note("%d mirror %s differs: %s as the app, with another body  (barb show %d and %d)", x.ID, ui.Endpoint(f),
			answered(f), app.ID, f.ID)
	default:
		m.note("%d mirror %s differs: %s, the app %s  (barb show %d)", x.ID, ui.Endpoint(f), answered(f), answered(app), f.ID)
	}
}

// answered is an answer in a word or two.
func answered(x *record.Exchange) string {
	if status := x.Status(); status != 0 {
		return strconv.Itoa(status)
	}
	return "no answer (" + string(x.FailureKind()) + ")"
}

// end waits for what is on its way, for at most grace.
func (m *mirrors) end(grace time.Duration) {
	timer := time.AfterFunc(grace, m.cut)
	defer timer.Stop()
	m.group.Wait()
	m.cut()
}

// mirrorNote says of an exchange with a mirror what it is, "" of any other.
func (sh *shell) mirrorNote(ctx context.Context, id int64) (string, error) {
	m, ok, err := sh.history.Mirror(ctx, id)
	switch {
	case err != nil || !ok:
		return "", err
	case !m.Compared:
		return fmt.Sprintf("of %d, not compared", m.Of), nil
	case m.Same:
		return fmt.Sprintf("of %d, its answer is the same", m.Of), nil
	}
	return fmt.Sprintf("of %d, its answer differs", m.Of), nil
}
