package plot

import (
	"fmt"
	"html"
	"slices"
	"strings"
)

// HTML draws rows as a table of bars with a value each. The page and the reports show it. It is well-formed XML without
// a style of its own: bars names the table, vh what is only for screen readers, and b-acc a bar. first and last head
// the columns of the names and the values.
func HTML(rows []Row, first, last string) string {
	e := html.EscapeString
	var b strings.Builder
	fmt.Fprintf(&b, `<table class="bars"><thead class="vh"><tr><th scope="col">%s</th><th scope="col">Bar</th>`+
		`<th scope="col">%s</th></tr></thead><tbody>`+"\n", e(first), e(last))
	most := int64(1)
	for _, r := range rows {
		most = max(most, r.Value)
	}
	for _, r := range rows {
		wide := (1000*max(r.Value, 0) + most - 1) / most
		fmt.Fprintf(&b, `<tr><td>%s</td><td><svg viewBox="0 0 1000 20" preserveAspectRatio="none" aria-hidden="true" `+
			`focusable="false"><rect class="b-acc" x="0" y="3" width="%d" height="14"/></svg></td><td>%d</td></tr>`+"\n",
			e(r.Name), wide, r.Value)
	}
	b.WriteString("</tbody></table>\n")
	return b.String()
}

// Outline is values as bars beside each other, as a path in a drawing of 1000 × 100.
func Outline(values []int64) string {
	var b strings.Builder
	if len(values) == 0 {
		return ""
	}
	most, number := max(slices.Max(values), 1), int64(len(values))
	for i, v := range values {
		if v > 0 {
			from, to := 1000*int64(i)/number, 1000*int64(i+1)/number
			fmt.Fprintf(&b, "M%d 100V%dH%dV100z", from, 100-(99*v+most-1)/most, max(to, from+1))
		}
	}
	return b.String()
}
