package tui

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/barbhq/barb/commands/keys"
)

func TestTheListOfKeysKeepsItsColumnWhereItIsNarrow(t *testing.T) {
	for _, width := range []int{46, 60, 80, 120} {
		all := wrapKeys(keys.Terminal, width)
		found := false
		for _, line := range all {
			if ansi.StringWidth(line) > width {
				t.Errorf("%d columns: %q", width, line)
			}
			found = found || strings.HasPrefix(line, "↑ k") && strings.HasSuffix(line, " choose the row above")
		}
		if !found {
			t.Errorf("%d columns: what ↑ does is not beside it:\n%s", width, strings.Join(all, "\n"))
		}
	}
}
