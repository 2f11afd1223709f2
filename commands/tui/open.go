package tui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
	"github.com/barbhq/barb/units"
)

const (
	rawShown = 64 << 10 // bytes of a message as it came
	hexShown = 16 << 10 // bytes in hex
)

// Open reads a webhook, and writes the lines of its sections.
func (w *World) Open(ctx context.Context, o Open) Opened {
	m := Opened{Open: o}
	now := w.Shell.Now()
	one, err := webhooks.Get(ctx, w.History, o.ID, now)
	if errors.Is(err, store.ErrNotFound) {
		m.Err = fmt.Errorf("webhook %d is no longer in the history", o.ID)
		return m
	}
	var x, app *record.Exchange
	if err == nil {
		x, err = w.read(ctx, one.Last())
	}
	if err == nil && one.App() != nil {
		app, err = w.read(ctx, one.App())
	}
	if err != nil {
		m.Err = told(err)
		return m
	}
	m.Title = ui.Clip(strings.Join(strings.Fields(fmt.Sprintf("%d %s %s %s %s", one.ID, one.Kind(), x.Request.Method,
		x.Request.URL, x.Event())), " "), 300)
	write := func(n int, do func(p *ui.Printer)) { m.Sections[n] = w.lines(o.Width, do) }
	write(0, func(p *ui.Printer) { p.Facts(one, x) })
	write(1, func(p *ui.Printer) { body(p, x, o.Form) })
	write(2, func(p *ui.Printer) { headers(p, x) })
	write(3, func(p *ui.Printer) { timeline(p, one.Exchanges, now) })
	write(4, func(p *ui.Printer) { answers(p, x, app) })
	write(5, func(p *ui.Printer) { raw(p, x) })
	return m
}

// read reads an exchange as people see it: without credentials.
func (w *World) read(ctx context.Context, light *record.Exchange) (*record.Exchange, error) {
	x, err := w.History.Get(ctx, light.ID)
	if err != nil {
		return nil, err
	}
	shown := *w.Shell.Redactor.Keep(x, true)
	shown.Masks = x.Masks
	return &shown, nil
}

// lines returns what is printed for a pane of a width.
func (w *World) lines(width int, do func(p *ui.Printer)) []string {
	var text strings.Builder
	do(&ui.Printer{W: &text, Color: w.Shell.Stdout.Color, Width: width, Pane: true, Overlooked: w.Overlooked})
	return splitLines(text.String())
}

func splitLines(text string) []string {
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// mostDrawn is how many exchanges the drawing of a timeline has at most, the newest.
const mostDrawn = 50

func timeline(p *ui.Printer, xs []*record.Exchange, now time.Time) {
	p.History(xs, nil, now)
	if len(xs) > 1 {
		p.Line("")
		p.Timeline(xs[max(len(xs)-mostDrawn, 0):], now)
	}
}

func body(p *ui.Printer, x *record.Exchange, f form) {
	data := x.Request.Body
	switch {
	case len(data) == 0:
		p.Line(p.Faint("no body"))
		return
	case f == inHex:
		p.Hex(data[:min(len(data), hexShown)])
		rest(p, x, len(data)-hexShown)
	case f == asItCame:
		asBytes(p, data)
		rest(p, x, len(data)-rawShown)
	default:
		p.Pretty(data, x.Request.Header.Get("Content-Type"), fmt.Sprintf("barb show %d --body", x.ID))
	}
	if whole := x.Request.Whole; whole != nil {
		p.Line(p.Faint(fmt.Sprintf("(%s of %s kept)", units.RoundSize(int64(len(data))), units.RoundSize(whole.Length))))
	}
}

func headers(p *ui.Printer, x *record.Exchange) {
	r := &x.Request
	p.Line(p.Title(ui.EscapeLine(r.Method + " " + r.WireTarget() + " " + r.Proto)))
	p.Headers(r.Header)
	if len(r.Trailer) > 0 {
		p.Line("")
		p.Line(p.Faint("(trailers)"))
		p.Headers(r.Trailer)
	}
}

func answers(p *ui.Printer, x, app *record.Exchange) {
	if app != nil {
		p.Line(p.Faint("app ") + ui.EscapeLine(app.Request.URL))
		p.Answer(app)
		p.Line("")
		p.Line(p.Faint("to the sender"))
	}
	p.Answer(x)
}

func raw(p *ui.Printer, x *record.Exchange) {
	data := export.Raw(&x.Request)
	asBytes(p, data)
	rest(p, x, len(data)-rawShown)
}

// asBytes writes the beginning of a message as it came: the ends of lines are marked, and all else is escaped.
func asBytes(p *ui.Printer, data []byte) {
	text := string(data[:min(len(data), rawShown)])
	if len(data) > rawShown && utf8.ValidString(strings.ToValidUTF8(text, "")) {
		text = strings.ToValidUTF8(text, "") // the cut may have split a character
	}
	for line := range strings.Lines(text) {
		end := "␊"
		switch {
		case strings.HasSuffix(line, "\r\n"):
			line, end = strings.TrimSuffix(line, "\r\n"), "␍␊"
		case strings.HasSuffix(line, "\n"):
			line = strings.TrimSuffix(line, "\n")
		default:
			end = ""
		}
		p.Line(ui.EscapeLine(line) + p.Faint(end))
	}
}

// rest says how much is not shown.
func rest(p *ui.Printer, x *record.Exchange, n int) {
	if n > 0 {
		p.Line(p.Faint(fmt.Sprintf("(%s more; barb show %d --body has all)", units.RoundSize(int64(n)), x.ID)))
	}
}
