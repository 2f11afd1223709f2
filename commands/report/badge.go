package report

import (
	"fmt"
	"html"
	"strings"
	"unicode/utf8"

	"github.com/barbhq/barb/commands/ui"
)

// Badge is a small picture of one result. Its zero value is made of the counts of a report.
type Badge struct {
	Label, Message string
	Color          string // as #rrggbb; "" is grey
}

// isColor reports whether a text is #rrggbb.
func isColor(s string) bool {
	return len(s) == 7 && s[0] == '#' && strings.Trim(s[1:], "0123456789abcdef") == ""
}

// The colours of badges.
const (
	Green  = "#2c7a2c"
	Yellow = "#8a6d00"
	Red    = "#b02a2a"
	grey   = "#555555"
)

// badge returns the badge of a report.
func (r *Report) badge() Badge {
	if r.Badge.Message != "" {
		return r.Badge
	}
	n := r.Count()
	b := Badge{Label: r.Name, Message: fmt.Sprintf("%d passed", n.Passed), Color: Green}
	switch {
	case !n.OK():
		b.Message, b.Color = fmt.Sprintf("%d of %d failed", n.Failed+n.Errors, n.Total()), Red
	case n.Passed == 0:
		b.Message, b.Color = "nothing checked", grey
	case n.Retried > 0:
		b.Color = Yellow
	}
	return b
}

// SVG returns the badge as a picture that loads nothing.
func (b Badge) SVG() []byte {
	label, message := noncharacters.Replace(ui.Clip(b.Label, 60)), noncharacters.Replace(ui.Clip(b.Message, 60))
	left, right := textWidth(label), textWidth(message)
	color := b.Color
	if !isColor(color) {
		color = grey
	}
	label, message = html.EscapeString(label), html.EscapeString(message)
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="20" role="img"
aria-label="%[4]s: %[5]s">
<title>%[4]s: %[5]s</title>
<rect width="%[2]d" height="20" fill="#444"/>
<rect x="%[2]d" width="%[3]d" height="20" fill="%[6]s"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">
<text x="%[7]d" y="14" textLength="%[9]d">%[4]s</text>
<text x="%[8]d" y="14" textLength="%[10]d">%[5]s</text>
</g>
</svg>
`, left+right, left, right, label, message, color, left/2, left+right/2, max(left-12, 0), max(right-12, 0))
}

// textWidth returns the width of a part of a badge in pixels, with its margins. The text is stretched to it.
func textWidth(text string) int { return 7*utf8.RuneCountInString(text) + 12 }
