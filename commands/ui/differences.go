package ui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/barbhq/barb/deliver/compare"
)

// wide is from how many columns on two messages stand side by side.
const wide = 120

// Differences writes differences, the old value before the new one. On a terminal of 120 columns and more the values
// stand side by side under the names of the two, "" for no heading.
func (p *Printer) Differences(all []compare.Difference, old, now string) {
	if p.Width >= wide {
		p.sideBySide(all, old, now)
		return
	}
	if old != "" {
		p.Printf("%s %s\n%s %s\n", p.bad("a"), EscapeLine(old), p.good("b"), EscapeLine(now))
	}
	for i := range all {
		p.Printf("%s", p.difference(&all[i]))
	}
}

// difference returns a difference on one line where it fits, else a line for its name and for each line of a value.
func (p *Printer) difference(d *compare.Difference) string {
	const room = 78
	name, from, to := differing(d), valueOf(d.Old), valueOf(d.New)
	if line := name + "  " + from + " → " + to; !strings.Contains(line, "\n") && ansi.StringWidth(line) <= room {
		return fmt.Sprintf("  %s  %s %s %s\n", name, p.bad(from), p.faint("→"), p.good(to))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "  %s\n", name)
	for text := range strings.SplitSeq(from, "\n") {
		fmt.Fprintf(&b, "    %s\n", p.bad("- "+text))
	}
	for text := range strings.SplitSeq(to, "\n") {
		fmt.Fprintf(&b, "    %s\n", p.good("+ "+text))
	}
	return b.String()
}

// differing names what differs.
func differing(d *compare.Difference) string {
	switch {
	case d.Name == "":
		return string(d.Part)
	case d.Part == compare.Header:
		return Clip(d.Name, 60) + ":"
	}
	return EscapeLine(d.Name)
}

func valueOf(s *string) string {
	if s == nil {
		return "(none)"
	}
	return Escape(strings.TrimSuffix(*s, "\n"))
}

// sideBySide writes differences in three columns: what differs, the old value, the new one.
func (p *Printer) sideBySide(all []compare.Difference, old, now string) {
	const gap = 2
	first := ansi.StringWidth("status")
	for i := range all {
		first = max(first, ansi.StringWidth(differing(&all[i])))
	}
	first = min(first, p.Width/3)
	column := (p.Width - 2*gap - first - gap) / 2
	row := func(name, a, b string, paintA, paintB func(string) string) {
		names, lefts, rights := broken(name, first), broken(a, column), broken(b, column)
		for i := range max(len(names), len(lefts), len(rights)) {
			left := at(lefts, i)
			line := "  " + padded(at(names, i), first+gap) + paintA(left) + strings.Repeat(" ",
				max(column+gap-ansi.StringWidth(left), 0)) + paintB(at(rights, i))
			p.Printf("%s\n", strings.TrimRight(line, " "))
		}
	}
	if old != "" {
		row("", EscapeLine(old), EscapeLine(now), p.bold, p.bold)
	}
	for i := range all {
		row(differing(&all[i]), valueOf(all[i].Old), valueOf(all[i].New), p.bad, p.good)
	}
}

// broken returns the lines of a text in a column.
func broken(text string, width int) (lines []string) {
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\t", "    "), "\n") {
		lines = append(lines, slices.Collect(strings.SplitSeq(ansi.Hardwrap(line, width, true), "\n"))...)
	}
	return lines
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

func padded(s string, width int) string {
	return s + strings.Repeat(" ", max(width-ansi.StringWidth(s), 0))
}

// Compared writes what became of a webhook: the word, the statuses and how long both answers took.
//
//	regressed  200 → 500  41ms → 12ms (0.3×)
func (p *Printer) Compared(word string, good bool, facts string) {
	paint := p.bad
	if good {
		paint = p.good
	}
	p.Printf("%s  %s\n", paint(word), facts)
}

// NotTrue writes an assertion that does not hold.
func (p *Printer) NotTrue(expr string) {
	p.Printf("  %s %s\n", p.bad("not true:"), EscapeLine(expr))
}
