package tui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/barbhq/barb/commands/queued"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store"
)

// Below the entries stands what is known of the chosen one: in so many lines, as far as there is room.
const mostFacts = 8

// rowsAt returns in which line of a screen the first entry stands, and how many are shown. Above them are the title of
// the view, the bar, what is said of the whole queue, and the names of the columns.
func (q *queue) rowsAt(width, height int) (first, rows int) {
	height = max(height-otherLines, 1)
	above := barLines + len(q.said(width)) + 1
	return 1 + above, max(height-above-barLines-min(mostFacts, height*2/5), 1)
}

// queue draws the queue.
func (d *drawing) queue(r rect) []string {
	q := d.s.queue
	lines := []string{d.queueBar(r.w)}
	switch {
	case q.mistake != "" && q.list == nil:
		return block(append(lines, wrapWords(strings.Split(ui.Escape(q.mistake), "\n"), r.w)...), r)
	case q.list == nil:
		return block(append(lines, "reading the queue …"), r)
	}
	lines = append(lines, q.said(r.w)...)
	if len(q.list.Entries) == 0 {
		return block(append(lines, d.p.Faint(queued.Parts[q.part].Nothing)), r)
	}
	_, rows := q.rowsAt(d.s.Width, d.s.Height)
	lines = append(lines, block(d.entries(r.w, rows), rect{w: r.w, h: rows + 1})...)
	lines = append(lines, d.bar(fmt.Sprintf("entry %d", q.chosen().ID), r.w, false))
	return block(append(lines, d.entryFacts(r.w)...), r)
}

// queueBar is the line above the queue: the parts, with the shown one marked, and the place of the chosen entry.
func (d *drawing) queueBar(width int) string {
	q, at := d.s.queue, ""
	if q.list != nil && len(q.list.Entries) > 0 {
		at = fmt.Sprintf("  %d/%d", q.at+1, len(q.list.Entries))
		if q.list.More {
			at += "+"
		}
	}
	var names []string
	for i := range queued.Parts {
		text := fmt.Sprintf("%d %s", i+1, queued.Parts[i].Name)
		if i == q.part {
			text = d.open(text)
		}
		names = append(names, text)
	}
	line := "Queue  " + strings.Join(names, "  ")
	if ansi.StringWidth(line+at) > width-2 {
		line = fmt.Sprintf("Queue  %s  [ ] %d of %d", d.open(queued.Parts[q.part].Name), q.part+1, len(names))
	}
	return d.bar(line+at, width, true)
}

// said is what is said of the whole queue, in lines of a width.
func (q *queue) said(width int) []string {
	if q.list == nil {
		return nil
	}
	texts := []string{"Nothing waits."}
	if q.list.Depth != "" {
		texts[0] = q.list.Depth
	}
	if q.list.More {
		texts = append(texts, fmt.Sprintf("the first %d; barb queue lists all", mostEntries))
	}
	return wrapWords(append(texts, q.list.Takers...), width)
}

// entryColumn is a column of the entries.
type entryColumn struct {
	name string
	cell func(d *drawing, e *queued.Entry) string
	from int // the width from which there is room for it
	most int // its width; 0: it shares what the others leave
}

var entryColumns = []entryColumn{
	{"ID", func(_ *drawing, e *queued.Entry) string { return strconv.FormatInt(e.ID, 10) }, 0, 10},
	{"KIND", func(_ *drawing, e *queued.Entry) string { return e.Kind.String() }, 110, 8},
	{"WEBHOOK", func(_ *drawing, e *queued.Entry) string { return strconv.FormatInt(e.Thread, 10) }, 90, 10},
	{"TARGET", func(_ *drawing, e *queued.Entry) string { return ui.Clip(e.Lane, 160) }, 0, 0},
	{"STATE", func(_ *drawing, e *queued.Entry) string { return ui.StateWord(e.Queued) }, 0, 16},
	{"TRIES", func(_ *drawing, e *queued.Entry) string { return strconv.Itoa(e.Attempts) }, 60, 5},
	{"NEXT", func(d *drawing, e *queued.Entry) string { return ui.WhenDue(e.Queued, d.s.Now) }, 60, 9},
	{"WHY", func(_ *drawing, e *queued.Entry) string { return ui.Clip(e.Why, 300) }, 76, 0},
}

// entries draws the names of the columns and a number of rows.
func (d *drawing) entries(width, rows int) []string {
	q := d.s.queue
	shown := q.list.Entries[min(q.top, len(q.list.Entries)):]
	shown = shown[:min(len(shown), rows)]
	table, widths := d.entryTable(shown, width-marksWidth)
	lines := make([]string, len(table))
	for i, row := range table {
		cells := make([]string, len(row))
		for j, cell := range row {
			if table[0][j] == "TARGET" {
				cell = middle(cell, widths[j])
			}
			cells[j] = fit(cell, max(widths[j], 1))
		}
		lines[i] = strings.Join(cells, strings.Repeat(" ", gapWidth))
		switch {
		case i == 0:
			lines[i] = d.p.Faint("  " + lines[i])
		case q.top+i-1 == q.at:
			lines[i] = d.reverse(fit(ui.Chosen+" "+lines[i], width))
		default:
			lines[i] = "  " + d.entryColour(&shown[i-1], lines[i])
		}
	}
	return lines
}

// middle cuts a text in its middle to a width: the end of a path says more than what stands before it.
func middle(text string, width int) string {
	w := ansi.StringWidth(text)
	if w <= width || width < 3 {
		return text
	}
	begin := ansi.Truncate(text, (width-1)/2, "")
	return begin + "…" + ansi.TruncateLeft(text, w-(width-1-ansi.StringWidth(begin)), "")
}

// entryTable returns the names of the columns and the cells of entries, and how wide the columns are.
func (d *drawing) entryTable(shown []queued.Entry, width int) (table [][]string, widths []int) {
	table = make([][]string, 1+len(shown))
	var sharing []int
	rest := width + gapWidth
	for _, c := range entryColumns {
		if c.from > width+marksWidth {
			continue
		}
		table[0] = append(table[0], c.name)
		w := ansi.StringWidth(c.name)
		for i := range shown {
			cell := c.cell(d, &shown[i])
			table[1+i] = append(table[1+i], cell)
			w = max(w, min(ansi.StringWidth(cell), c.most))
		}
		if c.most == 0 {
			sharing, w = append(sharing, len(widths)), 0
		}
		widths, rest = append(widths, w), rest-w-gapWidth
	}
	for n, i := range sharing {
		widths[i] = rest
		if n+1 < len(sharing) { // as wide as its cells, up to a half
			widths[i] = 0
			for _, row := range table {
				widths[i] = max(widths[i], min(ansi.StringWidth(row[i]), rest/2))
			}
		}
		rest -= widths[i]
	}
	return table, widths
}

// entryColour colours the row of an entry by its state.
func (d *drawing) entryColour(e *queued.Entry, text string) string {
	switch {
	case e.State == store.Dead:
		return d.sgr("31", text)
	case e.Cancel && e.Attempts > 0:
		return d.sgr("33", text)
	case e.State == store.Done:
		return d.sgr("32", text)
	}
	return text
}

// entryFacts is what is known of the chosen entry, in lines of a width.
func (d *drawing) entryFacts(width int) []string {
	e := d.s.queue.chosen()
	state := strings.TrimSpace(ui.StateWord(e.Queued) + " " + ui.WhenDue(e.Queued, d.s.Now))
	if e.Behind != 0 {
		state += fmt.Sprintf(" behind entry %d", e.Behind)
	}
	order := ""
	if e.Order != "" {
		order = ui.OrderText(e.Queued)
	}
	var text strings.Builder
	p := ui.Printer{W: &text, Color: d.s.Color, Width: width, Pane: true}
	p.Pairs([][2]string{
		{e.Kind.String(), fmt.Sprintf("of webhook %d, %s", e.Thread, e.Created.Local().Format(time.DateTime))},
		{"target", ui.Clip(e.Lane, 300)},
		{"order", order},
		{"state", state},
		{"attempts", strconv.Itoa(e.Attempts)},
		{"why", ui.Clip(e.Why, 300)},
	})
	return wrapWords(splitLines(text.String()), width)
}
