package ui

import (
	"fmt"
	"strings"

	"github.com/barbhq/barb/store/record"
)

// Marks is what the listener noticed about a webhook and how its command failed: "duplicate of 17, exec exit 1". It is
// "" when there is nothing to say. A stale one is not said twice: its verdict has the reason.
func Marks(x *record.Exchange) string {
	var parts []string
	for _, m := range x.Marks {
		switch m.Kind {
		case record.Duplicate:
			parts = append(parts, fmt.Sprintf("duplicate of %d", m.Of))
		case record.ReusedID:
			parts = append(parts, fmt.Sprintf("id of %d with another body", m.Of))
		case record.Older:
			parts = append(parts, fmt.Sprintf("older than %d", m.Of))
		case record.Filtered:
			parts = append(parts, "filtered")
		case record.Undecided:
			parts = append(parts, "undecided")
		case record.Truncated:
			parts = append(parts, "body truncated")
		}
	}
	if x.Run != nil && x.Run.Exit != 0 {
		parts = append(parts, "exec "+x.Run.Words())
	}
	return strings.Join(parts, ", ")
}

// marks is the same in its colour, with a gap before it.
func (p *Printer) marks(x *record.Exchange) string {
	text := Marks(x)
	if text == "" {
		return ""
	}
	return "  " + p.warn(text)
}
