package web

import (
	"strconv"
	"time"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

// timeline is the exchanges of a webhook on one scale of time.
type timeline struct {
	Bars  []bar
	Width int
	High  int
	Ticks []tick
}

// bar is one exchange: from X for Wide in units of the drawing, and the wait before it.
type bar struct {
	ID                   int64
	Kind, Class          string
	Answer, Took, After  string
	Title                string
	X, Wide, Y           string
	Broken               bool // a long wait before it is not drawn to scale
	BreakX               string
	Place                markup
	WaitX, WaitWide, Mid string
}

type tick struct{ X, Text string }

const (
	scaleWidth = 1000.0
	// breakAt is how many times longer than all the rest a wait may be before it is cut short.
	breakAt  = 10
	shortGap = 0.12 // of the width, for a wait that was cut short
	mostBars = 200
)

// timelineOf puts the exchanges of a webhook on a scale. A wait that is ten times longer than all the rest together is
// drawn short and marked as broken.
func timelineOf(w *webhooks.Webhook, now time.Time) timeline {
	xs := w.Exchanges
	if len(xs) > mostBars {
		xs = xs[len(xs)-mostBars:]
	}
	first := xs[0].Start
	spans := make([]span, len(xs))
	end := time.Duration(0)
	for i, x := range xs {
		from := max(x.Start.Sub(first), 0)
		took := x.Took
		if !x.Ended {
			took = min(max(now.Sub(x.Start), 0), time.Minute)
		}
		spans[i] = span{from: from, to: from + took, wait: from - end}
		end = max(end, from+took)
	}
	breaks(spans, end)
	total := time.Duration(1)
	for _, s := range spans {
		total = max(total, s.to)
	}
	t := timeline{Width: int(scaleWidth), High: 28 * len(xs)}
	for i, x := range xs {
		t.Bars = append(t.Bars, barOf(x, spans[i], total, i))
	}
	return t
}

// span is when an exchange began and ended, since the first.
type span struct {
	from, to, wait time.Duration
	cut            time.Duration // how much was taken out of the wait; 0: none
}

// breaks takes time out of waits that are much longer than all the rest.
func breaks(spans []span, end time.Duration) {
	for i := range spans {
		rest := end - spans[i].wait
		if spans[i].wait <= 0 || spans[i].wait < breakAt*max(rest, time.Millisecond) {
			continue
		}
		keep := time.Duration(float64(max(rest, time.Millisecond)) * shortGap * 2)
		cut := spans[i].wait - keep
		spans[i].cut = cut
		for j := i; j < len(spans); j++ {
			spans[j].from -= cut
			spans[j].to -= cut
		}
	}
}

func barOf(x *record.Exchange, s span, total time.Duration, i int) bar {
	scale := func(d time.Duration) float64 { return float64(d) / float64(total) * scaleWidth }
	text := func(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }
	a := answerOf(x)
	b := bar{ID: x.ID, Kind: kindOf(x), Class: a.Class, Answer: a.Text, Took: ui.Duration(x.Took),
		X: text(min(scale(s.from), scaleWidth-4)), Wide: text(max(scale(s.to-s.from), 4)), Y: strconv.Itoa(i * 28),
		Place: wire(cut(pathOf(x), 60)), Mid: strconv.Itoa(i*28 + 14)}
	if s.wait > 0 && i > 0 {
		b.After = ui.Duration(s.wait)
		wait := s.wait - s.cut
		b.WaitX, b.WaitWide = text(scale(s.from-wait)), text(scale(wait))
		if b.Broken = s.cut > 0; b.Broken {
			b.BreakX = text(scale(s.from - wait/2))
		}
	}
	b.Title = b.Kind + ": " + b.Answer + " in " + b.Took
	return b
}

// kindOf names what an exchange is in its webhook.
func kindOf(x *record.Exchange) string {
	switch {
	case x.Kind == record.Received && x.Role == record.First:
		return "received"
	case x.Kind == record.Received:
		return "received again"
	case x.Role == record.First || x.Role == record.Attempt || x.Role == record.Copy:
		return "attempt " + strconv.Itoa(max(x.Attempt, 1))
	case x.Attempt > 1:
		return x.Role.String() + ", attempt " + strconv.Itoa(x.Attempt)
	}
	return x.Role.String()
}
