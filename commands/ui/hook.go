package ui

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"

	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/units"
)

// Hook is an answered webhook with further facts about it.
type Hook struct {
	*record.Exchange
	Apps []*record.Exchange // the forwards to apps that have ended
	// Again says that the webhook was refused before, so that its sender was right to deliver it again.
	Again bool
}

// The columns of a line about a webhook.
const (
	colWhen = iota
	colID
	colWhat
	colSize
	colVerdict
	colAnswer
	colTook
	colNotes
	columns
)

// widest is the greatest width of each column for all later lines; a longer text moves only the rest of its own line.
var widest = [columns]int{8, 10, 44, 6, 28, 22, 7, 48}

// narrowest is the width of each column on a terminal before the first webhook, so that the first lines are aligned
// too. The width of an id is that of 9999, so that a session seldom moves its columns.
var narrowest = [columns]int{8, 4, 24, 5, len("unchecked"), 5, 5, 0}

// yields are the columns to shorten in this order, each to its width, when a line does not fit: the least important
// first. A column of width 0 is omitted.
var yields = []struct{ column, to int }{
	{colNotes, 24}, {colAnswer, len("→ reset")}, {colWhat, 24}, {colSize, 0}, {colVerdict, len("unchecked")}, {colWhen, 0},
	{colNotes, len("duplicate of 17")},
	{colWhat, 12}, {colNotes, 0}, {colTook, 0}, {colWhat, 6}, {colVerdict, 0}, {colWhat, 0},
}

// HookLines writes one line for each webhook:
//
//	14:02:11  17  stripe invoice.paid  2.1kB  valid  → 200 18ms  duplicate of 12
//
// The columns stay aligned in a session, because they only grow. On a terminal no line wraps.
type HookLines struct {
	P       *Printer
	Columns func() int // current width of the terminal; nil: the width of P
	grown   [columns]int
	usual   usualLine
}

// Write writes the line.
func (l *HookLines) Write(h *Hook) {
	if !l.writeUsual(h) {
		l.write(h)
	}
}

func (l *HookLines) write(h *Hook) {
	cells := l.P.cells(h)
	room := l.maxWidth()
	if l.grown[colNotes] == 0 && cells[colNotes].text != "" {
		l.grown[colNotes] = len("duplicate of 17")
	}
	for i := range cells {
		l.grown[i] = max(l.grown[i], min(cells[i].width(), widest[i]))
		if room > 0 {
			l.grown[i] = max(l.grown[i], narrowest[i])
		}
	}
	widths := l.layout(room)
	if room > 0 && total(&widths) > room { // of an extremely narrow terminal
		l.P.Line(cutText(cells[colID].text+" "+cells[colAnswer].text, room))
		return
	}
	if room > 0 {
		moveReason(&cells, &widths, room)
	}
	l.P.Line(join(&cells, widths, room > 0))
}

// moveReason puts the reason of a bad signature at the end of its line, where its column has room for one word only and
// the line has no notes.
func moveReason(cells *[columns]hookCell, widths *[columns]int, room int) {
	verdict := &cells[colVerdict]
	reason := strings.TrimPrefix(verdict.text, verdict.short+" ")
	if verdict.short == "" || widths[colVerdict] >= verdict.width() || cells[colNotes].text != "" {
		return
	}
	moved := *widths
	moved[colNotes] = textWidth(reason)
	if total(&moved) <= room {
		*widths, cells[colNotes] = moved, hookCell{text: reason, paint: verdict.paint}
	}
}

// maxWidth returns the greatest width of a line; 0 for no limit.
func (l *HookLines) maxWidth() int {
	if l.Columns != nil && l.P.Width > 0 {
		return l.Columns()
	}
	return l.P.Width
}

// layout returns the width of each column in a room.
func (l *HookLines) layout(room int) [columns]int {
	widths := l.grown
	if room <= 0 {
		return widths
	}
	for _, y := range yields {
		over := total(&widths) - room
		if over <= 0 {
			break
		}
		switch w := &widths[y.column]; {
		case y.to == 0 || y.column == colVerdict: // a cut reason is useless: show all of it or only the word
			*w = min(*w, y.to)
		case *w > y.to:
			*w = max(*w-over, y.to)
		}
	}
	// An omitted column made more room than necessary.
	if spare := room - total(&widths); widths[colWhat] > 0 && spare > 0 {
		widths[colWhat] = min(widths[colWhat]+spare, l.grown[colWhat])
	}
	return widths
}

func total(widths *[columns]int) int {
	sum := 0
	for i, w := range widths {
		if w == 0 {
			continue
		}
		if sum > 0 {
			sum += len(gap(i))
		}
		sum += w
	}
	return sum
}

// gap returns the text before a column.
func gap(column int) string {
	if column == colTook {
		return " "
	}
	return "  "
}

// join joins the cells of a line; cut says that each cell is cut to its column's width.
func join(cells *[columns]hookCell, widths [columns]int, cut bool) string {
	var b strings.Builder
	for i := range cells {
		c, w := &cells[i], widths[i]
		if w == 0 || i == colNotes && c.text == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(gap(i))
		}
		text, pad := c.text, w-c.width()
		if pad < 0 && cut {
			text = c.shortened(w)
			pad = w - textWidth(text)
		}
		spaces := strings.Repeat(" ", max(pad, 0))
		switch {
		case c.right:
			b.WriteString(spaces + c.paint(text))
		case i == colNotes:
			b.WriteString(c.paint(text))
		default:
			b.WriteString(c.paint(text) + spaces)
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// hookCell is the text of one column, with a function that colours it last since colour has no width.
type hookCell struct {
	text  string
	short string // shorter text with the most important part; "" for cutting
	paint func(string) string
	right bool
}

func (c *hookCell) width() int { return textWidth(c.text) }

func (c *hookCell) shortened(width int) string {
	if c.short != "" && textWidth(c.short) <= width {
		return c.short
	}
	return cutText(cmp.Or(c.short, c.text), width)
}

func (p *Printer) cells(h *Hook) [columns]hookCell {
	plain := func(s string) string { return s }
	what := hookCell{text: label(h.Exchange), paint: plain}
	if h.Scheme == "" && h.Event() == "" {
		what.paint = p.faint
	}
	verdict, word := h.Verdict.Words(), ""
	if h.Verdict.Status == record.Invalid {
		word = string(record.Invalid)
	}
	return [columns]hookCell{
		colWhen:    {text: h.Start.Local().Format(time.TimeOnly), paint: p.faint},
		colID:      {text: strconv.FormatInt(h.ID, 10), paint: p.bold, right: true},
		colWhat:    what,
		colSize:    {text: units.RoundSize(int64(len(h.Request.Body))), paint: plain, right: true},
		colVerdict: {text: verdict, short: word, paint: p.verdictPaint(h.Verdict)},
		colAnswer:  p.answerCell(h.Exchange),
		colTook:    {text: Duration(h.Took), paint: plain, right: true},
		colNotes:   p.notesCell(h),
	}
}

func (p *Printer) answerCell(x *record.Exchange) hookCell {
	text, short, paint := "–", "", p.faint
	if status := x.Status(); status != 0 {
		text, paint = strconv.Itoa(status), p.statusPaint(status)
	}
	if done := scripted(x); done != "" {
		text, short, paint = done, "→ "+EscapeLine(x.Scripted), p.warn
		if x.Scripted == failRate {
			short = "→ " + strconv.Itoa(x.Status())
		}
	}
	return hookCell{text: "→ " + text, short: short, paint: func(s string) string {
		return p.faint("→") + " " + paint(strings.TrimPrefix(s, "→ "))
	}}
}

// notesCell returns the further facts. A bad one colours all of them.
func (p *Printer) notesCell(h *Hook) hookCell {
	var notes []string
	paint := p.faint
	marks := Marks(h.Exchange)
	switch {
	case marks == "":
	case h.Again:
		notes = append(notes, strings.Replace(marks, "duplicate of", "redelivery of", 1))
	default:
		notes, paint = append(notes, marks), p.warn
	}
	switch {
	case h.Late != nil:
		notes, paint = append(notes, EscapeLine(h.Late.Text(h.Took))), p.warn
	case h.Err != nil && h.Scripted == "":
		notes, paint = append(notes, "sender "+string(h.Err.Kind)), p.bad
	}
	first := make([]string, 0, len(h.Apps)+len(notes)) // what the apps said; the rest of a narrow line may be cut
	for _, app := range h.Apps {
		note, well := appNote(app)
		if !well {
			paint = p.bad
		}
		notes, first = append(notes, note+" "+Duration(app.Took)), append(first, note)
	}
	first = append(first, notes[:len(notes)-len(first)]...)
	return hookCell{text: strings.Join(notes, "  "), short: strings.Join(first, "  "), paint: paint}
}

// appNote returns the response of an app: app 200.
func appNote(app *record.Exchange) (note string, well bool) {
	status, kind := app.Status(), app.FailureKind()
	words := []string{"app"}
	if status != 0 {
		words = append(words, strconv.Itoa(status))
	}
	if kind != "" {
		words = append(words, string(kind))
	}
	return strings.Join(words, " "), status/100 == 2 && kind == ""
}

// textWidth returns the width in columns of a text without colour.
func textWidth(s string) int {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return lipgloss.Width(s)
		}
	}
	return len(s)
}

// cutText cuts a text without colour to a width in columns, with an ellipsis in the last.
func cutText(s string, width int) string {
	if len(s) <= width || textWidth(s) <= width {
		return s
	}
	return ansi.Truncate(s, width, "…")
}
