package ui_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/commands/ui"
)

func TestPairsAreCutAtBlanksWhereTheyDoNotFit(t *testing.T) {
	const address = "https://docs.example.com/webhooks/signatures/how-they-are-made"
	for width, want := range map[int]string{
		0:  "note  the body is not signed, only an id of the query\ndocs  " + address + "\n",
		30: "note  the body is not signed,\n      only an id of the query\ndocs  " + address + "\n",
		20: "note  the body is not signed, only an id of the query\ndocs  " + address + "\n", // too narrow to help
	} {
		var out bytes.Buffer
		p := ui.Printer{W: &out, Width: width}
		p.Pairs([][2]string{{"note", "the body is not signed, only an id of the query"}, {"left out", ""}, {"docs", address}})
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("%d columns: %s", width, diff)
		}
	}
}
