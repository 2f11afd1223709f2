package ui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/store/health"
)

// Figures writes all six figures as a table. On a narrow terminal the numbers of samples give way to the names.
func (p *Printer) Figures(r *health.Report) {
	rows := make([][]string, len(r.Figures))
	for i := range r.Figures {
		rows[i] = FigureRow(&r.Figures[i])
		rows[i][4] = p.state(rows[i][4])
	}
	head := []string{"FIGURE", "OVER " + Duration(r.Over), "BREACH", "OF", "STATE"}
	if !p.fits(head, rows, nil) {
		head = slices.Delete(head, 3, 4)
		for i := range rows {
			rows[i] = slices.Delete(rows[i], 3, 4)
		}
	}
	p.Table(head, rows)
}

// FigureRow returns a figure as texts: its name, its value, what is a breach, of how many samples, and its state.
func FigureRow(f *health.Figure) []string {
	return []string{f.Name, figureValue(f), figureLimit(f), figureSamples(f), string(f.State)}
}

// Breaches writes a line for each breach, or one line that says that there is none. A last line names the figures with
// fewer samples than few, which were not judged.
func (p *Printer) Breaches(r *health.Report, few int64) {
	over := Duration(r.Over)
	breaches := r.In(health.Breach)
	for i := range breaches {
		p.check(string(health.Breach), figureLine(&breaches[i], over))
	}
	if len(breaches) == 0 {
		var well []string
		for _, f := range r.In(health.OK) {
			well = append(well, f.Name+" "+figureValue(&f))
		}
		p.check(string(health.OK), strings.Join(well, "  ")+"  over "+over)
	}
	var names []string
	for _, f := range r.In(health.Few) {
		names = append(names, f.Name+" ("+figureSamples(&f)+")")
	}
	if len(names) > 0 {
		p.check(string(health.Few),
			fmt.Sprintf("%s: fewer than %d over %s, not judged", strings.Join(names, ", "), few, over))
	}
}

// figureLine describes a breach: "success_rate 91.2 % < 95 % over 5m (312 deliveries)".
func figureLine(f *health.Figure, over string) string {
	text := f.Name + " " + figureValue(f) + " " + figureLimit(f)
	switch f.Name {
	case health.QueueDepth:
		return text + " now (barb queue)"
	case health.DeadLetters:
		return text + " in " + over + " (barb queue dead)"
	}
	return text + " over " + over + " (" + figureSamples(f) + ")"
}

// figureValue formats the value with enough digits to distinguish it from the threshold.
func figureValue(f *health.Figure) string {
	if f.Value == nil {
		return "–"
	}
	text := figureText(f.Unit, *f.Value, 1)
	for digits := 2; digits < 5 && *f.Value != f.Threshold && text == figureText(f.Unit, f.Threshold, digits-1); digits++ {
		text = figureText(f.Unit, *f.Value, digits)
	}
	return text
}

// figureLimit returns the values that are a breach: "< 95 %".
func figureLimit(f *health.Figure) string {
	sign := "> "
	if f.Below {
		sign = "< "
	}
	if f.Unit == health.Ratio {
		return sign + strconv.FormatFloat(f.Threshold*100, 'g', 6, 64) + " %"
	}
	return sign + figureText(f.Unit, f.Threshold, 1)
}

func figureText(unit string, value float64, digits int) string {
	switch unit {
	case health.Ratio:
		return strconv.FormatFloat(value*100, 'f', digits, 64) + " %"
	case health.Milliseconds:
		d := time.Duration(value * float64(time.Millisecond))
		if digits == 1 {
			return Duration(d)
		}
		return d.Round(time.Millisecond).String()
	}
	return strconv.FormatFloat(value, 'f', 0, 64)
}

// figureSamples returns the number of samples of a figure, such as "312 deliveries", and "" for a count.
func figureSamples(f *health.Figure) string {
	if f.Samples == nil {
		return ""
	}
	plural := map[string]string{"delivery": "deliveries"}[f.Of]
	switch {
	case *f.Samples == 1:
		return "1 " + f.Of
	case plural == "":
		plural = f.Of + "s"
	}
	return strconv.FormatInt(*f.Samples, 10) + " " + plural
}

// check writes the result of a check: the state in its colour, then the text.
func (p *Printer) check(state, text string) {
	p.Line(p.state(state) + strings.Repeat(" ", max(8-len(state), 1)) + text)
}

// state returns the state of a check in its colour.
func (p *Printer) state(state string) string {
	switch state {
	case "ok":
		return p.good(state)
	case "breach":
		return p.bad(state)
	}
	return p.faint(state)
}
