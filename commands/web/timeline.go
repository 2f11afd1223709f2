package web

import (
	"strconv"
	"time"

	"github.com/barbhq/barb/commands/plot"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/commands/web/markup"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

// timeline is the exchanges of a webhook on one scale of time.
type timeline struct{ Bars []bar }

// bar is one exchange: from X for Wide in units of the drawing, and the wait before it.
type bar struct {
	ID                  int64
	Kind, Class         string
	Answer, Took, After string
	Title               string
	X, Wide             string
	BreakX              string // where a long wait before it is not drawn to scale
	Place               markup.HTML
	WaitX, WaitWide     string
}

const (
	scaleWidth = 1000.0
	mostBars   = 200
)

// timelineOf puts the exchanges of a webhook on a scale. A wait that is ten times longer than all the rest together is
// drawn short and marked as broken.
func timelineOf(w *webhooks.Webhook, now time.Time) timeline {
	xs := w.Exchanges
	if len(xs) > mostBars {
		xs = xs[len(xs)-mostBars:]
	}
	begun, took := ui.TimesOf(xs, now)
	spans, total := plot.Timeline(begun, took)
	var t timeline
	for i, x := range xs {
		if i == 0 {
			spans[i].Wait = 0 // nothing is before the first
		}
		t.Bars = append(t.Bars, barOf(x, spans[i], total))
	}
	return t
}

func barOf(x *record.Exchange, s plot.Span, total time.Duration) bar {
	scale := func(d time.Duration) float64 { return float64(d) / float64(total) * scaleWidth }
	text := func(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }
	a := answerOf(x)
	b := bar{ID: x.ID, Kind: kindOf(x), Class: a.Class, Answer: a.Text, Took: ui.Duration(x.Took),
		X: text(min(scale(s.From), scaleWidth-4)), Wide: text(max(scale(s.To-s.From), 4)),
		Place: markup.Short(pathOf(x), 60)}
	if s.Wait > 0 {

		b.After = ui.Duration(s.Wait)
		wait := s.Wait - s.Cut
		b.WaitX, b.WaitWide = text(scale(s.From-wait)), text(scale(wait))
		if s.Cut > 0 {
			b.BreakX = text(scale(s.From - wait/2))
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
