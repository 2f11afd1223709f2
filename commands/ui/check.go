package ui

import "strings"

// Check writes the result of a check: the state in its colour, then the text.
func (p *Printer) Check(state, text string) {
	p.Line(p.State(state) + strings.Repeat(" ", max(8-len(state), 1)) + text)
}

// State returns the state of a check in its colour.
func (p *Printer) State(state string) string {
	switch state {
	case "ok":
		return p.good(state)
	case "breach":
		return p.bad(state)
	}
	return p.faint(state)
}
