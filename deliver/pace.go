package deliver

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/barbhq/barb/units"
)

// Rate is N times in each Per, evenly spread, or with Burst all N at the beginning of each Per. The zero value is no
// limit.
type Rate struct {
	N     int64
	Per   time.Duration
	Burst bool
}

// maxRate is more than any machine sends, and small enough that no due time overflows within a year.
const maxRate = 1_000_000

// ParseRate reads a rate: 50/s, 1000/s, 5/m, 100/5s. The part behind the slash is a unit or a duration of at most a
// day. The error says what is wrong with it.
func ParseRate(s string) (Rate, error) {
	count, per, ok := strings.Cut(s, "/")
	if !ok {
		return Rate{}, errors.New("it names no time")
	}
	n, err := strconv.ParseInt(count, 10, 64)
	if err != nil || n < 1 || n > maxRate {
		return Rate{}, fmt.Errorf("%q is not a whole number from 1 to %d", count, maxRate)
	}
	long := per
	if slices.Contains([]string{"ms", "s", "m", "h", "d"}, per) {
		long = "1" + per
	}
	unit, err := units.ParseDuration(long)
	if err != nil {
		return Rate{}, fmt.Errorf("%q is not s, m, h or a duration such as 5s", per)
	}
	switch {
	case unit <= 0:
		return Rate{}, fmt.Errorf("%q is not a time above 0", per)
	case unit > 24*time.Hour:
		return Rate{}, fmt.Errorf("%q is longer than a day", per)
	case int64(unit)/n == 0:
		return Rate{}, errors.New("more than one a nanosecond")
	}
	return Rate{N: n, Per: unit}, nil
}

// String returns the rate as ParseRate reads it; "" for none.
func (r Rate) String() string {
	if r.N == 0 {
		return ""
	}
	per := units.FormatDuration(r.Per)
	if unit, isOne := strings.CutPrefix(per, "1"); isOne && strings.Trim(unit, "smhd") == "" {
		per = unit
	}
	return fmt.Sprintf("%d/%s", r.N, per)
}

// Due returns how long after the beginning number i, from 0, is due. It is computed from i, so no error adds up.
func (r Rate) Due(i int64) time.Duration {
	if r.N == 0 {
		return 0
	}
	due := time.Duration(i/r.N) * r.Per
	if !r.Burst {
		high, low := bits.Mul64(uint64(i%r.N), uint64(r.Per))
		part, _ := bits.Div64(high, low, uint64(r.N))
		due += time.Duration(part)
	}
	return due
}

// Within returns how many are due within a time.
func (r Rate) Within(d time.Duration) int64 {
	if r.N == 0 {
		return 0
	}
	whole, rest := int64(d/r.Per)*r.N, d%r.Per
	if r.Burst && rest > 0 {
		return whole + r.N
	}
	high, low := bits.Mul64(uint64(rest), uint64(r.N))
	more, left := bits.Div64(high, low, uint64(r.Per))
	if left > 0 {
		more++
	}
	return whole + int64(more)
}

// PerSecond returns the rate as a number, 0 for none.
func (r Rate) PerSecond() float64 {
	if r.N == 0 {
		return 0
	}
	return float64(r.N) / r.Per.Seconds()
}

// Pace keeps a rate by an absolute schedule: message i is due i/rate after the first Next, however late earlier ones
// were. Each sending goroutine calls Next and sends when it returns, so that no other goroutine is woken between the
// due moment and the first byte. The zero value keeps no rate.
type Pace struct {
	Rate Rate
	For  time.Duration // nothing is due later than this after the beginning; 0 is no end

	mu    sync.Mutex
	begun time.Time
	next  int64
	// coarse uses only Go's timers, which follow the clock of a test.
	coarse bool
}

// Next waits until the next message is due and returns that time. When the schedule is behind it returns at once: no
// message is left out. It returns false when ctx ends or the time is over.
func (p *Pace) Next(ctx context.Context) (due time.Time, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.begun.IsZero() {
		p.begun = time.Now()
	}
	after := p.Rate.Due(p.next)
	if p.For > 0 && (after >= p.For || time.Since(p.begun) >= p.For) {
		return time.Time{}, false
	}
	due = p.begun.Add(after)
	if p.Rate.N > 0 && !p.until(ctx, due) {
		return due, false
	}
	p.next++
	if p.Rate.N == 0 {
		due = time.Now()
	}
	return due, ctx.Err() == nil
}

// closeBy is how long before a due moment the precise wait begins: Go's timers may be a millisecond late.
const closeBy = 2 * time.Millisecond

// until waits for a moment and reports whether ctx did not end before.
func (p *Pace) until(ctx context.Context, due time.Time) bool {
	wait := time.Until(due)
	if p.coarse {
		return wait <= 0 || pause(ctx, wait)
	}
	if wait > closeBy+time.Millisecond && !pause(ctx, wait-closeBy) {
		return false
	}
	if wait = time.Until(due); wait > 0 {
		sleepPrecisely(wait)
	}
	return ctx.Err() == nil
}
