package ui

import (
	"bytes"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/units"
)

// usualLine is memory for the lines that writeUsual writes.
type usualLine struct {
	texts    []byte       // of all columns
	ends     [columns]int // of their texts
	line     []byte       // as it is written
	size     int64        // of the last body
	sizeText string       // and how it is written
}

// writeUsual writes the line of a webhook as Write does, without colours, cells and formats. It reports whether it did.
// It is for lines that nobody watches, in a file or a pipe: no column is cut and nothing is coloured. The webhook was
// taken, and neither a fault nor an app has anything to say.
func (l *HookLines) writeUsual(h *Hook) bool {
	x := h.Exchange
	if l.P.Color || l.P.Width != 0 || len(h.Apps) > 0 || h.Again || h.Handshake != "" || x.Scripted != "" ||
		x.Late != nil || x.Err != nil || x.Response == nil || x.EventType == "" || x.Scheme == "" ||
		x.Verdict.Status == record.Invalid || !isShortASCII(x.Scheme) || !isShortASCII(x.EventType) {
		return false
	}
	u := &l.usual
	t := x.Start.Local().AppendFormat(u.texts[:0], time.TimeOnly)
	u.ends[colWhen] = len(t)
	t = strconv.AppendInt(t, x.ID, 10)
	u.ends[colID] = len(t)
	t = append(append(append(t, x.Scheme...), ' '), x.EventType...)
	u.ends[colWhat] = len(t)
	if n := int64(len(x.Request.Body)); n != u.size || u.sizeText == "" {
		u.size, u.sizeText = n, units.RoundSize(n)
	}
	t = append(t, u.sizeText...)
	u.ends[colSize] = len(t)
	t = append(t, x.Verdict.Words()...)
	u.ends[colVerdict] = len(t)
	t = strconv.AppendInt(append(t, "→ "...), int64(x.Response.Status), 10)
	u.ends[colAnswer] = len(t)
	if ms := x.Took.Round(time.Millisecond).Milliseconds(); x.Took >= time.Millisecond && x.Took < time.Second {
		t = append(strconv.AppendInt(t, ms, 10), "ms"...)
	} else {
		t = append(t, Duration(x.Took)...)
	}
	u.ends[colTook] = len(t)
	if len(x.Marks) > 0 || x.Run != nil {
		t = append(t, Marks(x)...)
	}
	u.ends[colNotes], u.texts = len(t), t
	l.P.writeLine(l.joinUsual())
	return true
}

// joinUsual is join for the texts of writeUsual.
func (l *HookLines) joinUsual() []byte {
	u, from := &l.usual, 0
	out := u.line[:0]
	for i, end := range u.ends {
		text := u.texts[from:end]
		from = end
		width := utf8.RuneCount(text) // of ASCII, → and µ
		if i == colNotes && width > 0 && l.grown[i] == 0 {
			l.grown[i] = len("duplicate of 17")
		}
		l.grown[i] = max(l.grown[i], min(width, widest[i]))
		if l.grown[i] == 0 || i == colNotes && width == 0 {
			continue
		}
		if len(out) > 0 {
			out = append(out, gap(i)...)
		}
		pad := strings.Repeat(" ", max(l.grown[i]-width, 0))
		switch i {
		case colID, colSize, colTook:
			out = append(append(out, pad...), text...)
		case colNotes:
			out = append(out, text...)
		default:
			out = append(append(out, text...), pad...)
		}
	}
	u.line = append(bytes.TrimRight(out, " "), '\n')
	return u.line
}

// isShortASCII reports whether a text is shown as it is, in one column a byte.
func isShortASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return len(s) <= 60
}

// writeLine writes a whole line unchanged.
func (p *Printer) writeLine(line []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		_, p.err = p.W.Write(line)
	}
}
