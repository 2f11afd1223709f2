package report

import (
	_ "embed"
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/barbhq/barb/commands/plot"
	"github.com/barbhq/barb/commands/ui"
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

// plot draws how long the cases took, as the page draws latencies. With fewer than two times there is nothing to see.
func (r *Report) plot(b *strings.Builder) {
	var took plot.Latencies
	timed := 0
	for i := range r.Cases {
		if d := r.Cases[i].Took; d > 0 {
			took.Add(d, 1)
			timed++
		}
	}
	if timed >= 2 {
		b.WriteString("<h2>Latency</h2>\n" + plot.HTML(took.Rows(ui.Duration), "Time", "Cases"))
	}
}
