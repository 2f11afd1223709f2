package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/past"
	"github.com/barbhq/barb/commands/plot"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store/webhooks"
)

// spans are the times that the page can look back on.
var spans = []string{"5m", "1h", "1d", "7d"}

// figuresPage is what barb stats --since SPAN --plot prints.
type figuresPage struct {
	sheet
	Span    string
	Spans   []string
	Figures [][]string // name, value, limit, samples, state
	Pairs   [][2]string
	Plots   []histogram
	Rate    string // the path of the bars, in a drawing of 1000 × 100
	Rates   string // what Rate shows
}

type histogram struct {
	Title string
	Rows  []stepBar
}

type stepBar struct {
	plot.Row
	Wide int64 // of 1000
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
	got, err := p.History.Figures(ctx, filter)
	if err != nil {
		return err
	}
	report := p.Limits.Judge(got, now.Sub(filter.Since))
	for i := range report.Figures {
		f.Figures = append(f.Figures, ui.FigureRow(&report.Figures[i]))
	}
	sums, counted, err := webhooks.Sums(ctx, p.History, filter, now)
	if err != nil {
		return err
	}
	f.Pairs = slices.DeleteFunc(ui.StatsPairs(sums, &counted), func(pair [2]string) bool { return pair[1] == "" })
	drawn, err := past.Draw(ctx, p.History, filter)
	if err != nil {
		return err
	}
	f.Plots = append(histogramOf("Sent latency", &drawn.Sent), histogramOf("Received latency", &drawn.Received)...)
	values, step, first, last := drawn.Rate.Values()
	if len(values) > 0 {
		f.Rate = barsOf(values)
		f.Rates = "at most " + strconv.FormatInt(slices.Max(values), 10) + " in " + ui.Duration(step) + ", from " +
			first.Local().Format(time.DateTime) + " to " + last.Add(step).Local().Format(time.DateTime)
	}
	return nil
}

func histogramOf(title string, l *plot.Latencies) []histogram {
	rows, most := l.Rows(ui.Duration), int64(1)
	if len(rows) == 0 {
		return nil
	}
	for _, r := range rows {
		most = max(most, r.Value)
	}
	h := histogram{Title: title}
	for _, r := range rows {
		h.Rows = append(h.Rows, stepBar{r, (1000*r.Value + most - 1) / most})
	}
	return []histogram{h}
}

// barsOf is the outline of values as bars beside each other.
func barsOf(values []int64) string {
	var b strings.Builder
	most, number := slices.Max(values), int64(len(values))
	for i, v := range values {
		if v > 0 {
			from, to := 1000*int64(i)/number, 1000*int64(i+1)/number
			b.WriteString("M" + strconv.FormatInt(from, 10) + " 100V" + strconv.FormatInt(100-(99*v+most-1)/most, 10) +
				"H" + strconv.FormatInt(max(to, from+1), 10) + "V100z")
		}
	}
	return b.String()
}
