package ui

import (
	"fmt"
	"strings"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/batch"
)

// Batch is the result of many deliveries.
type Batch struct {
	Tally          *batch.Tally
	Total, Skipped int64 // Skipped are bad events that were left out
	Took           time.Duration
	Interrupted    bool
	Rate           deliver.Rate // the requested one; zero for none
	DeadHint       string       // the command that lists the dead letters that the tally does not
}

// Batch writes the lines that summarise many deliveries.
func (p *Printer) Batch(b Batch) {
	t := b.Tally
	if t.Queued > 0 {
		p.Pairs([][2]string{{"queued", p.tally(t.Queued, b.Total) + fmt.Sprintf("  in %s; barb deliver sends them",
			Duration(b.Took))}})
	} else {
		pace := fmt.Sprintf("%d in %s, %s/s", t.Attempts, Duration(b.Took),
			perSecond(float64(t.Attempts)/max(b.Took.Seconds(), 1e-9)))
		switch {
		case b.Rate.Burst:
			pace += ", asked for bursts of " + b.Rate.String()
		case b.Rate.N > 0:
			pace += ", asked for " + b.Rate.String()
		}
		p.Pairs([][2]string{
			{"delivered", p.tally(t.Delivered, b.Total)},
			{"failed", failed(t.Refused, t.Unanswered)},
			{"left out", nonZero(b.Skipped)},
			{"attempts", pace},
			{"retries", share(t.Retries, t.Attempts)},
			{"latency", spread(t.Took())},
			{"late", spread(t.Late())},
			{"status", counts(t.Statuses, p.byStatus)},
			{"errors", counts(t.Failures, nil)},
		})
		p.deadLetters(t, b.DeadHint)
	}
	if b.Interrupted {
		p.Line(p.warn("interrupted"))
	}
}

// failed is how many messages were not delivered, which barb history --failed lists, and why: "3, 1 without an answer".
func failed(refused, unanswered int64) string {
	text := nonZero(refused + unanswered)
	if unanswered > 0 {
		text += fmt.Sprintf(", %d without an answer", unanswered)
	}
	return text
}

// deadLetters writes a line for each of the first messages that failed:
//
//	failed  msg_1-17  503  gave up after 5 attempts
func (p *Printer) deadLetters(t *batch.Tally, hint string) {
	for _, d := range t.Dead {
		result := p.bad(d.Kind)
		if d.Status != 0 {
			result = p.status(d.Status)
		}
		attempts := Count(d.Attempts, "attempt") + "  "
		if strings.Contains(d.Why, " attempts") { // "gave up after 5 attempts" has them
			attempts = ""
		}
		p.Printf("%s  %s  %s  %s%s\n", p.bad("failed"), Clip(d.WebhookID, 80), result, attempts, Clip(d.Why, 120))
	}
	if more := t.DeadCount - int64(len(t.Dead)); more > 0 {
		text := fmt.Sprintf("%d more", more)
		if t.Cut > 0 {
			text += fmt.Sprintf("; this lists %d, %d of them cut off before a retry", t.DeadCount+t.Cut, t.Cut)
		}
		p.Printf("%s  %s: %s\n", p.bad("failed"), text, hint)
	}
}

// byStatus colours text about a status.
func (p *Printer) byStatus(status int, text string) string {
	switch status / 100 {
	case 2:
		return p.good(text)
	case 4, 5:
		return p.bad(text)
	}
	return text
}

func spread(s batch.Spread) string {
	if s == (batch.Spread{}) {
		return ""
	}
	return fmt.Sprintf("p50 %s  p90 %s  p99 %s  max %s", Duration(s.P50), Duration(s.P90), Duration(s.P99),
		Duration(s.Max))
}

func share(n, of int64) string {
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
