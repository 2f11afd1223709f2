package command

import "strings"

const (
	// maxOutput is how many bytes of a program's output are shown for one webhook, maxLine how many in one line.
	maxOutput = 64 << 10
	maxLine   = 2 << 10
)

// lineWriter hands on what a program prints, a line at a time and not without end. One goroutine writes.
type lineWriter struct {
	say   func(line string)
	line  []byte
	shown int // bytes
}

// Write takes everything, so that a program does not fail for having printed too much.
func (w *lineWriter) Write(p []byte) (int, error) {
	for _, c := range p {
		switch {
		case w.shown > maxOutput:
			return len(p), nil
		case w.shown == maxOutput:
			w.end()
			w.say("… (output truncated)")
		case c == '\n':
			w.flush()
		default:
			if w.line = append(w.line, c); len(w.line) >= maxLine {
				w.flush()
			}
		}
		w.shown++
	}
	return len(p), nil
}

// flush hands on what there is of a line.
func (w *lineWriter) flush() {
	w.say(strings.TrimSuffix(string(w.line), "\r"))
	w.line = w.line[:0]
}

// end hands on a last line that has no line break.
func (w *lineWriter) end() {
	if len(w.line) > 0 {
		w.flush()
	}
}
