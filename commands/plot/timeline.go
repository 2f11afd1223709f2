package plot

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Span is a piece of a timeline, as times since its beginning.
type Span struct {
	From, To time.Duration
	Wait     time.Duration // between the end of all before and From; less than 0 where they overlap
	Cut      time.Duration // how much of Wait is left out of From and To; 0: nothing
}

const (
	// breakAt is how many times longer than all the rest a wait may be before it is cut short.
	breakAt  = 10
	shortGap = 0.24 // of all the rest, for a wait that was cut short
)

// Timeline puts pieces on one scale, each with when it began, since the first, and how long it took. It returns the
// length of the scale, more than 0. A wait ten times longer than all the rest together is cut short.
func Timeline(begun, took []time.Duration) (spans []Span, length time.Duration) {
	spans = make([]Span, len(begun))
	end := time.Duration(0)
	for i, from := range begun {
		from = max(from, 0)
		spans[i] = Span{From: from, To: from + took[i], Wait: from - end}
		end = max(end, from+took[i])
	}
	cutWaits(spans, end)
	length = 1
	for _, s := range spans {
		length = max(length, s.To)
	}
	return spans, length
}

// cutWaits takes time out of waits that are much longer than all the rest.
func cutWaits(spans []Span, end time.Duration) {
	for i := range spans {
		rest := max(end-spans[i].Wait, time.Millisecond)
		if spans[i].Wait <= 0 || spans[i].Wait < breakAt*rest {
			continue
		}
		cut := spans[i].Wait - time.Duration(float64(rest)*shortGap)
		spans[i].Cut = cut
		for j := i; j < len(spans); j++ {
			spans[j].From -= cut
			spans[j].To -= cut
		}
	}
}

// DrawTimeline draws each piece as a line in a width: its name, a dotted wait, a bar and a note. A wait that was cut
// short has a gap in its middle.
func DrawTimeline(spans []Span, length time.Duration, names, notes []string, width int) []string {
	name, note := 0, 0
	for i := range spans {
		name = max(name, utf8.RuneCountInString(names[i]))
		note = max(note, utf8.RuneCountInString(notes[i]))
	}
	room := max(width-name-note-4, 8)
	at := func(d time.Duration) int { return int(int64(max(d, 0)) * int64(room-1) / int64(length)) }
	lines := make([]string, len(spans))
	for i, s := range spans {
		from, wide := at(s.From), max(at(s.To)-at(s.From), 1)
		waits := 0
		if s.Wait > 0 && i > 0 {
			waits = from - at(s.From-(s.Wait-s.Cut))
		}
		line := strings.Repeat(" ", from-waits) + strings.Repeat("·", waits)
		if s.Cut > 0 && waits > 2 {
			runes := []rune(line)
			runes[len(runes)-waits/2-1] = ' '
			line = string(runes)
		}
		line += strings.Repeat("█", min(wide, room-from))
		pad := strings.Repeat(" ", room-utf8.RuneCountInString(line))
		lines[i] = strings.TrimRight(fmt.Sprintf("%*s  %s%s  %s", name, names[i], line, pad, notes[i]), " ")
	}
	return lines
}
