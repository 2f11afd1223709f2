package past

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/health"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/sums"
)

// Parts are the figures of parts of a history: of each endpoint, each scheme and each step of its time. They come from
// one look at the newest exchanges, so that a long history takes no longer than a short one.
type Parts struct {
	Drawn
	Stats     store.Stats
	Endpoints []Part // of what was sent, the busiest first
	Schemes   []Part // of both kinds; the name "" is of what no scheme is known
	Failing   []FailingEvent
	Steps     []store.Figures // of equal length, from Since to Until; those of the queue are 0
	Since     time.Time       // of the filter, or the start of the oldest exchange that was read
	Until     time.Time
	Cut       bool         // older exchanges were left out
	Filter    store.Filter // selects what was read
}

// Part is one endpoint or scheme.
type Part struct {
	Name string // the host with its port, or the name of the scheme
	store.Figures
}

// FailingEvent is an event type with failed exchanges.
type FailingEvent struct {
	Name         string // "" for none
	Failed, All  int64
	Last         int64 // the newest exchange that failed
	LastStatus   int   // 0 for no answer
	LastFailure  record.FailureKind
	BadSignature bool // of Last
}

// ReadParts reads at most so many exchanges, the newest that a filter selects, and counts them in so many steps.
func ReadParts(ctx context.Context, history *store.Store, filter store.Filter, limit, steps int, now time.Time) (*Parts,
	error) {
	p := &Parts{Since: filter.Since, Until: now, Filter: filter}
	filter.Limit, filter.Bodies, filter.OldestFirst = limit, false, false
	all := make([]*record.Exchange, 0, limit)
	for x, err := range history.List(ctx, filter) {
		if err != nil {
			return nil, err
		}
		all = append(all, x)
	}
	if p.Cut = len(all) == limit; p.Cut {
		last := all[limit-1]
		p.Since = last.Start
		p.Filter.IDs = []store.Range{{From: last.ID, To: math.MaxInt64}}
	}
	p.count(all, steps)
	return p, nil
}

func (p *Parts) count(all []*record.Exchange, steps int) {
	total := sums.New()
	endpoints, schemes := map[string]*health.Tally{}, map[string]*health.Tally{}
	events := map[string]*FailingEvent{}
	times := make([]health.Tally, steps)
	for _, x := range all {
		total.Add(x)
		p.add(x)
		if x.Outcome() == record.Queued {
			continue
		}
		if x.Kind == record.Sent {
			_, host, _ := strings.Cut(record.Origin(x.Request.URL), "://")
			addTo(endpoints, host, x)
		}
		addTo(schemes, x.Scheme, x)
		noteEvent(events, x)
		if at := p.step(x.Start, steps); at >= 0 {
			times[at].Add(x)
		}
	}
	p.Stats = total.Sum()
	p.Endpoints, p.Schemes = partsOf(endpoints), partsOf(schemes)
	for i := range times {
		p.Steps = append(p.Steps, times[i].Figures())
	}
	for _, e := range events {
		if e.Failed > 0 {
			p.Failing = append(p.Failing, *e)
		}
	}
	slices.SortFunc(p.Failing, func(a, b FailingEvent) int {
		return cmp.Or(cmp.Compare(b.Failed, a.Failed), cmp.Compare(a.Name, b.Name))
	})
}

// step returns the step of time that a moment is in, -1 for none.
func (p *Parts) step(at time.Time, steps int) int {
	if at.Before(p.Since) || at.After(p.Until) {
		return -1
	}
	return min(int(float64(at.Sub(p.Since))/float64(max(p.Until.Sub(p.Since), 1))*float64(steps)), steps-1)
}

func addTo(all map[string]*health.Tally, name string, x *record.Exchange) {
	t := all[name]
	if t == nil {
		t = &health.Tally{}
		all[name] = t
	}
	t.Add(x)
}

// noteEvent counts an exchange under its event type. The newest come first.
func noteEvent(events map[string]*FailingEvent, x *record.Exchange) {
	e := events[x.Event()]
	if e == nil {
		e = &FailingEvent{Name: x.Event()}
		events[e.Name] = e
	}
	e.All++
	if !x.HasFailed() {
		return
	}
	if e.Failed++; e.Failed == 1 {
		e.Last, e.LastStatus, e.LastFailure = x.ID, x.Status(), x.FailureKind()
		e.BadSignature = x.Kind == record.Received && x.Verdict.Status == record.Invalid
	}
}

// partsOf returns the parts that have a sample, the busiest first.
func partsOf(all map[string]*health.Tally) (parts []Part) {
	for name, t := range all {
		if !t.Empty() {
			parts = append(parts, Part{name, t.Figures()})
		}
	}
	slices.SortFunc(parts, func(a, b Part) int {
		return cmp.Or(cmp.Compare(b.Attempts+b.Checked, a.Attempts+a.Checked), cmp.Compare(a.Name, b.Name))
	})
	return parts
}

// QueueSteps returns for each step of a time how many entries of the queue were open at its end, and how many died
// within it and are dead still. It reads at most so many entries; nil where there are more.
func QueueSteps(ctx context.Context, history *store.Store, p *Parts, limit int) (open, dead []int64, err error) {
	entries, err := history.Queue(ctx, store.QueueFilter{NewestFirst: true, Limit: limit})
	if err != nil || len(entries) == limit && entries[limit-1].Created.After(p.Since) {
		return nil, nil, err
	}
	steps := len(p.Steps)
	open, dead = make([]int64, steps), make([]int64, steps)
	for _, q := range entries {
		ended := q.State != store.Waiting && q.State != store.Leased
		if at := p.step(q.Changed, steps); q.State == store.Dead && at >= 0 {
			dead[at]++
		}
		for i := range open {
			end := p.Since.Add(time.Duration(float64(p.Until.Sub(p.Since)) * float64(i+1) / float64(steps)))
			if !q.Created.After(end) && (!ended || q.Changed.After(end)) {
				open[i]++
			}
		}
	}
	return open, dead, nil
}
