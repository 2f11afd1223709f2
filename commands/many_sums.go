package commands

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/store/record"
)

// attempts are those of one message, of which a worker makes a note when each has ended.
type attempts struct {
	all  []attemptEnd
	late time.Duration
}

type attemptEnd struct {
	took   time.Duration
	status int
	kind   record.FailureKind
}

func (a *attempts) note(x *record.Exchange) {
	a.all = append(a.all, attemptEnd{x.Took, x.Status(), x.FailureKind()})
}

// runSums are the figures of a run. They take the same memory however long it is.
type runSums struct {
	journal.Tally
	attempts, retries int64
	statuses          map[int]int64
	kinds             map[record.FailureKind]int64
	took, late        *hdrhistogram.Histogram // in µs; late is nil where there is no rate
	dead              []ui.DeadLetter
	deadCount         int64
}

// deadListed is how many dead letters are listed.
const deadListed = 20

func newRunSums(paced bool) runSums {
	s := runSums{statuses: map[int]int64{}, kinds: map[record.FailureKind]int64{}, took: hdrhistogram.New(1, time.Hour.Microseconds(), 3)}
	if paced {
		s.late = hdrhistogram.New(1, time.Hour.Microseconds(), 3)
	}
	return s
}

func (s *runSums) add(o *journal.Outcome, a *attempts) {
	s.Tally.Add(o)
	if o.Queued {
		return
	}
	for _, one := range a.all {
		s.attempts++
		if one.status != 0 {
			s.statuses[one.status]++
		}
		if one.kind != "" {
			s.kinds[one.kind]++
		}
		if one.kind != record.FailInterrupted {
			countTime(s.took, one.took)
		}
	}
	s.retries += int64(max(len(a.all)-1, 0))
	if s.late != nil {
		countTime(s.late, a.late)
	}
	if !o.Delivered() && !o.Interrupted {
		s.bury(o, a)
	}
}

// countTime counts a time. What is out of range counts as the end of it.
func countTime(h *hdrhistogram.Histogram, d time.Duration) {
	_ = h.RecordValue(min(max(d.Microseconds(), 0), time.Hour.Microseconds()))
}

func (s *runSums) bury(o *journal.Outcome, a *attempts) {
	s.deadCount++
	if len(s.dead) == deadListed {
		return
	}
	letter := ui.DeadLetter{WebhookID: o.Last.Exchange.WebhookID, Attempts: o.Attempts, Why: o.Last.Why}
	if n := len(a.all); n > 0 {
		letter.Status, letter.Kind = a.all[n-1].status, string(a.all[n-1].kind)
	}
	s.dead = append(s.dead, letter)
}

// summary is the figures as they are shown.
func (s *runSums) summary(took time.Duration, rate deliver.Rate) ui.Batch {
	b := ui.Batch{Delivered: int(s.Delivered), Queued: int(s.Queued), Refused: int(s.Refused), Unanswered: int(s.Unanswered), Attempts: int(s.attempts),
		Retries: int(s.retries), Took: took, Asked: rate.String(), Dead: s.dead, DeadCount: int(s.deadCount), Latency: spreadOf(s.took), Lateness: spreadOf(s.late)}
	if rate.Burst {
		b.Asked = "bursts of " + b.Asked
	}
	for status, n := range s.statuses {
		b.Statuses = append(b.Statuses, ui.Tallied{What: strconv.Itoa(status), N: n})
	}
	for kind, n := range s.kinds {
		b.Failures = append(b.Failures, ui.Tallied{What: string(kind), N: n})
	}
	byName := func(a, b ui.Tallied) int { return strings.Compare(a.What, b.What) }
	slices.SortFunc(b.Statuses, byName)
	slices.SortFunc(b.Failures, byName)
	return b
}

func spreadOf(h *hdrhistogram.Histogram) (s ui.Spread) {
	if h == nil || h.TotalCount() == 0 {
		return s
	}
	at := func(percent float64) time.Duration {
		return time.Duration(h.ValueAtPercentile(percent)) * time.Microsecond
	}
	return ui.Spread{P50: at(50), P90: at(90), P99: at(99), Max: time.Duration(h.Max()) * time.Microsecond}
}
