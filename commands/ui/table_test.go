package ui_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/barbhq/barb/commands/ui"
)

func TestALongCellInAPipeIsWholeAndMovesOnlyItsOwnLine(t *testing.T) {
	long := strings.Repeat("formula ", 20) + "end"
	for width, want := range map[int]string{
		0: "NAME  SIGNATURE                                 HEADER\n" +
			"a     HMAC-SHA256 hex of {body}                 X-Signature\n" +
			"b     " + long + "  X-Other\n",
		60: "NAME  SIGNATURE                                  HEADER\n" +
			"a     HMAC-SHA256 hex of {body}                  X-Signature\n" +
			"b     formula formula formula formula formula …  X-Other\n",
	} {
		var out bytes.Buffer
		p := ui.Printer{W: &out, Width: width}
		p.Table([]string{"NAME", "SIGNATURE", "HEADER"},
			[][]string{{"a", "HMAC-SHA256 hex of {body}", "X-Signature"}, {"b", long, "X-Other"}})
		if out.String() != want {
			t.Errorf("%d columns:\n%s\nwant:\n%s", width, out.String(), want)
		}
	}
}
