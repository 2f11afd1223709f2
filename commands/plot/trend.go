package plot

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// Gap is the value of a step of time without a sample.
var Gap = math.NaN()

// Trend is one figure over time.
type Trend struct {
	Name   string
	Values []float64 // one for each step of time, or Gap
	Bottom float64   // the value of the lowest bar
	Note   string
}

// trendGap is how many columns are between a name, its bars and its note.
const trendGap = 2

// Trends draws figures below each other, a line each: its name, a bar for each step of time, and a note.
func Trends(rows []Trend) []string {
	name := 0
	for _, r := range rows {
		name = max(name, utf8.RuneCountInString(r.Name))
	}
	gap := strings.Repeat(" ", trendGap)
	lines := make([]string, len(rows))
	for i, r := range rows {
		pad := strings.Repeat(" ", name-utf8.RuneCountInString(r.Name))
		lines[i] = strings.TrimRight(fmt.Sprint(r.Name, pad, gap, r.draw(), gap, r.Note), " ")
	}
	return lines
}

// TrendRoom returns how many steps of time have room in a width beside names and notes of those lengths.
func TrendRoom(width, name, note int) int { return max(width-name-note-2*trendGap, 4) }

// draw returns a bar for each value: the lowest for Bottom, none for a gap.
func (r *Trend) draw() string {
	top := r.Bottom
	for _, v := range r.Values {
		if !math.IsNaN(v) {
			top = max(top, v)
		}
	}
	var b strings.Builder
	for _, v := range r.Values {
		switch {
		case math.IsNaN(v):
			b.WriteRune(' ')
		case top <= r.Bottom:
			b.WriteRune(eighths[1])
		default:
			b.WriteRune(eighths[1+int(math.Round(7*max(v-r.Bottom, 0)/(top-r.Bottom)))])
		}
	}
	return b.String()
}
