package web

import (
	"cmp"
	"context"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/commands/past"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/commands/web/markup"
	"github.com/barbhq/barb/store/health"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/senders"
)

// partRow is the figures of one endpoint or scheme.
type partRow struct {
	Name    markup.HTML
	Link    string // to its webhooks; "" where no filter selects them
	Figures []partFigure
}

type partFigure struct{ Name, Value, Of, Class string }

// ofExchanges are the figures that a part has; those of the queue belong to the whole.
var ofExchanges = []string{health.SuccessRate, health.P99Latency, health.RetryRate, health.SignatureFailures}

// partRows are the busiest parts and how many more there are.
func (p *Page) partRows(parts []past.Part, filter string, over time.Duration) (rows []partRow, more int) {
	for _, part := range parts[:min(len(parts), mostParts)] {
		row := partRow{Name: markup.Line(ui.Clip(cmp.Or(part.Name, "none"), 120)), Link: filterLink(filter, part.Name)}
		report := p.Limits.Judge(part.Figures, over)
		for _, name := range ofExchanges {
			for i := range report.Figures {
				if f := &report.Figures[i]; f.Name == name {
					text := ui.FigureRow(f)
					row.Figures = append(row.Figures, partFigure{strings.ReplaceAll(name, "_", " "), text[1], text[3],
						classOf(f.State)})
				}
			}
		}
		rows = append(rows, row)
	}
	return rows, len(parts) - len(rows)
}

func classOf(state health.State) string {
	switch state {
	case health.OK:
		return "ok"
	case health.Breach:
		return "bad"
	}
	return "none"
}

// filterLink is the address of the list with one filter; "" where the filter cannot name the value.
func filterLink(filter, value string) string {
	if value == "" || strings.ContainsAny(value, "\"'\r\n") {
		return ""
	}
	return "/?q=" + url.QueryEscape(filter+":"+strings.Join(strings.Fields(value), "*"))
}

// failingRow is an event type with failures.
type failingRow struct {
	Name        markup.HTML
	Link        string
	Failed, All string
	Last        int64
	How         string // the newest failed
}

func failingRows(events []past.FailingEvent) (rows []failingRow, more int) {
	for _, e := range events[:min(len(events), mostParts)] {
		row := failingRow{Name: markup.Line(ui.Clip(cmp.Or(e.Name, "none"), 120)), Link: filterLink("event", e.Name),
			Failed: grouped(int(e.Failed)), All: grouped(int(e.All)), Last: e.Last}
		switch {
		case e.BadSignature:
			row.How = "bad signature"
		case e.LastStatus > 0:
			row.How = strconv.Itoa(e.LastStatus)
		default:
			row.How = "no answer: " + strings.ReplaceAll(string(cmp.Or(e.LastFailure, record.FailUnknown)), "_", " ")
		}
		rows = append(rows, row)
	}
	return rows, len(events) - len(rows)
}

// senderRow is how a sender behaved.
type senderRow struct {
	Name, Grade, Sums, Gaps, Class string
}

// readSenders judges the senders of the newest webhooks that were received.
func (p *Page) readSenders(ctx context.Context, f *figuresPage, parts *past.Parts) error {
	attempts, forged, err := past.SentAttempts(ctx, p.History, p.Scheme, parts.Filter, mostJudged)
	if err != nil {
		return err
	}
	all := senders.Judge(attempts, p.Now())
	f.MoreSenders = len(all) - min(len(all), mostParts)
	for _, s := range all[:min(len(all), mostParts)] {
		row, class := ui.SenderRow(s), "bad"
		switch s.Grade {
		case senders.Good:
			class = "ok"
		case senders.NotJudged:
			class = "none"
		}
		f.Senders = append(f.Senders, senderRow{row[0], row[1], row[2], row[3], class})
	}
	f.Forged = forged
	if len(attempts)+forged == mostJudged {
		f.Judged = mostJudged
	}
	return nil
}

// trend is a figure over time, in a drawing of 120 × 20.
type trend struct {
	Path  string
	Limit string // where the threshold is; "" where it is beyond the drawing
	Title string
}

// trends are the figures in each step of time, in the order of the report.
func (p *Page) trends(parts *past.Parts, open, dead []int64) []trend {
	var reports []health.Report
	for i, got := range parts.Steps {
		if open != nil {
			got.Waiting, got.Dead = open[i], dead[i]
		}
		reports = append(reports, p.Limits.Judge(got, 0))
	}
	if len(reports) == 0 {
		return nil
	}
	each := ui.Duration(parts.Until.Sub(parts.Since) / time.Duration(len(reports)))
	all := make([]trend, len(reports[0].Figures))
	for i := range all {
		if name := reports[0].Figures[i].Name; open == nil && (name == health.QueueDepth || name == health.DeadLetters) {
			continue
		}
		figures := make([]*health.Figure, len(reports))
		for j := range reports {
			figures[j] = &reports[j].Figures[i]
		}
		all[i] = trendOf(figures, each)
	}
	return all
}

// trendOf draws one figure: a step without a sample is a gap.
func trendOf(figures []*health.Figure, each string) (t trend) {
	var lowest, highest *health.Figure
	for _, f := range figures {
		if f.Value == nil {
			continue
		}
		if lowest == nil || *f.Value < *lowest.Value {
			lowest = f
		}
		if highest == nil || *f.Value > *highest.Value {
			highest = f
		}
	}
	if lowest == nil {
		return trend{}
	}
	bottom, top := scaleOf(lowest, highest)
	y := func(v float64) string { return strconv.FormatFloat(19-18*(v-bottom)/(top-bottom), 'f', 1, 64) }
	var b strings.Builder
	drawn := false
	for i, f := range figures {
		x := func(i int) string { return strconv.Itoa(120 * i / len(figures)) }
		if f.Value == nil {
			drawn = false
			continue
		}
		if !drawn {
			b.WriteString("M" + x(i) + " " + y(*f.Value))
		}
		b.WriteString("V" + y(*f.Value) + "H" + x(i+1))
		drawn = true
	}
	if limit := lowest.Threshold; limit >= bottom && limit <= top {
		t.Limit = y(limit)
	}
	t.Path = b.String()
	t.Title = "lowest " + ui.FigureRow(lowest)[1] + ", highest " + ui.FigureRow(highest)[1] + " in steps of " + each
	return t
}

// scaleOf has all values and, if that leaves them apart, the threshold. A rate that should be high has 1 at its top.
func scaleOf(lowest, highest *health.Figure) (bottom, top float64) {
	if lowest.Below {
		return min(max(0, 2*lowest.Threshold-1), *lowest.Value), 1 + 1e-9
	}
	top = *highest.Value
	if limit := lowest.Threshold; limit <= 10*top || top == 0 {
		top = max(top, limit)
	}
	return 0, math.Max(top, 1e-9)
}
