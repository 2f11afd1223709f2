package past

import (
	"fmt"
	"math"
	"time"

	"github.com/barbhq/barb/commands/plot"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store/record"
)

// course is how the exchanges of a history went over time.
type course struct {
	plot.Course[moment]
	newest time.Time // when the last one began
}

// moment is what happened in one step of time.
type moment struct {
	all, delivered, failed, retries, invalid int64
	sent, received                           plot.Spread
}

func (m *moment) merge(from *moment) {
	m.all += from.all
	m.delivered += from.delivered
	m.failed += from.failed
	m.retries += from.retries
	m.invalid += from.invalid
	m.sent.Merge(&from.sent)
	m.received.Merge(&from.received)
}

func (c *course) add(x *record.Exchange) {
	if x.Outcome() == record.Queued { // nothing was sent yet
		return
	}
	if x.Start.After(c.newest) {
		c.newest = x.Start
	}
	m := c.At(x.Start)
	m.all++
	if x.Kind == record.Received {
		if x.Verdict.Status == record.Invalid {
			m.invalid++
		}
		if x.Ended {
			m.received.Add(x.Took)
		}
		return
	}
	switch x.Outcome() {
	case record.Delivered:
		m.delivered++
	case record.Failed:
		m.failed++
	}
	if x.Attempt > 1 {
		m.retries++
	}
	if x.Ended {
		m.sent.Add(x.Took)
	}
}

// trend is one figure: its value in a step, NaN without a sample, and what is said of the least and the most.
type trend struct {
	name   string
	bottom float64 // of the bars, or the least value if that is lower
	value  func(*moment) float64
	note   func(least, most float64) string // "" for a figure that is not worth a line
}

// trends returns each figure that has a sample over time, in a width of columns, with when the time began and ended.
func (c *course) trends(width int) (all []plot.Trend, from, to time.Time) {
	steps, each, from := c.Steps(plot.TrendRoom(width, trendName, trendNote))
	for _, t := range trendsOf(each) {
		row := plot.Trend{Name: t.name}
		least, most := math.Inf(1), math.Inf(-1)
		for _, m := range steps {
			v := plot.Gap
			if m != nil {
				v = t.value(m)
			}
			if !math.IsNaN(v) {
				least, most = min(least, v), max(most, v)
			}
			row.Values = append(row.Values, v)
		}
		if least > most { // no step has a sample
			continue
		}
		row.Bottom = min(t.bottom, least)
		if row.Note = t.note(least, most); row.Note != "" {
			all = append(all, row)
		}
	}
	to = from.Add(time.Duration(len(steps)) * each)
	if c.newest.Before(to) { // the last step is not over
		to = c.newest
	}
	return all, from, to
}

// The columns of the longest name and of a usual note.
const trendName, trendNote = len("bad signatures"), len("most 1000 in 2h30m")

// trendsOf are the figures that are drawn over time, in steps of that length.
func trendsOf(each time.Duration) []trend {
	longest := func(_, most float64) string { return "most " + ui.Duration(time.Duration(most)) }
	some := func(_, most float64) string {
		if most > 0 {
			return fmt.Sprintf("most %.0f", most)
		}
		return ""
	}
	return []trend{
		{"exchanges", 0, func(m *moment) float64 { return float64(m.all) },
			func(_, most float64) string { return fmt.Sprintf("most %.0f in %s", most, ui.Duration(each)) }},
		{"success rate", 0.9, func(m *moment) float64 { return float64(m.delivered) / float64(m.delivered+m.failed) },
			func(least, _ float64) string { return fmt.Sprintf("least %.1f %%", 100*least) }},
		{"sent p95", 0, func(m *moment) float64 { return p95(&m.sent) }, longest},
		{"received p95", 0, func(m *moment) float64 { return p95(&m.received) }, longest},
		{"retries", 0, func(m *moment) float64 { return float64(m.retries) }, some},
		{"bad signatures", 0, func(m *moment) float64 { return float64(m.invalid) }, some},
	}
}

func p95(s *plot.Spread) float64 {
	if s.Empty() {
		return plot.Gap
	}
	return float64(s.Percentile(95))
}
