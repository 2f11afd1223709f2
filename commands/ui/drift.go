package ui

import (
	"fmt"
	"strings"

	"github.com/barbhq/barb/store/drift"
)

// Drift writes how the fields of webhooks changed, a row each. The examples of the old side are places in a file or
// ids.
func (p *Printer) Drift(all []drift.Difference, oldIsFile bool) {
	rows := make([][]string, len(all))
	for i, d := range all {
		paint := p.warn
		if d.Change == drift.Vanished {
			paint = p.bad
		}
		rows[i] = []string{eventName(d.Event), paint(string(d.Change)), Clip(d.Path, 200), typed(d.Old, oldIsFile),
			typed(d.New, false)}
	}
	p.Table([]string{"EVENT", "CHANGE", "FIELD", "BEFORE", "NOW"}, rows)
}

// typed says which types a field has, in how many webhooks, and names one of them.
func typed(s drift.Side, isFile bool) string {
	if s.Webhooks == 0 {
		return fmt.Sprintf("none of %d", s.Of)
	}
	mark := ""
	if isFile {
		mark = "#"
	}
	types := strings.Join(s.Types.Names(), "|")
	if types == "" {
		types = "[masked]"
	}
	return fmt.Sprintf("%s, %d of %d (%s%d)", types, s.Webhooks, s.Of, mark, s.Example)
}

func eventName(e drift.Event) string {
	if e.Type == "" {
		return strings.TrimSpace(Clip(e.Scheme, 40) + " (no event type)")
	}
	return Clip(e.Type, 60)
}

// EventNames lists the first of some events.
func EventNames(all []drift.Event) string {
	const most = 5
	var names []string
	for _, e := range all[:min(most, len(all))] {
		names = append(names, strings.TrimSpace(Clip(e.Scheme, 40)+" "+eventName(drift.Event{Type: e.Type})))
	}
	if more := len(all) - most; more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}
