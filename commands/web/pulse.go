package web

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

const (
	// pulseSlots parts of pulseSlot each are what the strip in the top bar looks back on.
	pulseSlots = 30
	pulseSlot  = 10 * time.Second
	// pulseMost bounds how many messages it is made of, and pulseReading how long their reading takes.
	pulseMost    = 60_000
	pulseReading = 200 * time.Millisecond
	// pulseAnew is how often all of them are read anew, so that what was pruned leaves the strip.
	pulseAnew = time.Minute
)

// beat is the strip: how many webhooks came or went in each part of the last five minutes, and how they fared. Forwards
// and attempts are no webhooks of their own.
type beat struct {
	Rate   string // in the last minute
	Bad    int
	Lately bool
	P50    string
	P95    string
	P99    string
	Path   string // of the line of the rate, in a drawing of 120 × 20
	Dots   []dot  // parts with failures
	Waits  []line // p50, p95 and p99 in each part, in a drawing as large, on one scale
	Longer string // what Waits says in words
	Title  string
}

type dot struct{ X string }

// line is a path with the name of what it draws.
type line struct{ Name, Path string }

// counts keeps what is asked for often.
type counts struct {
	mu    sync.Mutex
	beat  beat
	until time.Time // the strip is shown
	blips []blip    // of the last minutes
	seen  int64     // the newest message that was read
	whole time.Time // when all of the last minutes were read
	cut   bool      // there were more
}

// blip is what the strip needs of a message.
type blip struct {
	id      int64
	webhook int64 // that it is of
	start   time.Time
	took    time.Duration
	ended   bool
	bad     bool
}

// startOfBad is how old a message without an end is when it counts as failed: until then it may be under way.
const startOfBad = time.Minute

func blipOf(x *record.Exchange, now time.Time) blip {
	isBad := x.HasFailed() && (x.Ended || now.Sub(x.Start) > startOfBad)
	return blip{x.ID, cmp.Or(x.Webhook, x.ID), x.Start, x.Took, x.Ended, isBad}
}

// pulse shows the strip.
func (p *Page) pulse(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := within(r, 2*time.Second)
	defer cancel()
	b, err := p.beatNow(ctx)
	if err != nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	show(w, r, http.StatusOK, "pulse", b)
}

// beatNow returns the strip. All pages share one for a second, or on a busy history as long as keeps its reading to
// a fiftieth of the time.
func (p *Page) beatNow(ctx context.Context) (beat, error) {
	c := &p.counts
	c.mu.Lock()
	defer c.mu.Unlock()
	begun := time.Now()
	if begun.Before(c.until) {
		return c.beat, nil
	}
	now := p.Now()
	if err := c.read(ctx, p.History, now); err != nil {
		c.whole = time.Time{} // the next reads all
		return beat{}, err
	}
	c.beat = beatOf(c.blips, c.cut, now)
	c.until = time.Now().Add(max(time.Second, 50*time.Since(begun)))
	return c.beat, nil
}

// read brings the blips up to date: it reads what came since, and again what had no end. Once in pulseAnew it reads
// all.
func (c *counts) read(ctx context.Context, history *store.Store, now time.Time) error {
	since := now.Add(-pulseSlots * pulseSlot)
	f := store.Filter{Since: since, Limit: pulseMost}
	isAnew := time.Since(c.whole) > pulseAnew
	var kept []blip
	if !isAnew {
		f.IDs = []store.Range{{From: c.seen + 1, To: math.MaxInt64}}
		for _, b := range c.blips {
			switch {
			case b.start.Before(since):
			case !b.ended && len(f.IDs) < mostOpen:
				f.IDs = append(f.IDs, store.Range{From: b.id, To: b.id})
			default:
				kept = append(kept, b)
			}
		}
	}
	begun, cut := time.Now(), false
	for x, err := range history.List(ctx, f) {
		if err != nil {
			return err
		}
		if cut = len(kept) >= pulseMost || time.Since(begun) > pulseReading; cut {
			break
		}
		c.seen = max(c.seen, x.ID)
		if x.Outcome() != record.Queued { // its attempts are messages of their own
			kept = append(kept, blipOf(x, now))
		}
	}
	if isAnew {
		c.whole, c.cut = time.Now(), false
	}
	c.cut = c.cut || cut
	c.blips = kept
	return nil
}

// beatOf sums up messages. isCut says that there were more.
func beatOf(all []blip, isCut bool, now time.Time) (b beat) {
	var came, failed [pulseSlots]int
	var took []time.Duration
	var each [pulseSlots][]time.Duration
	fine := make(map[int64]bool, len(all)) // webhooks, and whether nothing of them failed
	lastMinute := 0
	slices.SortFunc(all, func(x, y blip) int { return cmp.Compare(x.id, y.id) }) // a webhook's first message comes first
	for _, x := range all {
		age := max(now.Sub(x.start), 0)
		slot := pulseSlots - 1 - int(age/pulseSlot)
		if slot < 0 {
			continue
		}
		isFine, known := fine[x.webhook]
		if !known {
			came[slot]++
			if age < time.Minute {
				lastMinute++
			}
		}
		if x.bad {
			failed[slot]++
			if isFine || !known {
				b.Bad++
			}
		}
		fine[x.webhook] = !x.bad && (isFine || !known)
		if x.ended {
			took, each[slot] = append(took, x.took), append(each[slot], x.took)
		}
	}
	b.Lately, b.Rate = len(all) > 0, strconv.Itoa(lastMinute)+"/min"
	count := ui.Count(len(fine), "webhook")
	if isCut {
		b.Rate, count = "over "+b.Rate, "over "+count
	}
	slices.Sort(took)
	at := func(percent int) string {
		if len(took) == 0 {
			return "–"
		}
		return ui.Duration(quantile(took, percent))
	}
	b.Waits, b.Longer = percentiles(each[:])
	b.P50, b.P95, b.P99 = at(50), at(95), at(99)
	b.Path, b.Dots = spark(came[:], failed[:])
	b.Title = "last 5 minutes: " + count + ", " + strconv.Itoa(b.Bad) + " failed; p50 " + b.P50 +
		", p95 " + b.P95 + ", p99 " + b.P99
	return b
}

// quantile is the time within which so many percent of some sorted ones are.
func quantile(sorted []time.Duration, percent int) time.Duration {
	return sorted[(len(sorted)*percent+99)/100-1]
}

// percentiles are the lines of p50, p95 and p99 in a drawing of 120 × 20, on a logarithmic scale from 1 ms on, and how
// high the scale goes. A part of the time without an answer is a gap.
func percentiles(each [][]time.Duration) (lines []line, scale string) {
	const width, high = 120.0, 18.0
	longest := time.Duration(0)
	for _, took := range each {
		slices.Sort(took)
		if len(took) > 0 {
			longest = max(longest, took[len(took)-1])
		}
	}
	if longest == 0 {
		return nil, ""
	}
	level := func(d time.Duration) float64 { return math.Log1p(float64(d) / float64(time.Millisecond)) }
	text := func(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }
	for _, percent := range []int{50, 95, 99} {
		var b strings.Builder
		begins := true
		for i, took := range each {
			if begins = begins || len(took) == 0; len(took) == 0 {
				continue
			}
			y := text(1 + high*(1-level(quantile(took, percent))/level(longest)))
			if begins {
				b.WriteString("M" + text(width*float64(i)/float64(len(each))) + " " + y)
			}
			b.WriteString("V" + y + "H" + text(width*float64(i+1)/float64(len(each))))
			begins = false
		}
		lines = append(lines, line{"p" + strconv.Itoa(percent), b.String()})
	}
	return lines, "p50, p95 and p99 over the last 5 minutes, on a logarithmic scale up to " + ui.Duration(longest)
}

// spark is the line of numbers in a drawing of 120 × 20, and where there were failures.
func spark(came, failed []int) (path string, dots []dot) {
	const width, high = 120.0, 18.0
	most := cmp.Or(slices.Max(came), 1)
	var b strings.Builder
	for i, n := range came {
		x, y := width*float64(i)/float64(len(came)-1), 1+high*(1-float64(n)/float64(most))
		b.WriteString("L" + strconv.FormatFloat(x, 'f', 1, 64) + " " + strconv.FormatFloat(y, 'f', 1, 64))
		if failed[i] > 0 {
			dots = append(dots, dot{strconv.FormatFloat(x, 'f', 1, 64)})
		}
	}
	return "M" + b.String()[1:], dots
}

// count answers how many webhooks the filter selects, as far as they can be counted in a second.
func (p *Page) count(w http.ResponseWriter, r *http.Request) {
	q, err := placeOf(r).queryOf()
	if err != nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	ctx, cancel := within(r, 3*time.Second)
	defer cancel()
	s, err := p.selection(ctx, q)
	if err != nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	n, whole := 0, true
	begun := time.Now()
	if q.IsEmpty() {
		for firsts, err := range p.History.Webhooks(ctx, s.Filter) {
			if whole = err == nil && time.Since(begun) < time.Second; !whole {
				break
			}
			n += len(firsts)
		}
	} else {
		for one, err := range everything(ctx, &s, p.Now()) {
			if whole = err == nil && time.Since(begun) < time.Second; !whole {
				break
			}
			if one.selected && q.Has(words(one.Webhook)) {
				n++
			}
		}
	}
	text := grouped(n)
	if !whole {
		text = "more than " + text
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(text))
}

// grouped writes a number with thin spaces between its thousands.
func grouped(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "\u202f" + text[i:]
	}
	return text
}
