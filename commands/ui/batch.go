package ui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/batch"
)

// Batch is the result of many deliveries.
type Batch struct {
	Total, Delivered, Refused, Unanswered int
	Queued                                int // not sent yet
	Attempts, Retries                     int
	Skipped                               int // bad events that were left out
	Took                                  time.Duration
	Interrupted                           bool
	Asked                                 string // the requested rate; "" for none
	Statuses, Failures                    []Tallied
	Latency                               batch.Spread
	Lateness                              batch.Spread // behind the requested rate
	Dead                                  []batch.DeadLetter
	DeadCount                             int    // number of dead letters; Dead holds the first
	DeadHint                              string // the command that lists the others
}

// Tallied is a result with its count.
type Tallied struct {
	What string
	N    int64
}

// NewBatch returns a tally for printing. took is the duration of the run, rate its rate.
func NewBatch(t *batch.Tally, took time.Duration, rate deliver.Rate) Batch {
	b := Batch{Delivered: int(t.Delivered), Queued: int(t.Queued), Refused: int(t.Refused), Unanswered: int(t.Unanswered),
		Attempts: int(t.Attempts), Retries: int(t.Retries), Took: took, Asked: rate.String(),
		Dead: t.Dead, DeadCount: int(t.DeadCount), Latency: t.Took(), Lateness: t.Late()}
	if rate.Burst {
		b.Asked = "bursts of " + b.Asked
	}
	for status, n := range t.Statuses {
		b.Statuses = append(b.Statuses, Tallied{What: strconv.Itoa(status), N: n})
	}
	for kind, n := range t.Failures {
		b.Failures = append(b.Failures, Tallied{What: string(kind), N: n})
	}
	byName := func(a, b Tallied) int { return strings.Compare(a.What, b.What) }
	slices.SortFunc(b.Statuses, byName)
	slices.SortFunc(b.Failures, byName)
	return b
}

// Batch writes the lines that summarise many deliveries.
func (p *Printer) Batch(b Batch) {
	if b.Queued > 0 {
		p.Pairs([][2]string{{"queued", p.tally(b.Queued, b.Total) + fmt.Sprintf("  in %s; barb deliver sends them",
			Duration(b.Took))}})
		if b.Interrupted {
			p.Line(p.warn("interrupted"))
		}
		return
	}
	pace := fmt.Sprintf("%d in %s, %s/s", b.Attempts, Duration(b.Took),
		perSecond(float64(b.Attempts)/max(b.Took.Seconds(), 1e-9)))
	if b.Asked != "" {
		pace += ", asked for " + b.Asked
	}
	p.Pairs([][2]string{
		{"delivered", p.tally(b.Delivered, b.Total)},
		{"refused", nonZero(b.Refused)},
		{"no answer", nonZero(b.Unanswered)},
		{"left out", nonZero(b.Skipped)},
		{"attempts", pace},
		{"retries", share(b.Retries, b.Attempts)},
		{"latency", spread(b.Latency)},
		{"late", spread(b.Lateness)},
		{"status", p.statuses(b.Statuses)},
		{"errors", tallied(b.Failures)},
	})
	p.deadLetters(b)
	if b.Interrupted {
		p.Line(p.warn("interrupted"))
	}
}

// deadLetters writes a line for each of the first dead letters:
//
//	dead  msg_1-17  503  5 attempts  all 4 retries are used up
func (p *Printer) deadLetters(b Batch) {
	for _, d := range b.Dead {
		result := p.bad(d.Kind)
		if d.Status != 0 {
			result = p.status(d.Status)
		}
		p.Printf("%s  %s  %s  %s  %s\n", p.bad("dead"), Clip(d.WebhookID, 80), result, Count(d.Attempts, "attempt"),
			Clip(d.Why, 120))
	}
	if more := b.DeadCount - len(b.Dead); more > 0 {
		p.Printf("%s  and %d more: %s\n", p.bad("dead"), more, b.DeadHint)
	}
}

// statuses returns the count of each status in its colour.
func (p *Printer) statuses(all []Tallied) string {
	parts := make([]string, len(all))
	for i, t := range all {
		parts[i] = tallied([]Tallied{t})
		switch t.What[0] {
		case '2':
			parts[i] = p.good(parts[i])
		case '4', '5':
			parts[i] = p.bad(parts[i])
		}
	}
	return strings.Join(parts, "  ")
}

func tallied(all []Tallied) string {
	parts := make([]string, len(all))
	for i, t := range all {
		parts[i] = fmt.Sprintf("%s ×%d", EscapeLine(t.What), t.N)
	}
	return strings.Join(parts, "  ")
}

func spread(s batch.Spread) string {
	if s == (batch.Spread{}) {
		return ""
	}
	return fmt.Sprintf("p50 %s  p90 %s  p99 %s  max %s", Duration(s.P50), Duration(s.P90), Duration(s.P99),
		Duration(s.Max))
}

func share(n, of int) string {
	if n == 0 {
		return ""
	}
	part := strings.TrimSuffix(fmt.Sprintf("%.1f", 100*float64(n)/float64(of)), ".0")
	return fmt.Sprintf("%d, %s%% of the attempts", n, part)
}

// perSecond formats a rate with the significant digits.
func perSecond(rate float64) string {
	if rate < 100 {
		return strings.TrimSuffix(fmt.Sprintf("%.1f", rate), ".0")
	}
	return fmt.Sprintf("%.0f", rate)
}
