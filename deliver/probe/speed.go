package probe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

const queueFix = "Store the webhook, answer 2xx, and do the work afterwards, from a queue."

const (
	timedRequests = 10
	loadAtOnce    = 50
	loadFor       = 5 * time.Second
)

// speed are the checks of group G.
var speed = []Check{
	{
		ID: "G1", Name: "answers in the provider's deadline", Severity: Major,
		Source: []string{sourceSW, sourceSVX, sourceGH},
		Fix:    queueFix, late: true, requests: func(*Probe) int { return timedRequests }, judge: judgeDeadline,
	},
	{
		ID: "G2", Name: "answers with room to spare", Severity: Minor, Source: []string{sourceSTR, sourceGH},
		Fix: queueFix, late: true, judge: judgeRoom,
	},
	{
		ID: "G3", Name: "fifty at a time are answered", Severity: Major, Source: []string{sourceSW, sourceOW},
		Fix: "Answer 429 or 503 with Retry-After when there are too many, and put the work on a queue.",
		skip: func(p *Probe) string {
			if p.Public && !p.Load {
				return "the address is public: --load sends " + fmt.Sprint(p.paced().load) + " requests to it"
			}
			return ""
		},
		requests: func(p *Probe) int { return p.paced().load }, atOnce: loadAtOnce, judge: judgeLoad,
	},
}

// judgeDeadline sends webhooks one after the other and looks at how long their answers took.
func judgeDeadline(ctx context.Context, r *run) finding {
	if r.missed < missesToStop && (!r.baseline.accepted() || r.stopped != "") {
		return finding{outcome: Unknown, detail: "the receiver does not answer"}
	}
	for range timedRequests {
		d, err := r.fresh()
		if err != nil {
			r.broken = err
			return finding{outcome: Unknown}
		}
		a, f := r.send(ctx, d)
		switch {
		case r.missed >= missesToStop:
			return finding{outcome: Fail, detail: r.stopped}
		case a == nil:
			return f
		case a.Err != nil:
			return finding{outcome: Unknown, exchange: a.ID, detail: a.says()}
		}
		if r.slowest == nil || a.Took > r.slowest.Took {
			r.slowest = a
		}
	}
	f := finding{outcome: Pass, exchange: r.slowest.ID, detail: fmt.Sprintf("the slowest of %d took %s; %s waits %s",
		timedRequests, round(r.slowest.Took), r.Waits, r.Deadline)}
	if r.slowest.Took >= r.Deadline {
		f.outcome = Fail
	}
	return f
}

// judgeRoom judges the same answers.
func judgeRoom(_ context.Context, r *run) finding {
	limit := min(r.Deadline/5, time.Second)
	if r.missed >= missesToStop {
		return finding{outcome: Fail, detail: r.stopped}
	}
	if r.slowest == nil {
		return finding{outcome: Unknown, detail: "no answers were timed"}
	}
	f := finding{outcome: Pass, exchange: r.slowest.ID, detail: fmt.Sprintf("the slowest took %s, under %s",
		round(r.slowest.Took), limit)}
	if r.slowest.Took >= limit {
		f.outcome = Fail
		f.detail = fmt.Sprintf("the slowest took %s, over %s", round(r.slowest.Took), limit)
	}
	return f
}

func round(d time.Duration) time.Duration {
	if d < 10*time.Millisecond {
		return d.Round(10 * time.Microsecond)
	}
	return d.Round(time.Millisecond)
}

// judgeLoad sends many webhooks at a time.
func judgeLoad(ctx context.Context, r *run) finding {
	drafts := make(chan *draft, r.load)
	for range r.load {
		d, err := r.fresh()
		if err != nil {
			r.broken = err
			return finding{outcome: Unknown}
		}
		d.lazily = true
		drafts <- d
	}
	close(drafts)
	started, stop := context.WithTimeout(ctx, loadFor)
	defer stop()
	var mu sync.Mutex
	var answers []*answer
	var failed error
	var wg sync.WaitGroup
	for range loadAtOnce {
		wg.Go(func() {
			for d := range drafts {
				if started.Err() != nil {
					return
				}
				a, err := r.deliver(ctx, d)
				mu.Lock()
				failed = errors.Join(failed, err)
				if err == nil {
					answers = append(answers, a)
				}
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	if failed != nil {
		r.broken = failed
		return finding{outcome: Unknown, detail: failed.Error()}
	}
	return judgeAnswers(r, answers)
}

// judgeAnswers judges the answers under load. A receiver may say that it is too busy.
func judgeAnswers(r *run, answers []*answer) finding {
	slices.SortFunc(answers, func(a, b *answer) int { return int(a.Took - b.Took) })
	busy := 0
	for _, a := range answers {
		switch {
		case a.limited() && a.Response.Header.Has("Retry-After"):
			busy++
		case !a.accepted():
			return finding{outcome: Fail, exchange: a.ID,
				detail: fmt.Sprintf("%s to one of %d, %d at a time", a.says(), len(answers), loadAtOnce)}
		}
	}
	if len(answers) == 0 {
		return finding{outcome: Unknown, detail: "nothing was sent"}
	}
	p95 := answers[(len(answers)*95+99)/100-1]
	f := finding{outcome: Pass, exchange: p95.ID,
		detail: fmt.Sprintf("%d answered, p95 %s", len(answers), round(p95.Took))}
	if busy > 0 {
		f.detail += fmt.Sprintf(", %d of them refused with Retry-After", busy)
	}
	if p95.Took >= r.Deadline {
		f.outcome = Fail
	}
	return f
}
