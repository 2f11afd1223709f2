package ui_test

import (
	"strings"
	"testing"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver/compare"
)

func TestDifferencesStandSideBySideWhereThereIsRoom(t *testing.T) {
	long := strings.Repeat("abcdefghij", 6)
	all := []compare.Difference{
		{Part: compare.Status, Old: new("200"), New: new("500")},
		{Part: compare.Header, Name: "content-type", Old: new("application/json"), New: nil},
		{Part: compare.Body, Name: ".data.amount", Old: new("4200"), New: new("4300"), JSON: true},
		{Part: compare.Body, Name: ".text\x1b[2J", Old: new(long), New: new("a\x1b[31m\nb")},
	}
	for width, want := range map[int]string{
		80: `a 17 stripe
b 18 stripe
  status  200 → 500
  content-type:  application/json → (none)
  .data.amount  4200 → 4300
  .text\x1b[2J
    - ` + long + `
    + a\x1b[31m
    + b
`,
		140: `                 17 stripe                                                     18 stripe
  status         200                                                           500
  content-type:  application/json                                              (none)
  .data.amount   4200                                                          4300
  .text\x1b[2J   abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij  a\x1b[31m
                                                                               b
`} {
		var b strings.Builder
		(&ui.Printer{W: &b, Width: width}).Differences(all, "17 stripe", "18 stripe")
		if b.String() != want {
			t.Errorf("%d columns:\n%s", width, b.String())
		}
	}
}
