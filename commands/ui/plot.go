package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/barbhq/barb/commands/plot"
)

const (
	plotWidth  = 80 // where the width of the terminal is unknown
	rateHeight = 4  // lines
)

// plotRoom returns the width of a plot.
func (p *Printer) plotRoom() int {
	if p.Width > 0 {
		return p.Width
	}
	return plotWidth
}

// Latencies draws times under a title; nothing where there are none.
func (p *Printer) Latencies(title string, l *plot.Latencies) {
	rows := l.Rows(Duration)
	if len(rows) == 0 {
		return
	}
	p.Line("")
	p.Line(p.faint(title))
	for _, line := range plot.Bars(rows, p.plotRoom()) {
		p.Line(line)
	}
}

// Rate draws what happened over time under a title; nothing where nothing did.
func (p *Printer) Rate(title string, r *plot.Rate) {
	values, step, first, last := r.Values()
	if len(values) == 0 {
		return
	}
	room := p.plotRoom()
	each := time.Duration((len(values) + room - 1) / room)
	p.Line("")
	p.Line(p.faint(fmt.Sprintf("%s, at most %d in %s", title, most(values, int(each)), Duration(each*step))))
	lines := plot.Columns(values, room, rateHeight)
	for _, line := range lines {
		p.Line(strings.TrimRight(line, " "))
	}
	from, to := first.Local().Format(time.DateTime), last.Add(step).Local().Format(time.DateTime)
	p.Line(p.faint(from + strings.Repeat(" ", max(width(lines[0])-len(from)-len(to), 2)) + to))
}

// most returns the greatest sum of so many neighbours.
func most(values []int64, each int) (most int64) {
	for part := range slices.Chunk(values, each) {
		sum := int64(0)
		for _, v := range part {
			sum += v
		}
		most = max(most, sum)
	}
	return most
}

// Trends draws figures over time, which it asks for by the width that there is; nothing where there are none.
func (p *Printer) Trends(of func(width int) (rows []plot.Trend, from, to time.Time)) {
	rows, from, to := of(p.plotRoom())
	if len(rows) == 0 {
		return
	}
	p.Line("")
	begun, end := from.Local().Format(time.DateTime), to.Local().Format(time.DateTime)
	if strings.HasPrefix(end, begun[:len(time.DateOnly)]) { // on one day
		end = to.Local().Format(time.TimeOnly)
	}
	p.Line(p.faint("over time, " + begun + " to " + end))
	for _, line := range plot.Trends(rows) {
		p.Line(line)
	}
}
