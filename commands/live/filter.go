package live

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"github.com/barbhq/barb/commands/keys"
	"github.com/barbhq/barb/commands/query"
	"github.com/barbhq/barb/commands/ui"
)

// filter is what narrows the list.
type filter struct {
	*query.Query
	judged int // the seq up to which the history has said which rows it selects
	failed int // rows on which --where fails
}

// line is the filter while it is typed. The list shows what its words match; enter asks the history for the rest.
type line struct {
	text    string
	preview *query.Query
	mistake string             // why enter did not put it in force
	asking  context.CancelFunc // ends the question to the history; nil without one
}

// mostTyped is the length of the longest filter in bytes.
const mostTyped = 1000

// beginLine begins to type behind the filter in force.
func (s *Session) beginLine() {
	s.line = &line{preview: &query.Query{}}
	if f := s.list.filter; f != nil {
		s.line.text, s.line.preview = f.Text, f.Query
	}
	s.list.preview = s.line.preview
}

// endLine stops typing. The filter in force stays as it is.
func (s *Session) endLine() {
	s.line.stop()
	s.line, s.list.preview = nil, nil
}

// stop ends the question to the history.
func (l *line) stop() {
	if l.asking != nil {
		l.asking()
		l.asking = nil
	}
}

// edit types a key into the line.
func (s *Session) edit(ctx context.Context, key string) {
	row, _ := keys.Find(keys.Field, key)
	switch {
	case row.Action == keys.Take:
		s.enter(ctx)
	case row.Action == keys.Back:
		s.endLine()
	case key == "up":
		s.list.move(-1)
	case key == "down":
		s.list.move(1)
	default:
		s.line.edit(key)
		s.list.preview = s.line.preview
	}
}

func (l *line) edit(key string) {
	before := l.text
	text, isPasted := strings.CutPrefix(key, pasted)
	switch {
	case isPasted:
		text, _, _ = strings.Cut(text, "\n")
		l.text += printable(text)
	case key == "space":
		l.text += " "
	case key == "backspace":
		_, size := utf8.DecodeLastRuneInString(l.text)
		l.text = l.text[:len(l.text)-size]
	case key == "ctrl-u":
		l.text = ""
	case utf8.RuneCountInString(key) == 1:
		l.text += printable(key)
	}
	if len(l.text) > mostTyped {
		l.text = strings.ToValidUTF8(l.text[:mostTyped], "")
	}
	if l.text == before {
		return
	}
	l.stop()
	l.mistake = ""
	if q, err := query.Read(l.text); err == nil { // half a filter changes nothing yet
		l.preview = q
	}
}

// printable drops what steers a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || string(r) != ui.EscapeLine(string(r)) {
			return -1
		}
		return r
	}, s)
}

// enter puts the typed filter in force. The history is asked beside the keys; until it has answered, and after a
// mistake, the line stays.
func (s *Session) enter(ctx context.Context) {
	l := s.line
	if l.asking != nil {
		return
	}
	q, err := query.Read(l.text)
	if err == nil {
		err = q.Fix(ids(s.list.rows))
	}
	switch {
	case err != nil:
		l.mistake = query.Reason(err)
		return
	case q.IsEmpty():
		s.list.filter = nil
		s.endLine()
		return
	case !q.Selects():
		s.list.filter = &filter{Query: q}
		s.endLine()
		return
	}
	rows := slices.Clone(s.list.rows)
	ctx, l.asking = context.WithCancel(ctx)
	s.beside(func() {
		found, err := s.Find(ctx, q, ids(rows))
		s.mu.Lock()
		defer s.mu.Unlock()
		if ctx.Err() != nil { // it was typed on, or barb ends
			return
		}
		l.stop()
		if err == nil && len(found.IDs) == 0 {
			err = found.Mistake
		}
		if err != nil {
			l.mistake = query.Reason(err)
			return
		}
		s.list.filter = &filter{Query: q}
		s.list.judge(rows, found)
		s.endLine()
		s.tellArrived()
	})
}

// beside runs a function beside the keys, and draws the footer afterwards.
func (s *Session) beside(do func()) {
	s.group.Go(func() {
		well := false
		defer func() {
			if !well { // it panics
				s.Terminal.Restore()
			}
		}()
		do()
		well = true
		s.Footer.Redraw()
	})
}

// tellArrived has judgeArrived look at the rows that have come.
func (s *Session) tellArrived() {
	select {
	case s.arrived <- struct{}{}:
	default: // it has been told
	}
}

// judgePace is the time between two questions to the history about rows that have come.
const judgePace = 100 * time.Millisecond

// judgeArrived asks the history which of the rows that have come the filter in force selects, until ctx ends.
func (s *Session) judgeArrived(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.arrived:
		}
		s.mu.Lock()
		f, rows := s.list.filter, s.list.unjudged()
		s.mu.Unlock()
		if len(rows) == 0 {
			continue
		}
		found, err := s.Find(ctx, f.Query, ids(rows))
		s.mu.Lock()
		if s.list.filter == f {
			s.list.judge(rows, found)
			if err != nil && ctx.Err() == nil {
				s.notice = "the filter left out what came: " + query.Reason(err)
			}
		}
		s.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-time.After(judgePace):
		}
	}
}

// show returns the line with a cursor, its end where it does not fit into a width.
func (l *line) show(width int) string {
	text := "/" + l.text + "▏"
	if over := ansi.StringWidth(text) - width; over > 0 {
		return ansi.TruncateLeft(text, over+1, "…")
	}
	return text
}

// help says what the keys do while the line is typed, or why enter did nothing.
func (l *line) help(width int) string {
	switch {
	case l.asking != nil:
		return "looking in the history …  " + keys.Footer(keys.Second, width, keys.Anything)
	case l.mistake != "":
		return ui.EscapeLine(l.mistake)
	}
	return keys.Footer(keys.Field, width, keys.Anything) + "  for example words status:5xx --failed 40..47"
}

// empty says why there is no row to act on.
func (s *Session) empty() string {
	if f := s.list.filter; f != nil && len(s.list.rows) > 0 {
		return fmt.Sprintf("nothing matches %s; esc clears the filter", f)
	}
	return "no webhook has come yet"
}
