package ui

import (
	"fmt"
	"strings"

	"github.com/barbhq/barb/deliver/probe"
)

// Check prints the result of one check: a line, and what to change where it failed.
func (p *Printer) Check(r *probe.Result) {
	word := string(r.Outcome)
	paint := map[probe.Outcome]func(string) string{probe.Pass: p.good, probe.Fail: p.bad, probe.Warn: p.warn,
		probe.Unknown: p.warn}[r.Outcome]
	if paint == nil {
		paint = p.faint
	}
	line := fmt.Sprintf("%-3s  %s%s  %s", r.ID, paint(word), strings.Repeat(" ", max(7-len(word), 0)), r.Name)
	if r.Detail != "" && r.Outcome != probe.Pass {
		line += ": " + Clip(r.Detail, 200)
	}
	if r.Exchange > 0 && r.Outcome != probe.Pass {
		line += p.faint(fmt.Sprintf("  (barb show %d)", r.Exchange))
	}
	p.Line(line)
	if r.Outcome == probe.Fail {
		p.Line("     " + p.faint(string(r.Severity)) + strings.Repeat(" ", max(8-len(r.Severity), 0)) + " " + r.Fix)
	}
}

// Grade prints the grade of a receiver with the counts behind it.
func (p *Printer) Grade(grade string, n probe.Counts) {
	paint := p.warn
	switch {
	case probe.AtLeast(grade, "A"):
		paint = p.good
	case grade == "F":
		paint = p.bad
	}
	text := fmt.Sprintf("%d passed", n.Pass)
	for _, c := range []struct {
		n    int
		word string
	}{{n.Fail, "failed"}, {n.Warn, "warned"}, {n.Skip, "skipped"}, {n.Unknown, "unknown"}} {
		if c.n > 0 {
			text += fmt.Sprintf(", %d %s", c.n, c.word)
		}
	}
	p.Line("grade " + paint(grade) + "  " + text)
}
