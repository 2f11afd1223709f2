package ui

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/barbhq/barb/store/record"
)

// Marks returns the marks of a webhook and the failure of its command: "duplicate of 17, exec exit 1"; "" for none. It
// omits the mark stale when the verdict says so.
func Marks(x *record.Exchange) string {
	var parts []string
	for _, m := range x.Marks {
		switch m.Kind {
		case record.Duplicate:
			parts = append(parts, "duplicate of "+strconv.FormatInt(m.Of, 10))
		case record.ReusedID:
			parts = append(parts, fmt.Sprintf("id of %d with another body", m.Of))
		case record.Older:
			parts = append(parts, fmt.Sprintf("older than %d", m.Of))
		case record.Filtered:
			parts = append(parts, "filtered")
		case record.Unrouted:
			parts = append(parts, "no route")
		case record.Undecided:
			parts = append(parts, "undecided")
		case record.Truncated:
			parts = append(parts, "body truncated")
		case record.Imported:
			parts = append(parts, "imported")
		}
	}
	if x.Run != nil && x.Run.Exit != 0 {
		parts = append(parts, "exec "+x.Run.Words())
	}
	return strings.Join(parts, ", ")
}

// marks returns the marks in their colour, after a gap.
func (p *Printer) marks(x *record.Exchange) string {
	text := Marks(x)
	if text == "" {
		return ""
	}
	return "  " + p.warn(text)
}
