package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/past"
	"github.com/barbhq/barb/commands/plot"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/commands/web/markup"
	"github.com/barbhq/barb/store/health"
	"github.com/barbhq/barb/store/webhooks"
)

// spans are the times that the page can look back on.
var spans = []string{"5m", "1h", "1d", "7d"}

// Limits on what the page of the figures reads, so that a history of a million exchanges is as fast as a short one.
const (
	mostCounted = 10_000 // exchanges
	mostJudged  = 1_000  // received webhooks, with their bodies
	mostDrawn   = 5_000  // entries of the queue
	mostParts   = 30     // rows of a table
	steps       = 30     // of the small line of a figure
)

// figuresPage is what barb stats --since SPAN --plot and --senders print, for each part of the history too.
type figuresPage struct {
	sheet
	Span    string
	Spans   []string
	Counted string // "" where all of the time was counted
	Figures []figureRow
	Few     int64 // the samples that a figure needs; 0 where each has them
	Pairs   [][2]string
	Plots   []histogram
	Rate    string // the path of the bars, in a drawing of 1000 × 100
	Rates   string // what Rate shows

	Endpoints, Schemes       partTable
	Failing                  []failingRow
	Senders                  []senderRow
	MoreFailing, MoreSenders int
	Forged                   int // webhooks with a bad signature, whose sender is unknown
	Judged                   int // the limit, where it was reached
}

// figureRow is one of the six.
type figureRow struct {
	Name, Value, Breach, Of, State, Class string
	Trend                                 trend
}

type partTable struct {
	ID, Title string
	Rows      []partRow
	More      int
}

type histogram struct {
	Title string
	Bars  markup.HTML
}

// figures shows the six figures, the statistics and the latencies of a time.
func (p *Page) figures(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := within(r, sheetWithin)
	defer cancel()
	f := figuresPage{sheet: p.sheetOf(r, "Figures", "/figures"), Spans: spans, Span: r.URL.Query().Get("since")}
	if !slices.Contains(spans, f.Span) {
		f.Span = "1h"
	}
	status := http.StatusOK
	if err := p.readFigures(ctx, &f); err != nil {
		status = f.wrong(ctx, p, err)
	}
	show(w, r, status, "figures", &f)
}

func (p *Page) readFigures(ctx context.Context, f *figuresPage) error {
	now := p.Now()
	filter, _, err := p.Filter(&flags.Filter{Since: f.Span})
	if err != nil {
		return err
	}
	parts, err := past.ReadParts(ctx, p.History, filter, mostCounted, steps, now)
	if err != nil {
		return err
	}
	if parts.Cut {
		f.Counted = "The newest " + grouped(mostCounted) + " exchanges are counted, which began at " +
			clock(parts.Since, now) + "; the command counts all."
	}
	var counted webhooks.Counts
	if err := together(
		func() error { return p.readSix(ctx, f, parts) },
		func() error { return p.readSenders(ctx, f, parts) },
		func() (err error) {
			counted, err = webhooks.Count(webhooks.List(ctx, p.History, parts.Filter, now))
			return err
		},
	); err != nil {
		return err
	}
	f.Pairs = slices.DeleteFunc(ui.StatsPairs(parts.Stats, &counted), func(pair [2]string) bool { return pair[1] == "" })
	over := parts.Until.Sub(parts.Since)
	f.Endpoints, f.Schemes = partTable{ID: "endpoint", Title: "Endpoint"},
		partTable{ID: "scheme", Title: "Scheme"}
	f.Endpoints.Rows, f.Endpoints.More = p.partRows(parts.Endpoints, "endpoint", over)
	f.Schemes.Rows, f.Schemes.More = p.partRows(parts.Schemes, "of-scheme", over)
	f.Failing, f.MoreFailing = failingRows(parts.Failing)
	f.draw(&parts.Drawn)
	return nil
}

// together does some things at the same time: a server answers several queries at once. It returns the first error in
// the order of the things.
func together(all ...func() error) error {
	errs := make([]error, len(all))
	var running sync.WaitGroup
	for i, do := range all {
		running.Go(func() { errs[i] = do() })
	}
	running.Wait()
	return cmp.Or(errs...)
}

// readSix judges the six figures, and draws each over time.
func (p *Page) readSix(ctx context.Context, f *figuresPage, parts *past.Parts) error {
	got, err := p.History.Figures(ctx, parts.Filter)
	if err != nil {
		return err
	}
	open, dead, err := past.QueueSteps(ctx, p.History, parts, mostDrawn)
	if err != nil {
		return err
	}
	lines := p.trends(parts, open, dead)
	report := p.Limits.Judge(got, parts.Until.Sub(parts.Since))
	if len(report.In(health.Few)) > 0 {
		f.Few = p.Limits.MinSamples
	}
	for i := range report.Figures {
		text := ui.FigureRow(&report.Figures[i])
		f.Figures = append(f.Figures, figureRow{text[0], text[1], text[2], text[3], text[4],
			classOf(report.Figures[i].State), lines[i]})
	}
	return nil
}

// draw draws the latencies, and what came over time.
func (f *figuresPage) draw(drawn *past.Drawn) {
	f.Plots = append(histogramOf("Sent latency", &drawn.Sent), histogramOf("Received latency", &drawn.Received)...)
	values, step, first, last := drawn.Rate.Values()
	if len(values) > 0 {
		f.Rate = plot.Outline(values)
		f.Rates = "at most " + strconv.FormatInt(slices.Max(values), 10) + " in " + ui.Duration(step) + ", from " +
			first.Local().Format(time.DateTime) + " to " + last.Add(step).Local().Format(time.DateTime)
	}
}

func histogramOf(title string, l *plot.Latencies) []histogram {
	rows := l.Rows(ui.Duration)
	if len(rows) == 0 {
		return nil
	}
	return []histogram{{title, markup.HTML(plot.HTML(rows, "Time", "Number"))}} //nolint:gosec // it escapes the names
}
