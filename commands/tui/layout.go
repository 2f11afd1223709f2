package tui

// The widths from which panes stand beside each other.
const (
	besideFrom = 100 // list and detail
	threeFrom  = 180 // list, detail, and the answer or what an action said
)

// rect is a part of the screen, in columns and lines.
type rect struct{ x, y, w, h int }

func (r rect) holds(x, y int) bool { return x >= r.x && x < r.x+r.w && y >= r.y && y < r.y+r.h }

// layout is where the panes are; one without height is not shown. The first line is the title, the last but one is for
// notices, and the last for keys.
type layout struct {
	list, detail, third rect
	beside              bool
}

const (
	otherLines = 3 // title, notices, keys
	barLines   = 1 // above the detail: its sections
)

// layout returns where the panes are.
func (s *State) layout() (l layout) {
	width, height := max(s.Width, 1), max(s.Height-otherLines, 1)
	all := rect{0, 1, width, height}
	l.beside = width >= besideFrom
	switch {
	case s.zoomed && s.pane == listPane:
		l.list = all
	case s.zoomed && s.pane == thirdPane && width >= threeFrom:
		l.third = all
	case s.zoomed:
		l.detail = all
	case width >= threeFrom:
		first, second := width*34/100, width*36/100
		l.list = rect{0, 1, first, height}
		l.detail = rect{first + 1, 1, second, height}
		l.third = rect{first + second + 2, 1, width - first - second - 2, height}
	case l.beside:
		first := width * 44 / 100
		l.list, l.detail = rect{0, 1, first, height}, rect{first + 1, 1, width - first - 1, height}
	default:
		rows := max((height-barLines)*2/5, 1)
		l.list, l.detail = rect{0, 1, width, rows}, rect{0, 1 + rows, width, height - rows}
	}
	return l
}

// lines returns how many lines of a text a pane with a bar shows.
func (r rect) lines() int { return max(r.h-barLines, 0) }

// textWidth returns how wide the lines of the detail are.
func (l *layout) textWidth() int {
	if l.detail.w > 0 {
		return l.detail.w
	}
	return max(l.third.w, l.list.w)
}
