package tui

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/barbhq/barb/commands/query"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store/webhooks"
)

// column is a column of the list.
type column struct {
	cell        func(ui.Cells) string
	least, most int // its width
	right       bool
}

var (
	idColumn     = column{func(c ui.Cells) string { return c.ID }, 4, 10, true}
	whenColumn   = column{func(c ui.Cells) string { return c.When }, 8, 12, false}
	arrowColumn  = column{func(c ui.Cells) string { return c.Arrow }, 1, 1, false}
	eventColumn  = column{func(c ui.Cells) string { return c.Event }, 0, 0, false} // takes what is left, with the marks
	hostColumn   = column{func(c ui.Cells) string { return c.Endpoint }, 0, 22, false}
	answerColumn = column{func(c ui.Cells) string { return c.ShortResult }, 7, 12, false}
	resultColumn = column{func(c ui.Cells) string { return c.Result }, 13, 30, false}
	tookColumn   = column{func(c ui.Cells) string { return c.Took }, 5, 7, true}
	stateColumn  = column{func(c ui.Cells) string { return c.SignatureState }, 5, 11, false}
	schemeColumn = column{func(c ui.Cells) string { return c.SignatureWord }, 9, 26, false}
)

// columnsIn returns the columns of a list of a width.
func columnsIn(width int) []column {
	switch {
	case width < 50:
		return []column{whenColumn, arrowColumn, eventColumn, answerColumn, stateColumn}
	case width < 60:
		return []column{idColumn, whenColumn, arrowColumn, eventColumn, answerColumn, stateColumn}
	case width < 76:
		return []column{idColumn, whenColumn, arrowColumn, eventColumn, answerColumn, tookColumn, stateColumn}
	case width < 100:
		return []column{idColumn, whenColumn, arrowColumn, eventColumn, answerColumn, tookColumn, schemeColumn}
	case width < 130:
		return []column{idColumn, whenColumn, arrowColumn, eventColumn, resultColumn, tookColumn, schemeColumn}
	}
	return []column{idColumn, whenColumn, arrowColumn, eventColumn, hostColumn, resultColumn, tookColumn, schemeColumn}
}

const (
	marksWidth = 2 // of the marks before each row
	gapWidth   = 1
)

// list draws the rows of the list.
func (d *drawing) list(r rect) []string {
	s := d.s
	if r.h <= 0 {
		return nil
	}
	if len(s.list.rows) == 0 {
		return block(wrapWords(d.empty(), r.w), r)
	}
	rows := s.list.rows[min(s.list.top, len(s.list.rows)):]
	rows = rows[:min(len(rows), r.h)]
	columns := columnsIn(r.w)
	all, plain := d.cells(rows, columns, d.p), d.cells(rows, columns, &ui.Printer{Overlooked: s.Overlooked})
	widths := widthsOf(columns, plain, r.w)
	lines := make([]string, len(rows))
	for i, w := range rows {
		chosen := s.list.top+i == s.list.at
		marks := d.marks(w, chosen)
		if chosen && s.Color {
			lines[i] = d.reverse(fit(marks+plain[i].join(columns, widths), r.w))
		} else {
			lines[i] = marks + all[i].join(columns, widths)
		}
	}
	return block(lines, r)
}

// row is the cells of a webhook.
type row struct {
	cells []string
	marks string // stand at the end of the event
}

// cells returns the cells of rows.
func (d *drawing) cells(rows []*webhooks.Webhook, columns []column, p *ui.Printer) []row {
	all := make([]row, len(rows))
	for i, w := range rows {
		c := p.Cells(w, d.s.Now)
		all[i].marks = c.Marks
		for _, column := range columns {
			all[i].cells = append(all[i].cells, column.cell(c))
		}
	}
	return all
}

// widthsOf returns how wide each column is. The event takes what the others leave.
func widthsOf(columns []column, rows []row, width int) []int {
	widths := make([]int, len(columns))
	rest, event := width-marksWidth-gapWidth*(len(columns)-1), 0
	for i, c := range columns {
		if c.most == 0 {
			event = i
			continue
		}
		widths[i] = c.least
		for _, row := range rows {
			widths[i] = max(widths[i], min(ansi.StringWidth(row.cells[i]), c.most))
		}
		rest -= widths[i]
	}
	widths[event] = max(rest, 1)
	return widths
}

// join joins the cells of a row, each as wide as its column.
func (r *row) join(columns []column, widths []int) string {
	parts := make([]string, len(r.cells))
	for i, cell := range r.cells {
		if columns[i].most == 0 && r.marks != "" {
			cell = marked(cell, r.marks, widths[i])
		}
		if parts[i] = fit(cell, widths[i]); columns[i].right {
			cell = strings.TrimRight(parts[i], " ")
			parts[i] = strings.Repeat(" ", max(widths[i]-ansi.StringWidth(cell), 0)) + cell
		}
	}
	return strings.Join(parts, strings.Repeat(" ", gapWidth))
}

// marked is an event with marks in a width. Half of it is the event's.
func marked(event, marks string, width int) string {
	room := max(width-ansi.StringWidth(marks)-gapWidth, width/2)
	if ansi.StringWidth(event) > room {
		event = ansi.Truncate(event, room, "…")
	}
	return event + strings.Repeat(" ", gapWidth) + marks
}

// marks are the two columns before a row: the chosen one, and one that is marked or selected.
func (d *drawing) marks(w *webhooks.Webhook, chosen bool) string {
	first, second := " ", " "
	if chosen {
		first = ui.Chosen
	}
	switch {
	case slices.Contains(d.s.picked, w.ID):
		second = "+"
	case w.ID == d.s.marked:
		second = "="
	}
	return first + second
}

// empty says why the list is empty, and what to do.
func (d *drawing) empty() []string {
	s := d.s
	switch {
	case s.list.mistake != "":
		return append([]string{""}, strings.Split(ui.Escape(s.list.mistake), "\n")...)
	case !s.list.loaded:
		return []string{"", "reading the history …"}
	case s.filter != "":
		lines := []string{"", "nothing in the history matches " + ui.EscapeLine(s.filter)}
		if q, err := query.Read(s.filter); err == nil && q.InBodies() != "" {
			lines = append(lines, "words are looked for in the rows; this looks into the bodies:",
				"  "+ui.EscapeLine(q.InBodies()))
		}
		return append(lines, "esc clears the filter")
	}
	if s.Listening != "" {
		return []string{"", "The history is empty. It fills itself when the first webhook comes:", "",
			"  barb send " + ui.EscapeLine(s.Listening) + " --event stripe:invoice.paid"}
	}
	return []string{"", "The history is empty. It fills itself when the first webhook comes:", "",
		"  barb listen", "  barb send http://localhost:4242 --event stripe:invoice.paid"}
}
