package live

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/charmbracelet/x/ansi"

	"github.com/barbhq/barb/commands/keys"
	"github.com/barbhq/barb/commands/query"
	"github.com/barbhq/barb/commands/ui"
)

// Session is barb listen while it has keys. While it follows, the newest webhook is chosen and lines scroll by; else
// they are held back, and a list of them to choose from stands above the footer.
type Session struct {
	Terminal *Terminal
	Footer   *ui.Footer    // draws Text, and holds back what is written
	Counts   func() string // what the footer says of the listener
	Columns  func() int    // current width of the terminal
	Screen   io.Writer     // writes above the footer, also while other output is held back
	Commands Commands
	Quit     func()
	View     func(ctx context.Context) // draws on the whole terminal until the person leaves it
	// Find returns which rows a filter selects by the history; ids are those of the rows.
	Find func(ctx context.Context, q *query.Query, ids []int64) (query.Found, error)

	mu      sync.Mutex
	lines   ui.HookLines // writes the rows of the list
	list    list
	looks   bool          // at the list, instead of following
	line    *line         // in which a filter is typed; nil: none is
	copying bool          // y was pressed, and its letter is awaited
	table   bool          // of the keys stands above the footer
	notice  string        // in place of the keys, until the next key
	arrived chan struct{} // a row has come
	running string
	cancel  context.CancelFunc // ends the action that runs
	group   sync.WaitGroup
}

// Start reads keys until end is called or ctx ends. The terminal is then as it was before. end may be called twice.
func (s *Session) Start(ctx context.Context) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	s.arrived = make(chan struct{}, 1)
	s.mu.Unlock()
	s.beside(func() { s.judgeArrived(ctx) })
	s.group.Go(func() {
		_ = s.Terminal.Read(ctx, func(key string) { s.press(ctx, key) }) // a terminal that is gone presses no more keys
	})
	return func() {
		cancel()
		s.group.Wait()
	}
}

// press does what a key asks for.
func (s *Session) press(ctx context.Context, key string) {
	switch key {
	case suspend:
		s.Footer.Hide()
		return
	case continued:
		s.Footer.Show()
		return
	}
	s.mu.Lock()
	looked, then := s.looks, func() {}
	if s.notice = ""; s.line != nil {
		s.edit(ctx, key)
	} else if s.copying {
		s.copyLetter(ctx, key)
	} else if row, ok := keys.Find(keys.Listen, key); ok {
		then = s.act(ctx, row.Action)
	}
	looks := s.looks
	s.mu.Unlock()
	if looks != looked {
		s.Footer.Hold(looks)
	}
	then()
	s.Footer.Redraw()
}

// act does what an action does to the list, and returns what is left to do once the list is free.
func (s *Session) act(ctx context.Context, action keys.Action) (then func()) {
	then = func() {}
	open := s.table
	s.table = action == keys.Help && !open
	switch action {
	case keys.Previous, keys.Next:
		s.look()
		s.list.move(map[keys.Action]int{keys.Previous: -1, keys.Next: 1}[action])
	case keys.Filter:
		s.look()
		s.beginLine()
	case keys.Follow:
		if s.looks {
			s.follow()
		} else {
			s.look()
		}
	case keys.Back:
		switch {
		case open:
		case s.cancel != nil:
			s.cancel()
		case s.list.filter != nil:
			s.list.filter = nil
		case s.looks:
			s.follow()
		}
	case keys.Quit:
		then = s.Quit
	case keys.Screen:
		if s.View != nil {
			then = func() { s.lend(ctx) }
		}
	case keys.Copy:
		if s.copying = s.list.chosen(s.list.matching()) >= 0; !s.copying {
			s.notice = s.empty()
		}
	case keys.Open, keys.Replay, keys.Explain, keys.CopyCurl, keys.Pin:
		s.start(ctx, string(action), func(ctx context.Context, r row) { s.do(ctx, action, r) })
	}
	return then
}

// copyLetter copies what a letter after y stands for.
func (s *Session) copyLetter(ctx context.Context, key string) {
	s.copying = false
	if l, ok := keys.AfterY(keys.Listen, key); ok {
		s.start(ctx, string(keys.Copy), func(ctx context.Context, r row) { s.copy(ctx, l, r) })
		return
	}
	if row, _ := keys.Find(keys.Second, key); row.Action != keys.Back {
		s.notice = "y " + key + " copies nothing"
	}
}

// lend leaves the terminal to the view that fills it.
func (s *Session) lend(ctx context.Context) {
	back := s.Footer.Lend()
	defer back()
	s.Terminal.leave()
	s.View(ctx)
}

// look stops following: the list appears, and stays as it is but for what comes.
func (s *Session) look() {
	if !s.looks {
		some := s.list.matching()
		if at := s.list.chosen(some); at >= 0 {
			s.list.byHand = some[at].seq
		}
		s.list.still()
	}
	s.looks = true
}

// follow chooses the newest webhook from now on.
func (s *Session) follow() {
	s.looks, s.list.until, s.list.byHand, s.list.filter = false, 0, 0, nil
}

// start does something with the chosen webhook beside the session, unless something is being done.
func (s *Session) start(ctx context.Context, name string, do func(context.Context, row)) {
	some := s.list.matching()
	at := s.list.chosen(some)
	switch {
	case s.running != "":
		return
	case at < 0:
		s.notice = s.empty()
		return
	}
	r := some[at]
	s.running = fmt.Sprintf("%s %d", name, r.id)
	ctx, s.cancel = context.WithCancel(ctx)
	s.beside(func() {
		do(ctx, r)
		s.mu.Lock()
		s.cancel()
		s.running, s.cancel = "", nil
		s.mu.Unlock()
	})
}

const (
	mostShown  = 8 // rows of the list
	otherLines = 6 // that the list leaves of a terminal
	belowTable = 2 // lines below the table of keys
)

// shownIn returns how many rows of the list a terminal of that many lines has room for; 0 lines are unknown.
func shownIn(lines int) int {
	if lines == 0 {
		return mostShown
	}
	return min(mostShown, max(lines-otherLines, 1))
}

// Text returns what stands at the bottom of the terminal: the table of keys or the list, where one is open, then the
// counts and the keys.
func (s *Session) Text() string {
	columns, height := s.Columns(), s.Terminal.Lines()
	s.mu.Lock()
	defer s.mu.Unlock()
	some, status := s.list.matching(), s.Counts()
	if s.looks {
		status = s.standing(len(some), columns-1)
	}
	var lines []string
	if s.table {
		lines = keys.List(keys.Listen)
		if room := height - belowTable; height > 0 && len(lines) > room {
			lines = lines[:max(room, 1)]
		}
	} else if s.copying {
		lines = keys.LetterLines(keys.Listen, columns-1)
	} else if at := s.list.chosen(some); s.looks && at >= 0 {
		shown, at := around(some, at, shownIn(height))
		for i, r := range shown {
			mark := " "
			if i == at {
				mark = ui.Chosen
			}
			lines = append(lines, ansi.Truncate(mark+" "+r.line, max(columns-1, 0), "…"))
		}
	}
	return strings.Join(append(lines, status, s.keys(len(some), columns-1)), "\n")
}

// keys returns the last line: what keys do now, or why one did nothing.
func (s *Session) keys(matching, width int) string {
	switch {
	case s.line != nil:
		return s.line.help(width)
	case s.copying:
		return keys.Footer(keys.Second, width, keys.Anything)
	case s.notice != "":
		return ui.EscapeLine(s.notice)
	case s.running != "":
		return s.running + " …  " + keys.Footer(keys.Second, width, keys.Anything)
	}
	return keys.Footer(keys.Listen, width, s.has(matching))
}

// has returns what the listener has, for the keys that need it.
func (s *Session) has(matching int) (has keys.On) {
	if matching > 0 {
		has |= keys.AWebhook
	}
	if s.View != nil {
		has |= keys.AView
	}
	return has
}

// standing says what the list shows, or what is typed.
func (s *Session) standing(matching, width int) string {
	if s.line != nil {
		return s.line.show(width)
	}
	parts := []string{"not following"}
	if f := s.list.filter; f != nil {
		parts[0] = fmt.Sprintf("%d of %d match %s", matching, len(s.list.rows)-s.list.fresh(), f)
		if f.failed > 0 {
			parts = append(parts, fmt.Sprintf("--where fails on %d", f.failed))
		}
	}
	if n := s.list.news(); n > 0 {
		parts = append(parts, fmt.Sprintf("%d new", n))
	}
	return strings.Join(append(parts, "f follows"), "  ")
}
