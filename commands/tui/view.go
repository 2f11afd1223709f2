package tui

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/barbhq/barb/commands/keys"
	"github.com/barbhq/barb/commands/plot"
	"github.com/barbhq/barb/commands/queued"
	"github.com/barbhq/barb/commands/ui"
)

// View draws a state on a screen of its width and height: exactly so many lines, none of them wider.
func View(s State) string {
	width, height := s.Width, s.Height
	if width <= 0 || height <= 0 {
		return ""
	}
	d := drawing{s: &s, p: &ui.Printer{Color: s.Color, Overlooked: s.Overlooked}}
	lines := []string{d.title()}
	switch {
	case s.over != nil:
		lines = append(lines, d.over(s.over, width, height-otherLines, true)...)
	case s.queue != nil:
		lines = append(lines, d.queue(rect{0, 1, width, max(height-otherLines, 1)})...)
	default:
		lines = append(lines, d.panes()...)
	}
	below := append(strings.Split(d.notices(), "\n"), d.keys())
	lines = append(lines[:max(min(len(lines), height-len(below)), 1)], below...)
	if len(lines) > height { // of an extremely low terminal: the keys matter least
		lines = lines[:height]
	}
	for i, line := range lines {
		lines[i] = fit(line, width)
	}
	return strings.Join(lines, "\n")
}

// drawing is a state while it is drawn.
type drawing struct {
	s *State
	p *ui.Printer
}

// fit cuts or pads a line to a width.
func fit(line string, width int) string {
	w := ansi.StringWidth(line)
	if w > width {
		line = ansi.Truncate(line, width, "…")
		w = ansi.StringWidth(line)
	}
	return line + strings.Repeat(" ", max(width-w, 0))
}

// sgr returns a text with an attribute, where there is colour.
func (d *drawing) sgr(code, text string) string {
	if !d.s.Color {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (d *drawing) reverse(text string) string { return d.sgr("7", text) }

// title is the first line: what is shown, and how live it is.
func (d *drawing) title() string {
	s := d.s
	left := d.p.Title("barb") + "  "
	if s.Counts != "" {
		left += ui.EscapeLine(s.Counts)
	} else {
		left += ui.Clip(nameOf(s.Path), 40)
	}
	return between(left, d.live(), s.Width)
}

// nameOf is a history in a few words: the name of a file, or server and database.
func nameOf(path string) string {
	_, server, ok := strings.Cut(path, "://")
	if !ok {
		return filepath.Base(path)
	}
	server, _, _ = strings.Cut(server, "?")
	return server[strings.LastIndex(server, "@")+1:]
}

// live says whether the view follows, what waits, and the rate.
func (d *drawing) live() string {
	s, right := d.s, "○ not following"
	switch n := len(s.list.waiting); {
	case s.unread != "":
		right = d.sgr("31", "○") + " not read"
	case s.follow:
		right = d.sgr("32", "●") + " following"
	case s.list.missed:
		right = fmt.Sprintf("○ more than %d new", n)
	case n > 0:
		right = fmt.Sprintf("○ %d new", n)
	}
	if at := s.list.at + 1 + len(s.list.above)*pageRows; len(s.list.rows) > 0 {
		total := strconv.Itoa(len(s.list.rows) + len(s.list.above)*pageRows)
		if s.list.more {
			total += "+"
		}
		right = fmt.Sprintf("%d/%s  ", at, total) + right
	}
	if s.Width >= besideFrom && slices.ContainsFunc(s.rates, func(n int64) bool { return n > 0 }) {
		right = plot.Spark(s.rates, rateSeconds) + fmt.Sprintf(" %d/s  ", slices.Max(s.rates)) + right
	}
	return right
}

// between puts a text at either end of a line. The left one is cut where both have no room.
func between(left, right string, width int) string {
	room := width - ansi.StringWidth(right) - 1
	if room < 4 {
		return fit(left, width)
	}
	return fit(left, room) + " " + right
}

// panes draws the panes that are shown, line by line.
func (d *drawing) panes() []string {
	l := d.s.layout()
	if !l.beside || d.s.zoomed {
		return slices.Concat(d.list(l.list), d.detail(l.detail), d.third(l.third))
	}
	columns := [][]string{d.list(l.list), d.detail(l.detail)}
	if l.third.h > 0 {
		columns = append(columns, d.third(l.third))
	}
	lines := columns[0]
	for _, column := range columns[1:] {
		for i := range lines {
			lines[i] += d.p.Faint("│") + column[i]
		}
	}
	return lines
}

// block returns a number of lines, each of them as wide as a pane.
func block(lines []string, r rect) []string {
	all := make([]string, max(r.h, 0))
	for i := range all {
		line := ""
		if i < len(lines) {
			line = lines[i]
		}
		all[i] = fit(line, r.w)
	}
	return all
}

// detail draws the open webhook, or what an action said of it.
func (d *drawing) detail(r rect) []string {
	s := d.s
	if r.h <= 0 {
		return nil
	}
	if s.result != nil && s.layout().third.h == 0 {
		return d.over(s.result, r.w, r.h, s.pane == detailPane)
	}
	lines := []string{d.sections(r.w)}
	switch {
	case s.chosen() == nil:
		return block(append(lines[:0], d.p.Faint(strings.Repeat("─", r.w))), r)
	case s.detail.mistake != "":
		lines = append(lines, wrapWords(strings.Split(ui.Escape(s.detail.mistake), "\n"), r.w)...)
	case s.detail.at < len(s.detail.lines):
		lines = append(lines, s.detail.lines[s.detail.at:]...)
	}
	return block(lines, r)
}

// sections is the line above the detail: the id, and the sections, the open one marked.
func (d *drawing) sections(width int) string {
	s := d.s
	id := ""
	if s.detail.id != 0 {
		id = "#" + strconv.FormatInt(s.detail.id, 10) + " "
	}
	mark := ""
	if total, shown := len(s.detail.lines), s.layout().detail.lines(); total > shown {
		mark = fmt.Sprintf(" %d%%", min(100, (s.detail.at+shown)*100/total))
	}
	if s.detail.section == bodySection && s.detail.form > 0 {
		mark += " " + formNames[s.detail.form]
	}
	var names []string
	for i, name := range keys.Sections {
		text := fmt.Sprintf("%d %s", i+1, name)
		if i == s.detail.section {
			text = d.open(text)
		}
		names = append(names, text)
	}
	line := strings.Join(names, "  ")
	if ansi.StringWidth(id+line+mark) > width-2 { // the open one only
		line = fmt.Sprintf("%s  [ ] %d of %d", d.open(keys.Sections[s.detail.section]), s.detail.section+1, len(names))
	}
	return d.bar(id+line+mark, width, s.pane == detailPane)
}

// open is the name of the open section.
func (d *drawing) open(name string) string {
	if d.s.Color {
		return d.sgr("1;4", name)
	}
	return "[" + name + "]"
}

// bar is a line that heads a pane, with a mark where the keys act on the pane.
func (d *drawing) bar(text string, width int, focused bool) string {
	mark, rest := "─ ", width-ansi.StringWidth(text)-3
	if focused {
		mark = "▶ "
	}
	return fit(d.p.Faint(mark)+text+" "+d.p.Faint(strings.Repeat("─", max(rest, 0))), width)
}

// third draws the third pane: what an action said, else the answer.
func (d *drawing) third(r rect) []string {
	s := d.s
	if r.h <= 0 {
		return nil
	}
	if s.result != nil {
		return d.over(s.result, r.w, r.h, s.pane == thirdPane)
	}
	lines := []string{d.bar(keys.Sections[answerSection], r.w, s.pane == thirdPane)}
	if s.detail.thirdAt < len(s.detail.third) {
		lines = append(lines, s.detail.third[s.detail.thirdAt:]...)
	}
	return block(lines, r)
}

// over draws a text in place of panes.
func (d *drawing) over(o *over, width, height int, focused bool) []string {
	mark, shown := "", height-barLines
	if len(o.lines) > shown && len(o.lines) > 0 {
		mark = fmt.Sprintf("  %d%%", min(100, (o.at+shown)*100/len(o.lines)))
	}
	lines := []string{d.bar(ui.Clip(o.title, max(width-14, 10))+mark+"  esc", width, focused)}
	if o.at < len(o.lines) {
		lines = append(lines, o.lines[o.at:]...)
	}
	return block(lines, rect{w: width, h: height})
}

// notices is the last line but one: what is typed, what was done, or what the list shows.
func (d *drawing) notices() string {
	s := d.s
	switch {
	case s.field != nil:
		return d.field(s.field)
	case s.copying:
		return strings.Join(keys.LetterLines(keys.Terminal, s.Width), "\n")
	case s.notice.text != "":
		return d.notice()
	case s.running != "":
		return ui.EscapeLine(s.running) + " …"
	case s.unread != "":
		return d.mistaken("", s.unread)
	case s.list.mistake != "":
		return d.mistaken("", s.list.mistake)
	case s.queue != nil && s.queue.mistake != "" && s.queue.list != nil:
		return d.mistaken("", s.queue.mistake)
	case s.queue != nil:
		return d.p.Faint(queued.Parts[s.queue.part].Command)
	case len(s.picked) > 0:
		return fmt.Sprintf("%d selected; esc drops the selection", len(s.picked))
	case s.filter != "":
		return "filter " + ui.EscapeLine(s.filter) + d.p.Faint("  esc clears it")
	}
	return d.p.Faint(ui.EscapeLine(s.detail.title))
}

// notice draws what an action said, in as many lines as that takes.
func (d *drawing) notice() string {
	var lines []string
	for line := range strings.Lines(d.s.notice.text) {
		lines = append(lines, ui.EscapeLine(strings.TrimSuffix(line, "\n")))
	}
	lines = wrapWords(lines, d.s.Width)
	if d.s.notice.bad {
		for i, line := range lines {
			lines[i] = d.sgr("31", line)
		}
	}
	return strings.Join(lines, "\n")
}

// field draws a line in which something is typed, with its cursor.
func (d *drawing) field(f *field) string {
	prompt := prompts[f.purpose]
	runes := []rune(f.text)
	at := max(min(f.at, len(runes)), 0)
	under, after := " ", ""
	if at < len(runes) {
		under, after = string(runes[at]), string(runes[at+1:])
	}
	cursor := "▏" + strings.TrimSuffix(under, " ")
	if d.s.Color {
		cursor = d.reverse(under)
	}
	before := string(runes[:at])
	room := max(d.s.Width-len(prompt)-2, 1)
	if w := ansi.StringWidth(before); w > room {
		before = "…" + ansi.TruncateLeft(before, w-room+1, "")
	}
	line := prompt + before + cursor + after
	help := f.help
	if f.purpose == forAction {
		var found []string
		for _, r := range named(f.text, d.s.nameable(), d.s.has()) {
			found = append(found, string(r.Action))
		}
		help = strings.Join(found, "  ")
	}
	if f.mistake != "" {
		return d.mistaken(line, f.mistake)
	}
	return line + "  " + d.p.Faint(help)
}

// mistaken puts what is wrong with a field behind it, or below where that has more room.
func (d *drawing) mistaken(line, mistake string) string {
	text := strings.Split(ui.Escape(mistake), "\n")
	if len(text) == 1 && line != "" && ansi.StringWidth(line)+2+ansi.StringWidth(text[0]) <= d.s.Width {
		return line + "  " + d.sgr("31", text[0])
	}
	var lines []string
	if line != "" {
		lines = append(lines, line)
	}
	for _, one := range wrapWords(text, d.s.Width) {
		lines = append(lines, d.sgr("31", one))
	}
	return strings.Join(lines, "\n")
}

// keys is the last line: the keys that do something here.
func (d *drawing) keys() string {
	s := d.s
	switch {
	case s.field != nil:
		return d.p.Faint(keys.Footer(keys.Field, s.Width, s.has()))
	case s.copying:
		return d.p.Faint(keys.Footer(keys.Second, s.Width, s.has()))
	}
	return d.p.Faint(keys.Footer(s.view(), s.Width, s.has()))
}
