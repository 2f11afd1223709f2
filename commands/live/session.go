package live

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"github.com/barbhq/barb/commands/keys"
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

	mu      sync.Mutex
	lines   ui.HookLines // writes the rows of the list
	list    list
	looks   bool // at the list, instead of following
	typing  bool // a filter
	table   bool // of the keys stands above the footer
	running string
	cancel  context.CancelFunc // ends the action that runs
	group   sync.WaitGroup
}

// Start reads keys until end is called or ctx ends. The terminal is then as it was before. end may be called twice.
func (s *Session) Start(ctx context.Context) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
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
	if s.typing {
		s.edit(key)
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

// edit types a key into the filter.
func (s *Session) edit(key string) {
	f := &s.list.filter
	text, isPasted := strings.CutPrefix(key, pasted)
	switch {
	case isPasted:
		text, _, _ = strings.Cut(text, "\n")
		*f += printable(text)
	case key == "enter":
		s.typing = false
	case key == "esc":
		s.typing, *f = false, ""
	case key == "space":
		*f += " "
	case key == "backspace":
		_, size := utf8.DecodeLastRuneInString(*f)
		*f = (*f)[:len(*f)-size]
	case key == "ctrl-u":
		*f = ""
	case key == "up":
		s.list.move(-1)
	case key == "down":
		s.list.move(1)
	case utf8.RuneCountInString(key) == 1:
		*f += printable(key)
	}
	if len(*f) > mostTyped {
		*f = (*f)[:mostTyped]
	}
}

// mostTyped is the length of the longest filter in bytes.
const mostTyped = 200

// printable drops what steers a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || string(r) != ui.EscapeLine(string(r)) {
			return -1
		}
		return r
	}, s)
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
		s.typing = true
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
		case s.list.filter != "":
			s.list.filter = ""
		case s.looks:
			s.follow()
		}
	case keys.Quit:
		then = s.Quit
	case keys.Open, keys.Replay, keys.Explain, keys.CopyCurl:
		s.start(ctx, action)
	}
	return then
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
	s.looks, s.list.until, s.list.byHand, s.list.filter = false, 0, 0, ""
}

// start runs an action on the chosen webhook beside the session, unless one is running.
func (s *Session) start(ctx context.Context, action keys.Action) {
	some := s.list.matching()
	at := s.list.chosen(some)
	if at < 0 || s.running != "" {
		return
	}
	r := some[at]
	s.running = fmt.Sprintf("%s %d", action, r.id)
	ctx, s.cancel = context.WithCancel(ctx)
	s.group.Go(func() {
		well := false
		defer func() {
			if !well { // it panics
				s.Terminal.Restore()
			}
		}()
		s.do(ctx, action, r)
		well = true
		s.mu.Lock()
		s.cancel()
		s.running, s.cancel = "", nil
		s.mu.Unlock()
		s.Footer.Redraw()
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
	names := keys.Footer(keys.Listen, columns-1, len(s.list.rows) > 0)
	if s.running != "" {
		names = s.running + " …  esc ends it"
	}
	var lines []string
	some, status := s.list.matching(), s.Counts()
	if s.looks {
		status = s.standing(len(some))
	}
	if s.table {
		lines = keys.List(keys.Listen)
		if room := height - belowTable; height > 0 && len(lines) > room {
			lines = lines[:max(room, 1)]
		}
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
	return strings.Join(append(lines, status, names), "\n")
}

// standing says what the list shows, and what is typed.
func (s *Session) standing(matching int) string {
	parts := []string{"not following"}
	switch {
	case s.typing:
		return "/" + s.list.filter + "▏  enter keeps the filter  esc drops it"
	case s.list.filter != "":
		parts = []string{fmt.Sprintf("%d of %d match %q", matching, len(s.list.rows), s.list.filter)}
	}
	if n := s.list.fresh(); n > 0 {
		parts = append(parts, fmt.Sprintf("%d new", n))
	}
	return strings.Join(append(parts, "f follows"), "  ")
}
