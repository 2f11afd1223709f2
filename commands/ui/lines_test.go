package ui_test

import (
	"testing"

	"github.com/barbhq/barb/commands/ui"
)

func TestALineBreaksBetweenWords(t *testing.T) {
	t.Parallel()
	const said = "barb: signatures are not verified (add -s stripe --secret env:NAME)"
	for width, want := range map[int]string{
		0: said, 80: said, 10: said,
		46: "barb: signatures are not verified (add -s\n  stripe --secret env:NAME)",
		30: "barb: signatures are not\n  verified (add -s stripe\n  --secret env:NAME)",
	} {
		if got := ui.Lines(said, width); got != want {
			t.Errorf("%d: %q", width, got)
		}
	}
}
