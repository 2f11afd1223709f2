package gateway

import (
	"bytes"
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/store/record"
)

// mirrors sends webhooks to the further targets of a lane once the first has answered. Nobody waits for them: what they
// cannot keep up with is left out, and told.
type mirrors struct {
	begin sync.Once
	ctx   context.Context
	cut   context.CancelFunc
	slots chan struct{}
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

// mirror hands a webhook, whose forward to the app is f, to the mirrors of its lane. With a queue, targets that are not
// mirrors have entries of their own.
func (g *Gateway) mirror(x, f *record.Exchange, l *Lane) {
	if len(l.Targets) < 2 {
		return
	}
	m := &g.mirrors
	m.begin.Do(func() {
		m.slots = make(chan struct{}, mirrorsAtOnce)
		m.ctx, m.cut = context.WithCancel(context.Background())
	})
	for _, t := range l.Targets[1:] {
		if !t.Mirror && g.Queue != nil {
			continue
		}
		size := int64(len(x.Request.Body))
		if f.Response != nil { // it is kept, to be compared
			size += int64(len(f.Response.Body))
		}
		if count, bytes := m.count.Add(1), m.bytes.Add(size); count > mirrorsWaiting || bytes > mirrorsBytes+size {
			m.count.Add(-1)
			m.bytes.Add(-size)
			g.Tell(Event{Kind: MirrorSkipped, ID: x.ID, Target: t.URL})
			continue
		}
		m.group.Go(func() {
			defer m.count.Add(-1)
			defer m.bytes.Add(-size)
			m.slots <- struct{}{}
			defer func() { <-m.slots }()
			if err := g.mirrorTo(t, x, f, l); err != nil {
				g.Tell(Event{Kind: MirrorFailed, ID: x.ID, Target: t.URL, Err: err})
			}
		})
	}
}

// mirrorTo sends a webhook to a mirror and compares what it answers with what the app did.
func (g *Gateway) mirrorTo(t route.Target, x, app *record.Exchange, l *Lane) error {
	up := g.upstreamOf(l)
	next, err := forwardOf(x, t.URL, up)
	if err != nil {
		return err
	}
	j := journal.Journal{History: g.History}
	if t.Mirror {
		next.Role = record.Mirror
		j.Begin = func(ctx context.Context, f *record.Exchange) error { return g.History.RecordMirror(ctx, f, app.ID) }
	}
	ctx, letGo := g.Budget.With(g.mirrors.ctx)
	defer letGo()
	a, err := j.Once(ctx, deliver.Sender{Client: up.Client, Policy: deliver.Policy{Timeout: g.Policy.Timeout}}, next)
	if a != nil {
		g.Tell(Event{Kind: Mirrored, ID: x.ID, Exchange: a.Exchange})
	}
	if err != nil || !t.Mirror {
		return err
	}
	f := a.Exchange
	same := alike(app, f)
	g.Tell(Event{Kind: Compared, ID: x.ID, App: app, Exchange: f, Same: same})
	return g.History.CompareMirror(context.WithoutCancel(ctx), f.ID, same)
}

// alike reports whether two answers have the same status and body.
func alike(a, b *record.Exchange) bool {
	if a.Response == nil || b.Response == nil {
		return a.Response == b.Response
	}
	return a.Status() == b.Status() && a.Response.Size == b.Response.Size && bytes.Equal(a.Response.Body, b.Response.Body)
}

// end waits for the mirrors that are under way, for at most grace.
func (m *mirrors) end(grace time.Duration) {
	m.begin.Do(func() { m.cut = func() {} })
	timer := time.AfterFunc(grace, m.cut)
	defer timer.Stop()
	m.group.Wait()
	m.cut()
}
