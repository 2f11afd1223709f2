package ui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"

	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

// HistoryColumns are the columns of the history by name, in the order in which --columns is completed.
func HistoryColumns() []string {
	names := make([]string, len(historyColumns))
	for i, c := range historyColumns {
		names[i] = c.name
	}
	return names
}

// historyColumn is a column of the history. Forms are its cell, the longest form first; the shorter ones are for narrow
// terminals.
type historyColumn struct {
	name, head string
	forms      []form
}

type form func(*Printer, *historyRow) string

// historyRow is a webhook, or one exchange of it, as a row.
type historyRow struct {
	id    int64
	x     *record.Exchange // that stands for it
	start time.Time
	now   time.Time
	app   *record.Exchange // that answered; nil: none
	state string           // in the words of the JSON form's outcome
	tries int
	came  int  // how often a received webhook was delivered
	whole bool // a webhook, not one exchange of it
	pin   bool // pruning leaves it
	noted bool // a person has written a note on it
}

var historyColumns = []historyColumn{
	{"id", "ID", []form{func(_ *Printer, r *historyRow) string { return strconv.FormatInt(r.id, 10) }}},
	{"when", "WHEN", []form{func(_ *Printer, r *historyRow) string { return when(r.start, r.now) }}},
	{"direction", "", []form{func(_ *Printer, r *historyRow) string { return arrow(r.x) }}},
	{"event", "EVENT", []form{func(p *Printer, r *historyRow) string { return p.eventName(r.x) }}},
	{"endpoint", "ENDPOINT", []form{func(_ *Printer, r *historyRow) string { return Clip(endpointOf(r), 60) }}},
	{"result", "RESULT", []form{(*Printer).resultCell, (*Printer).shortResult}},
	{"time", "TIME", []form{func(_ *Printer, r *historyRow) string { return Duration(answeredBy(r).Took) }}},
	{"try", "TRY", []form{func(_ *Printer, r *historyRow) string { return strconv.Itoa(r.tries) }}},
	{"signature", "SIGNATURE", []form{(*Printer).signatureCell, (*Printer).signatureWord, (*Printer).shortSignature}},
	{"scheme", "SCHEME", []form{func(_ *Printer, r *historyRow) string { return r.x.Scheme }}},
	{"webhook", "WEBHOOK ID", []form{func(_ *Printer, r *historyRow) string { return Clip(r.x.WebhookID, 60) }}},
	{"path", "PATH", []form{func(_ *Printer, r *historyRow) string { return Clip(path(&r.x.Request), 60) }}},
}

// layout is the columns of a table with their forms: 0 is the longest.
type layout struct {
	names []string
	forms map[string]int
}

// usual are the columns of the history without --columns.
var usual = []string{"id", "when", "direction", "event", "endpoint", "result", "time", "try", "signature"}

// yielding says which columns give way on a narrow terminal, in this order: each takes its next shorter form, or is
// left out when it has none.
var yielding = []string{"endpoint", "try", "time", "signature", "result", "signature", "when"}

// yield shortens a column, or leaves it out.
func (l *layout) yield(name string) {
	if l.forms[name]+1 < len(columnNamed(name).forms) {
		l.forms[name]++
		return
	}
	l.names = slices.DeleteFunc(l.names, func(n string) bool { return n == name })
}

func columnNamed(name string) historyColumn {
	return historyColumns[slices.IndexFunc(historyColumns, func(c historyColumn) bool { return c.name == name })]
}

// Webhooks writes webhooks as a table, in the order given. Columns are some of HistoryColumns; without them those are
// shown that fit.
func (p *Printer) Webhooks(all []*webhooks.Webhook, columns []string, now time.Time) {
	rows := make([]*historyRow, len(all))
	for i, w := range all {
		rows[i] = rowOf(w, now)
	}
	p.history(rows, columns)
}

func rowOf(w *webhooks.Webhook, now time.Time) *historyRow {
	return &historyRow{id: w.ID, x: w.Last(), start: w.Newest().Start, now: now, app: w.App(), state: string(w.State),
		tries: tries(w), came: came(w), whole: true, pin: w.Remark.Pinned, noted: w.Remark.Note != ""}
}

// History writes exchanges as a table, in the order given.
func (p *Printer) History(xs []*record.Exchange, columns []string, now time.Time) {
	rows := make([]*historyRow, len(xs))
	for i, x := range xs {
		rows[i] = &historyRow{id: x.ID, x: x, start: x.Start, now: now, state: string(x.Outcome()), tries: x.Attempt}
	}
	p.history(rows, columns)
}

// tries counts the attempts of a sent webhook, and those of a received one at the app that its row shows. Without an
// app it counts the deliveries of the sender.
func tries(w *webhooks.Webhook) (n int) {
	app := w.App()
	for _, x := range w.Exchanges {
		switch {
		case x.Attempt == 0 || x.Role == record.Elsewhere || x.Role == record.Mirror:
		case app == nil && x.Kind == w.Kind(), app != nil && webhooks.SameApp(x, app):
			n++
		}
	}
	return n
}

// came counts how often the sender of a received webhook delivered it.
func came(w *webhooks.Webhook) (n int) {
	for _, x := range w.Exchanges {
		if x.Kind == record.Received {
			n++
		}
	}
	return n
}

// history writes rows with the chosen columns, or else with the usual columns that fit.
func (p *Printer) history(rows []*historyRow, chosen []string) {
	l := layout{names: slices.Clone(usual), forms: map[string]int{}}
	yielding := yielding
	if len(chosen) > 0 {
		l.names, yielding = chosen, nil
	}
	head, table := p.historyTable(rows, &l)
	for _, name := range yielding {
		if p.fits(head, table, map[string]int{"EVENT": eventRoom}) {
			break
		}
		l.yield(name)
		head, table = p.historyTable(rows, &l)
	}
	p.Table(head, table)
}

// historyTable returns the head and the cells of rows.
func (p *Printer) historyTable(rows []*historyRow, l *layout) (head []string, table [][]string) {
	table = make([][]string, len(rows))
	for _, name := range l.names {
		c := columnNamed(name)
		head = append(head, c.head)
		for n, r := range rows {
			table[n] = append(table[n], c.forms[l.forms[name]](p, r))
		}
	}
	return head, table
}

// eventRoom is how much of an event type is always shown.
const eventRoom = 20

// fits reports whether a table needs no more columns than there are, where some of its columns can be cut to a room.
func (p *Printer) fits(head []string, table [][]string, rooms map[string]int) bool {
	if p.Width <= 0 {
		return true
	}
	total := 2 * (len(head) - 1)
	for i, width := range columnWidths(append([][]string{head}, table...)) {
		if room, ok := rooms[head[i]]; ok {
			width = min(width, room)
		}
		total += width
	}
	return total <= p.Width
}

func arrow(x *record.Exchange) string {
	if x.Kind == record.Received {
		return "←"
	}
	return "→"
}

// answeredBy is the exchange whose answer the row shows: the app's where there is one.
func answeredBy(r *historyRow) *record.Exchange {
	if r.app != nil {
		return r.app
	}
	return r.x
}

// endpointOf is where the webhook went: to the app when it was forwarded.
func endpointOf(r *historyRow) string { return Endpoint(answeredBy(r)) }

// eventName names a row by its event type, or by its request when that is not known.
func (p *Printer) eventName(x *record.Exchange) string {
	switch {
	case x.Handshake != "":
		return "handshake " + Clip(x.Handshake, 60)
	case x.EventType != "":
		return Clip(x.EventType, 60)
	}
	return p.faint(Clip(x.Request.Method+" "+path(&x.Request), 60))
}

// resultCell is the answer and what became of the webhook: "200 → app 200", "502 → app refused  failed".
func (p *Printer) resultCell(r *historyRow) string {
	text := p.unmarkedResult(r)
	if marks := p.rowMarks(r); marks != "" {
		text += "  " + marks
	}
	return text
}

// unmarkedResult is resultCell without the marks.
func (p *Printer) unmarkedResult(r *historyRow) string {
	text := p.result(r.x)
	if r.isUnderWay(r.x) {
		text = p.faint("-")
	}
	if r.app != nil && !r.isUnderWay(r.app) {
		note, well := appResult(r.app)
		if well {
			note = p.good(note)
		} else {
			note = p.bad(note)
		}
		text += " " + p.faint("→ app") + " " + note
	}
	if state := p.stateWord(r); state != "" {
		text += " " + state
	}
	return text
}

// isUnderWay reports whether an exchange of the row is not over: the row says that it is pending, which is no failure.
func (r *historyRow) isUnderWay(x *record.Exchange) bool {
	return x.FailureKind() == record.FailUnknown && r.state == string(webhooks.Pending)
}

// rowMarks are the marks of a row. The redeliveries of a webhook are counted: they are in its own row.
func (p *Printer) rowMarks(r *historyRow) string {
	var all []string
	if r.pin {
		all = append(all, p.faint("pinned"))
	}
	if r.noted {
		all = append(all, p.faint("note"))
	}
	x := *r.x
	if r.whole && x.Role == record.Redelivery {
		all = append(all, fmt.Sprintf("×%d", r.came))
		x.Marks = slices.DeleteFunc(slices.Clone(x.Marks), func(m record.Mark) bool { return m.Kind == record.Duplicate })
	}
	return joinNonEmpty("  ", append(all, strings.TrimPrefix(p.marks(&x), "  "))...)
}

// shortResult is the answer that counts, and that of the app is called so: "app 500".
func (p *Printer) shortResult(r *historyRow) string {
	if r.state == string(webhooks.Pending) {
		return p.warn(r.state)
	}
	if r.app != nil {
		return p.faint("app") + " " + p.result(r.app)
	}
	return p.result(r.x)
}

// stateWord is the state where the answers do not tell it.
func (p *Printer) stateWord(r *historyRow) string {
	switch state := record.Outcome(r.state); state {
	case record.Accepted, record.Rejected:
		return ""
	case record.Delivered:
		return p.good(r.state)
	case record.Failed:
		return p.bad(r.state)
	}
	return p.warn(r.state)
}

// appResult returns the response of an app: its status or why it has none.
func appResult(app *record.Exchange) (text string, well bool) {
	status, kind := app.Status(), app.FailureKind()
	if kind != "" {
		return string(kind), false
	}
	return strconv.Itoa(status), status/100 == 2
}

// signatureCell is the scheme with the verdict, or that barb signed it.
func (p *Printer) signatureCell(r *historyRow) string {
	if r.x.Scheme == "" {
		return p.signed(r.x)
	}
	return strings.TrimSpace(Clip(r.x.Scheme, 40) + " " + p.signed(r.x))
}

// signatureWord is the scheme with the verdict, without the reason.
func (p *Printer) signatureWord(r *historyRow) string {
	return strings.TrimSpace(Clip(r.x.Scheme, 40) + " " + p.shortSignature(r))
}

// shortSignature is the verdict without scheme and reason.
func (p *Printer) shortSignature(r *historyRow) string {
	if r.x.Kind == record.Received && r.x.Verdict.Status == record.Invalid {
		return p.bad(string(record.Invalid))
	}
	return p.signed(r.x)
}

// HistoryLines writes webhooks one by one, each as a line of the history. The columns keep the width of the widest cell
// so far; the first line comes after a head.
type HistoryLines struct {
	p      *Printer
	layout layout
	widths []int
}

// HistoryLines returns a writer of lines with some of HistoryColumns; without any it takes those that usually fit.
func (p *Printer) HistoryLines(columns []string) *HistoryLines {
	l := &HistoryLines{p: p, layout: layout{names: columns, forms: map[string]int{}}}
	if len(columns) > 0 {
		return l
	}
	l.layout.names = slices.Clone(usual)
	for i, least := range []int{120, 110, 100, 100, 80, 80, 60} { // of yielding
		if p.Width > 0 && p.Width < least {
			l.layout.yield(yielding[i])
		}
	}
	return l
}

// Write writes a webhook.
func (l *HistoryLines) Write(w *webhooks.Webhook, now time.Time) {
	head, table := l.p.historyTable([]*historyRow{rowOf(w, now)}, &l.layout)
	first := l.widths == nil
	if first {
		l.widths = make([]int, len(head))
		for i, name := range l.layout.names {
			l.widths[i] = max(len(head[i]), l.least(name))
		}
		l.line(head, l.p.faint)
	}
	l.line(table[0], func(s string) string { return s })
}

// least is the width of a column before its first cell, so that the later ones seldom move it.
func (l *HistoryLines) least(name string) int {
	event, result := eventRoom, "200 > app 200"
	if l.p.Width > 0 && l.p.Width < 100 {
		event = 18
	}
	if l.layout.forms["result"] > 0 {
		event, result = 17, "app 200"
	}
	return map[string]int{"id": 4, "when": 8, "direction": 1, "event": event, "endpoint": len("127.0.0.1:40000"),
		"result": len(result)}[name]
}

// line writes cells, each as wide as its column, and cuts the line at the width of the terminal.
func (l *HistoryLines) line(cells []string, paint func(string) string) {
	var b strings.Builder
	for i, cell := range cells {
		l.widths[i] = max(l.widths[i], min(lipgloss.Width(cell), 40))
		b.WriteString(paint(cell))
		if i < len(cells)-1 {
			b.WriteString(strings.Repeat(" ", max(l.widths[i]-lipgloss.Width(cell), 0)+2))
		}
	}
	text := strings.TrimRight(b.String(), " ")
	if l.p.Width > 0 {
		text = ansi.Truncate(text, l.p.Width, "…")
	}
	l.p.Line(text)
}
