package ui

import (
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// mostPadding is the widest column that is padded where there is no terminal: a long cell moves only its own line.
const mostPadding = 40

// Table writes rows under a head in aligned columns. Callers must escape the cells of a peer. On a terminal that is too
// narrow the widest column is cut; in a pipe every cell is whole.
func (p *Printer) Table(head []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	rows = p.fit(append([][]string{head}, rows...))
	widths := columnWidths(rows)
	var text strings.Builder
	for n, row := range rows {
		var line strings.Builder
		for col, cell := range row {
			most := widths[col]
			if p.Width <= 0 {
				most = min(most, mostPadding)
			}
			gap := strings.Repeat(" ", max(most-width(cell), 0)+2)
			if n == 0 {
				cell = p.faint(cell)
			}
			line.WriteString(cell + gap)
		}
		text.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	p.Printf("%s", text.String())
}

// columnWidths returns how wide the widest cell of each column is.
func columnWidths(rows [][]string) []int {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], width(cell))
		}
	}
	return widths
}

// width returns how many columns of a terminal a text takes. A history has a million cells, nearly all of them ASCII:
// those are not searched for wide characters and colours.
func width(text string) int {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return lipgloss.Width(text)
		}
	}
	return len(text)
}

// fit cuts the cells of the widest column until the table, its head in the first row, fits the width.
func (p *Printer) fit(rows [][]string) [][]string {
	if p.Width <= 0 {
		return rows
	}
	widths := columnWidths(rows)
	total := 2 * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	for total > p.Width {
		widest := 0
		for i, w := range widths {
			if w > widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= 4 {
			break
		}
		widths[widest]--
		total--
	}
	cut := p.renderer().NewStyle()
	for _, row := range rows {
		for i, cell := range row {
			if width(cell) > widths[i] {
				row[i] = cut.MaxWidth(max(widths[i]-1, 1)).Render(cell) + "…"
			}
		}
	}
	return rows
}

// renderer returns lipgloss with fixed settings: querying the terminal would stall for seconds if it does not answer.
func (p *Printer) renderer() *lipgloss.Renderer {
	profile := termenv.Ascii
	if p.Color {
		profile = termenv.ANSI
	}
	r := lipgloss.NewRenderer(io.Discard, termenv.WithProfile(profile), termenv.WithTTY(false))
	r.SetColorProfile(profile)
	r.SetHasDarkBackground(true)
	return r
}

// Records writes a table, or where the terminal is too narrow for it a block of Pairs for each row: no cell is cut.
func (p *Printer) Records(head []string, rows [][]string) {
	total := 2 * (len(head) - 1)
	for col := range head {
		widest := len(head[col])
		for _, row := range rows {
			widest = max(widest, width(row[col]))
		}
		total += widest
	}
	if p.Width <= 0 || total <= p.Width {
		p.Table(head, rows)
		return
	}
	for i, row := range rows {
		if i > 0 {
			p.Line("")
		}
		pairs := make([][2]string, len(row))
		for col := range row {
			pairs[col] = [2]string{strings.ToLower(head[col]), row[col]}
		}
		p.Pairs(pairs)
	}
}

// Pairs writes name and value in two aligned columns, without pairs of an empty value.
func (p *Printer) Pairs(pairs [][2]string) {
	width := 0
	for _, pair := range pairs {
		if pair[1] != "" {
			width = max(width, lipgloss.Width(pair[0]))
		}
	}
	for _, pair := range pairs {
		if pair[1] == "" {
			continue
		}
		gap := strings.Repeat(" ", width-lipgloss.Width(pair[0])+2)
		for i, line := range p.wrapped(pair[1], p.Width-width-2) {
			if i == 0 {
				p.Line(p.faint(pair[0]) + gap + line)
			} else {
				p.Line(strings.Repeat(" ", width+2) + line)
			}
		}
	}
}

// wrapped splits a text at blanks into lines that fit the width; a longer word, such as an address, stays whole unless
// the printer is of a pane. Lines are not split for an unknown or very small width.
func (p *Printer) wrapped(text string, width int) []string {
	lines := strings.Split(text, "\n")
	if p.Width <= 0 || width < 20 {
		return lines
	}
	var all []string
	for _, line := range lines {
		all = append(all, folded(line, width, p.Pane)...)
	}
	return all
}

// Broken breaks a line at blanks into lines of a width, and a longer word where it has to. Each line ends in the
// colours that it began with, and a colour goes on in the next one.
func Broken(line string, width int) []string { return folded(line, max(width, 1), true) }

func folded(line string, width int, words bool) (all []string) {
	for {
		cut := cutAt(line, width, words)
		rest := strings.TrimLeft(line[max(cut, 0):], " ")
		if cut < 0 || rest == "" {
			return recoloured(append(all, line))
		}
		all, line = append(all, strings.TrimRight(line[:cut], " ")), rest
	}
}

// recoloured has the colours that are in force at the end of a line end there and begin anew in the next line.
func recoloured(lines []string) []string {
	if len(lines) == 1 || !strings.Contains(strings.Join(lines, ""), "\x1b") {
		return lines
	}
	open := ""
	for i, line := range lines {
		lines[i] = open + line
		for rest := line; ; {
			_, after, ok := strings.Cut(rest, "\x1b[")
			code, next, ended := strings.Cut(after, "m")
			if !ok || !ended {
				break
			}
			if rest = next; endsColour(code) {
				open = ""
			} else {
				open += "\x1b[" + code + "m"
			}
		}
		if open != "" {
			lines[i] += "\x1b[0m"
		}
	}
	return lines
}

// endsColour reports whether the parameters of a sequence end what others began.
func endsColour(code string) bool {
	last := code[strings.LastIndex(code, ";")+1:]
	return slices.Contains([]string{"", "0", "22", "23", "24", "27", "39", "49"}, last)
}

// Lines breaks a text at blanks into lines that fit a width; a longer word stays whole. Further lines are indented. A
// width of 0 is unknown, and nothing is broken.
func Lines(text string, width int) string {
	p := Printer{Width: width}
	first := p.wrapped(text, width)
	if len(first) == 1 || width <= 0 {
		return text
	}
	rest := strings.TrimLeft(strings.TrimPrefix(text, first[0]), " ")
	return first[0] + "\n  " + strings.Join(p.wrapped(rest, width-2), "\n  ")
}

// cutAt returns where a line is broken to a width; -1 where it is not. That is at the last blank within the width, else
// where the width ends if words may be cut, else at the first blank.
func cutAt(line string, width int, words bool) int {
	columns, last := 0, -1
	for i := 0; i < len(line); {
		if sequence := colourAt(line[i:]); sequence > 0 {
			i += sequence
			continue
		}
		r, size := utf8.DecodeRuneInString(line[i:])
		if r == ' ' && columns > 0 {
			if last = i; columns >= width {
				return last
			}
		}
		wide := 1
		if r >= utf8.RuneSelf {
			wide = lipgloss.Width(string(r))
		}
		if columns+wide > width && columns > 0 && (last >= 0 || words) {
			if last < 0 {
				return i
			}
			return last
		}
		columns += wide
		i += size
	}
	return -1
}

// colourAt returns the length of the colour sequence that a text begins with; 0 without one.
func colourAt(text string) int {
	if !strings.HasPrefix(text, "\x1b[") {
		return 0
	}
	return strings.IndexByte(text, 'm') + 1
}
