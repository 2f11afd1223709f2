package ui

import (
	"io"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/lipgloss/table"
	"github.com/muesli/termenv"
)

// Table writes rows under a head in aligned columns. Cells are taken as they are: escape what a peer sent. On a terminal
// that is too narrow the widest column gives way.
func (p *Printer) Table(head []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	rows = p.fit(append([][]string{head}, rows...))
	head, rows = rows[0], rows[1:]
	style := p.renderer().NewStyle()
	t := table.New().
		Border(lipgloss.Border{}).BorderTop(false).BorderBottom(false).BorderLeft(false).BorderRight(false).
		BorderHeader(false).BorderColumn(false).
		Headers(head...).Rows(rows...).
		StyleFunc(func(row, col int) lipgloss.Style {
			cell := style
			if col < len(head)-1 {
				cell = cell.PaddingRight(2)
			}
			if row == table.HeaderRow {
				return cell.Faint(p.Color)
			}
			return cell
		})
	for line := range strings.Lines(t.Render()) {
		p.Line(strings.TrimRight(line, " \n"))
	}
}

// fit cuts the cells of the widest column until the table, its head in the first row, fits the width.
func (p *Printer) fit(rows [][]string) [][]string {
	if p.Width <= 0 {
		return rows
	}
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], lipgloss.Width(cell))
		}
	}
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
			if lipgloss.Width(cell) > widths[i] {
				row[i] = cut.MaxWidth(max(widths[i]-1, 1)).Render(cell) + "…"
			}
		}
	}
	return rows
}

// renderer is lipgloss told what it may do: asking the terminal would stall for seconds on one that does not answer.
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

// Pairs writes name and value in two aligned columns; pairs with an empty value are left out.
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
		for i, line := range strings.Split(pair[1], "\n") {
			if i == 0 {
				p.Line(p.faint(pair[0]) + gap + line)
			} else {
				p.Line(strings.Repeat(" ", width+2) + line)
			}
		}
	}
}
