package report

import (
	_ "embed"
	"fmt"
	"html"
	"strings"
	"time"
)

// style is the whole look of the page: it loads no font and no picture.
//
//go:embed style.css
var style string

// HTML returns the report as a page that needs no other file, runs no script and may load nothing. It is well-formed
// XML too.
func (r *Report) HTML() []byte {
	s, e := r.shown(), html.EscapeString
	var b strings.Builder
	fmt.Fprintf(&b, `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
<title>%s</title>
<style>%s</style>
</head>
<body>
<h1>%s</h1>
<p>%s <span class="soft">· %s · took %s</span></p>
`, e(s.Name), style, e(s.Name), r.Count(), s.Began.UTC().Format(time.RFC3339), s.Took.Round(time.Millisecond))
	s.plot(&b)
	b.WriteString("<table>\n<thead><tr><th>outcome</th><th>case</th><th>ms</th><th>detail</th></tr></thead>\n<tbody>\n")
	for i := range s.Cases {
		s.Cases[i].writeRow(&b)
	}
	b.WriteString("</tbody>\n</table>\n</body>\n</html>\n")
	return []byte(b.String())
}

func (c *Case) writeRow(b *strings.Builder) {
	e := html.EscapeString
	fmt.Fprintf(b, `<tr><td class="%[1]s">%[1]s</td><td>%[2]s<br/><span class="soft">%[3]s</span></td>`+
		`<td class="n">%[4]s</td><td>`,
		c.shownOutcome(), e(c.Name), e(c.Class), milliseconds(c.Took))
	if retried := c.retried(); retried != "" {
		fmt.Fprintf(b, "<strong>%s</strong> ", retried)
	}
	if c.Detail != "" {
		fmt.Fprintf(b, "<pre>%s</pre>", e(c.Detail))
	}
	for _, p := range c.Properties {
		fmt.Fprintf(b, `<div class="soft">%s: %s</div>`, e(p.Name), e(p.Value))
	}
	b.WriteString("</td></tr>\n")
}

// shownOutcome returns the outcome, one of the four.
func (c *Case) shownOutcome() Outcome {
	switch c.Outcome {
	case Pass, Fail, Skip:
		return c.Outcome
	}
	return Error
}

func milliseconds(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return fmt.Sprint(max(d.Milliseconds(), 1))
}

// plot draws the time that each case took, in their order. With fewer than two times there is nothing to see.
func (r *Report) plot(b *strings.Builder) {
	const width, height, left, bottom, top = 900.0, 200.0, 60.0, 20.0, 10.0
	longest, timed := time.Duration(0), 0
	for i := range r.Cases {
		if took := r.Cases[i].Took; took > 0 {
			longest, timed = max(longest, took), timed+1
		}
	}
	if timed < 2 {
		return
	}
	fmt.Fprintf(b, `<svg viewBox="0 0 %.0f %.0f" role="img" aria-label="time of each case in milliseconds">`+"\n",
		width, height)
	y := func(d time.Duration) float64 {
		return height - bottom - (height-bottom-top)*float64(d)/float64(longest)
	}
	for _, part := range []time.Duration{0, longest / 2, longest} {
		fmt.Fprintf(b, `<line x1="%.0f" y1="%.1f" x2="%.0f" y2="%.1f"/><text x="0" y="%.1f">%s</text>`+"\n",
			left, y(part), width, y(part), y(part)+4, part.Round(time.Millisecond/10))
	}
	step := (width - left - 20) / float64(max(len(r.Cases)-1, 1))
	for i := range r.Cases {
		c := &r.Cases[i]
		if c.Took <= 0 {
			continue
		}
		fmt.Fprintf(b, `<circle class="%s" cx="%.1f" cy="%.1f" r="4"><title>%s: %s ms</title></circle>`+"\n",
			c.shownOutcome(), left+10+step*float64(i), y(c.Took), html.EscapeString(c.Name), milliseconds(c.Took))
	}
	b.WriteString("</svg>\n")
}
