package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"html"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// draw puts a run into the documentation: the table into performance.md, and the charts beside it.
func draw(_ context.Context, args []string) error {
	flags := flag.NewFlagSet("draw", flag.ContinueOnError)
	from := flags.String("run", "bin/bench.json", "the `file` of the run")
	docs := flags.String("docs", "docs", "the `folder` of performance.md")
	if err := flags.Parse(args); err != nil {
		return err
	}
	text, err := os.ReadFile(*from)
	if err != nil {
		return err
	}
	var r run
	if err := json.Unmarshal(text, &r); err != nil {
		return fmt.Errorf("%s: %w", *from, err)
	}
	if r.Server {
		return r.intoPage(filepath.Join(*docs, "performance.md"))
	}
	charts := map[string]string{
		"rates.svg": r.bars(barsRate, "Requests a second, as multiples of the peer's: longer is better"),
		"cpu.svg":   r.bars(barsCPU, "CPU a request, as multiples of the peer's: shorter is better"),
	}
	for _, c := range r.Curves {
		charts[c.Name+".svg"] = c.plot()
	}
	folder := filepath.Join(*docs, "performance")
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // documentation
		return err
	}
	for name, svg := range charts {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(svg), 0o644); err != nil { //nolint:gosec // as above
			return err
		}
	}
	return r.intoPage(filepath.Join(*docs, "performance.md"))
}

// The tables of the page stand between these headings.
const (
	tableBegins, tableEnds   = "## The last run\n\n", "\n## How it grows\n"
	serverBegins, serverEnds = "### The last run on a server\n\n", "\n## At scale\n"
)

func (r run) intoPage(path string) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	first, last := tableBegins, tableEnds
	if r.Server {
		first, last = serverBegins, serverEnds
	}
	before, rest, begins := strings.Cut(string(page), first)
	_, after, ends := strings.Cut(rest, last)
	if !begins || !ends {
		return fmt.Errorf("%s: a heading is missing: %q or %q", path, first, last)
	}
	text := before + first + r.markdown() + last + after
	return os.WriteFile(path, []byte(text), 0o644) //nolint:gosec // documentation
}

// markdown is the table and what was measured. Its prose is wrapped as the pages are.
func (r run) markdown() string {
	var b strings.Builder
	if r.Short {
		r.Of += ". This was a short run, and its figures are rough"
	}
	fmt.Fprintf(&b, "%s\n\n| %s |\n|%s\n", wrapped(fmt.Sprintf("Measured on %s: %s. %s.", r.Date, r.Machine, r.Of)),
		strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
	for _, line := range r.Rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(line.cells(), " | "))
	}
	for _, note := range r.Notes {
		fmt.Fprintf(&b, "\n%s\n", wrapped(note))
	}
	return b.String()
}

func wrapped(text string) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Fields(text) {
		switch {
		case i > 0 && column+1+len(word) > 100:
			b.WriteByte('\n')
			column = 0
		case i > 0:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}

// drawing is a picture whose colours follow the reader's scheme.
type drawing struct{ strings.Builder }

const style = `<style>text{font:13px system-ui,sans-serif;fill:#24292f}
.s{font-size:11px;fill:#57606a}.t{font-weight:600}
.grid{stroke:#d0d7de}.one{stroke:#57606a;stroke-dasharray:4 3}.must{stroke:#cf222e;stroke-width:2}
.c0{fill:#0969da;stroke:#0969da}.c1{fill:#8c959f;stroke:#8c959f}
.c2{fill:#1a7f37;stroke:#1a7f37}.c3{fill:#bf8700;stroke:#bf8700}
polyline{fill:none!important;stroke-width:2}text.c0,text.c1,text.c2,text.c3{stroke:none}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.s{fill:#9198a1}.grid{stroke:#3d444d}.one{stroke:#9198a1}}</style>
`

func newDrawing(width, height int, title string) *drawing {
	d := &drawing{}
	fmt.Fprintf(d, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" role="img" aria-label=%q>`+"\n",
		width, height, width, html.EscapeString(title))
	d.WriteString(style)
	d.text(12, 22, "t", title)
	return d
}

func (d *drawing) text(x, y float64, class, text string) {
	fmt.Fprintf(d, `<text x="%.0f" y="%.0f" class="%s">%s</text>`+"\n", x, y, class, html.EscapeString(text))
}

func (d *drawing) line(class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(d, `<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`+"\n", class, x1, y1, x2, y2)
}

func (d *drawing) end() string {
	d.WriteString("</svg>\n")
	return d.String()
}

// bars draws a bar for each line of a chart, the line at 1× where the peer is, and a mark at each goal.
func (r run) bars(chart, title string) string {
	const left, right, top, step = 430.0, 820.0, 44.0, 28.0
	var rows []row
	most := 1.2
	for _, line := range r.Rows {
		if line.Bars == chart {
			rows = append(rows, line)
			most = max(most, line.Value, line.Goal.Must)
		}
	}
	bottom := top + step*float64(len(rows))
	d := newDrawing(900, int(bottom)+44, title)
	x := func(v float64) float64 { return left + (right-left)*v/most }
	for i, line := range rows {
		y := top + step*float64(i)
		what, _, _ := strings.Cut(line.What, ": ")
		d.text(12, y+11, "", what)
		d.text(12, y+22, "s", "against "+line.Against)
		color := "c0"
		if strings.HasPrefix(line.What, "peer ") {
			color = "c1"
		}
		fmt.Fprintf(d, `<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="16"/>`+"\n", color, left, y+3,
			max(1, x(line.Value)-left))
		if must := line.Goal.Must; must > 0 {
			d.line("must", x(must), y, x(must), y+22)
		}
		d.text(x(max(line.Value, line.Goal.Must))+6, y+16, "", fmt.Sprintf("%.2f×", line.Value))
	}
	d.line("one", x(1), top-4, x(1), bottom)
	d.text(x(1)-6, bottom+16, "s", "1×")
	d.text(12, bottom+32, "s", "red: what barb must reach; "+r.Machine+"; "+r.Date)
	return d.end()
}

// plot draws a curve, both axes by powers.
func (c curve) plot() string {
	const left, right, top, bottom = 70.0, 640.0, 44.0, 330.0
	if len(c.Lines) == 0 || len(c.Lines[0].At) < 2 {
		return newDrawing(800, 60, c.What).end()
	}
	first, last := c.Lines[0].At[0], c.Lines[0].At[len(c.Lines[0].At)-1]
	low, high := math.Inf(1), 0.0
	for _, l := range c.Lines {
		for _, v := range l.CPU {
			low, high = min(low, v), max(high, v)
		}
	}
	low, high = math.Floor(math.Log10(low)), math.Ceil(math.Log10(high))
	x := func(at int) float64 {
		return left + (right-left)*math.Log(float64(at)/float64(first))/math.Log(float64(last)/float64(first))
	}
	y := func(v float64) float64 { return bottom - (bottom-top)*(math.Log10(v)-low)/(high-low) }
	d := newDrawing(800, int(bottom)+44, c.What)
	for e := low; e <= high; e++ {
		v := math.Pow(10, e)
		d.line("grid", left, y(v), right, y(v))
		d.text(8, y(v)+4, "s", spent(v))
	}
	for _, at := range c.Lines[0].At {
		d.line("grid", x(at), top, x(at), bottom)
		d.text(x(at)-10, bottom+18, "s", c.label(at))
	}
	c.ends(d, x, y)
	return d.end()
}

// ends draws the lines with their names where they end, apart from each other.
func (c curve) ends(d *drawing, x func(int) float64, y func(float64) float64) {
	taken := map[int]bool{}
	for i, l := range c.Lines {
		var points []string
		for j, at := range l.At {
			points = append(points, fmt.Sprintf("%.1f,%.1f", x(at), y(l.CPU[j])))
		}
		fmt.Fprintf(d, `<polyline class="c%d" points="%s"/>`+"\n", i, strings.Join(points, " "))
		n := len(l.At) - 1
		slot := int(y(l.CPU[n])) / 15
		for taken[slot] {
			slot++
		}
		taken[slot] = true
		d.text(x(l.At[n])+8, float64(slot*15+10), fmt.Sprintf("c%d", i), l.Name)
	}
}

func (c curve) label(at int) string {
	switch {
	case !c.Bytes:
		return fmt.Sprint(at)
	case at >= 1<<20:
		return fmt.Sprintf("%d MiB", at>>20)
	}
	return fmt.Sprintf("%d KiB", at>>10)
}

// spent is a time of so many µs.
func spent(micros float64) string {
	if micros >= 1000 {
		return fmt.Sprintf("%g ms", micros/1000)
	}
	return fmt.Sprintf("%g µs", micros)
}
