package batch

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/store/record"
)

// Tally adds up the deliveries of a run and their attempts. It takes the same memory however long the run is.
type Tally struct {
	journal.Tally
	Attempts, Retries int64
	Statuses          map[int]int64 // attempts by the status of their answer
	Failures          map[record.FailureKind]int64
	Dead              []DeadLetter // the first twenty
	DeadCount         int64
	Cut               int64 // messages that were interrupted after a failed attempt, before its retry

	took, late *hdrhistogram.Histogram // in µs; late is nil without a rate
}

// DeadLetter is a message that was given up.
type DeadLetter struct {
	WebhookID string
	Status    int // of the last answer; 0: none came
	Kind      string
	Attempts  int
	Why       string // may quote the peer
}

// Spread is how a time is distributed; the zero value when nothing was measured.
type Spread struct{ P50, P90, P99, Max time.Duration }

// deadListed is how many dead letters are listed.
const deadListed = 20

// NewTally returns an empty tally. A paced run also measures how late its messages began.
func NewTally(paced bool) *Tally {
	t := &Tally{Statuses: map[int]int64{}, Failures: map[record.FailureKind]int64{}, took: newTimes()}
	if paced {
		t.late = newTimes()
	}
	return t
}

// newTimes returns a histogram of times up to an hour, to three digits.
func newTimes() *hdrhistogram.Histogram { return hdrhistogram.New(1, time.Hour.Microseconds(), 3) }

// Ends collects how the attempts of one delivery ended. The zero value has none.
type Ends struct {
	all  []end
	late time.Duration
}

type end struct {
	took   time.Duration
	status int
	kind   record.FailureKind
}

// Add adds an attempt that has ended.
func (e *Ends) Add(x *record.Exchange) {
	e.all = append(e.all, end{x.Took, x.Status(), x.FailureKind()})
}

// Add counts a delivery and the ends of its attempts.
func (t *Tally) Add(o *journal.Outcome, e *Ends) {
	t.Tally.Add(o)
	if o.Queued {
		return
	}
	for _, one := range e.all {
		t.Attempts++
		if one.status != 0 {
			t.Statuses[one.status]++
		}
		if one.kind != "" {
			t.Failures[one.kind]++
		}
		if one.kind != record.FailInterrupted {
			measure(t.took, one.took)
		}
	}
	t.Retries += int64(max(len(e.all)-1, 0))
	if t.late != nil {
		measure(t.late, e.late)
	}
	switch n := len(e.all); {
	case o.Delivered():
	case !o.Interrupted:
		t.bury(o)
	case n > 0 && e.all[n-1].kind != record.FailInterrupted:
		t.Cut++
	}
}

// Took returns how the times of the attempts are distributed.
func (t *Tally) Took() Spread { return spreadOf(t.took) }

// EachTook calls back with the times of the attempts, each with how many took that long.
func (t *Tally) EachTook(do func(took time.Duration, n int64)) {
	for _, bar := range t.took.Distribution() {
		if bar.Count > 0 {
			do(time.Duration(bar.To)*time.Microsecond, bar.Count)
		}
	}
}

// Late returns how late the messages of a paced run began.
func (t *Tally) Late() Spread { return spreadOf(t.late) }

// measure counts a time. A time beyond the range counts as the end of the range.
func measure(h *hdrhistogram.Histogram, d time.Duration) {
	_ = h.RecordValue(min(max(d.Microseconds(), 0), time.Hour.Microseconds()))
}

// bury counts a delivery that was given up, and lists the first ones.
func (t *Tally) bury(o *journal.Outcome) {
	t.DeadCount++
	if len(t.Dead) == deadListed {
		return
	}
	last := o.Last.Exchange
	letter := DeadLetter{WebhookID: last.WebhookID, Status: last.Status(), Kind: string(last.FailureKind()),
		Attempts: o.Attempts, Why: o.Last.Why}
	t.Dead = append(t.Dead, letter)
}

func spreadOf(h *hdrhistogram.Histogram) (s Spread) {
	if h == nil {
		return s
	}
	at := func(percent float64) time.Duration {
		return time.Duration(h.ValueAtPercentile(percent)) * time.Microsecond
	}
	return Spread{P50: at(50), P90: at(90), P99: at(99), Max: time.Duration(h.Max()) * time.Microsecond}
}
