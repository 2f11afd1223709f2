package ui

import (
	"strconv"
	"time"

	"github.com/barbhq/barb/commands/plot"
	"github.com/barbhq/barb/store/record"
)

// mostOpen is how long an exchange without an end counts at most: its sender may have died long ago.
const mostOpen = time.Minute

// TimesOf returns when each exchange began, since the first, and how long it took. An exchange that has not ended has
// taken the time until now, at most a minute.
func TimesOf(xs []*record.Exchange, now time.Time) (begun, took []time.Duration) {
	for _, x := range xs {
		d := x.Took
		if !x.Ended {
			d = min(max(now.Sub(x.Start), 0), mostOpen)
		}
		begun, took = append(begun, x.Start.Sub(xs[0].Start)), append(took, d)
	}
	return begun, took
}

// minTimeline is the least width in which a timeline shows anything.
const minTimeline = 30

// Timeline draws the exchanges of a webhook on one scale of time, with the waits between them.
func (p *Printer) Timeline(xs []*record.Exchange, now time.Time) {
	width := p.Width
	if width == 0 {
		width = 80
	}
	if len(xs) < 2 || width < minTimeline {
		return
	}
	begun, took := TimesOf(xs, now)
	spans, length := plot.Timeline(begun, took)
	names, notes := make([]string, len(xs)), make([]string, len(xs))
	for i, x := range xs {
		names[i], notes[i] = strconv.FormatInt(x.ID, 10), Duration(took[i])
		if i > 0 && spans[i].Wait > 0 {
			notes[i] += "  after " + Duration(spans[i].Wait)
		}
	}
	for _, line := range plot.DrawTimeline(spans, length, names, notes, width) {
		p.Line(line)
	}
}
