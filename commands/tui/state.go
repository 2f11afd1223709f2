package tui

import (
	"slices"
	"time"

	"github.com/barbhq/barb/commands/keys"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

// State is all that the view shows. Update returns the next one and View draws it; neither touches anything else.
type State struct {
	Width, Height int
	Color         bool
	Now           time.Time
	Path          string // of the history
	Counts        string // what a listener says of itself; "" without one
	Listening     string // the address of that listener; "" without one

	// Overlooked reports whether a webhook was not checked though a secret is known for it. It is a pure function; nil
	// marks none.
	Overlooked func(x *record.Exchange) bool

	list   list
	filter string
	trying *trying // a filter that the history has not answered to yet
	field  *field  // in which something is typed; nil: none is
	detail detail
	pane   pane
	zoomed bool
	over   *over  // covers the panes; nil: nothing does
	queue  *queue // the queue is shown in place of the panes; nil: it is not
	result *over  // what an action said, in place of the detail; nil: nothing

	unread  string // why the history cannot be read at present; "" when it can
	follow  bool
	marked  int64 // 0: none
	picked  []int64
	copying bool // y was pressed, and its letter is awaited
	running string
	notice  notice
	deleted *deletion
	rates   []int64 // what came in each of the last seconds, the newest last
	second  int64   // of the last of rates, since 1970
}

// pane is a part of the screen that keys act on.
type pane int

const (
	listPane pane = iota
	detailPane
	thirdPane
	panes
)

// over is a text of several lines with a place in it.
type over struct {
	title string
	lines []string
	at    int  // first line shown
	asked Run  // what is asked again when the width changes; zero: nothing
	full  bool // covers all panes
}

// trying is what comes back when a filter turns out to be wrong.
type trying struct {
	field  *field
	filter string
	list   list
}

// notice is a line about what was done.
type notice struct {
	text  string
	bad   bool
	until time.Time
	once  bool // the next key removes it
}

// noticed is how long a notice stays.
const noticed = 6 * time.Second

// undoable is how long a deletion can be undone.
const undoable = 6 * time.Second

// deletion is webhooks that are about to be deleted.
type deletion struct {
	ids   []int64
	until time.Time
	rows  []*webhooks.Webhook // those of the list, to be put back
}

// has returns what the view has, for the keys that need it.
func (s *State) has() (has keys.On) {
	if s.chosen() != nil {
		has |= keys.AWebhook
	}
	if w := s.chosen(); s.marked != 0 && w != nil && s.marked != w.ID {
		has |= keys.AMark
	}
	if s.deleted != nil {
		has |= keys.ADeleted
	}
	if s.result != nil || s.pane != listPane || s.zoomed || len(s.picked) > 0 {
		has |= keys.AWayBack
	}
	return has | s.queue.has()
}

// view returns the keys of what is on the screen.
func (s *State) view() keys.View {
	switch {
	case s.over != nil:
		return keys.Text
	case s.queue != nil:
		return keys.InQueue
	}
	return keys.Terminal
}

// chosen returns the chosen webhook; nil when the list is empty.
func (s *State) chosen() *webhooks.Webhook {
	if s.list.at >= len(s.list.rows) {
		return nil
	}
	return s.list.rows[s.list.at]
}

// targets returns the ids that an action is for: those that were selected, or else the chosen one.
func (s *State) targets() []int64 {
	if len(s.picked) > 0 {
		return slices.Sorted(slices.Values(s.picked))
	}
	if w := s.chosen(); w != nil {
		return []int64{w.ID}
	}
	return nil
}

// tell shows a notice.
func (s *State) tell(text string, bad bool) {
	s.notice = notice{text: text, bad: bad, until: s.Now.Add(noticed)}
}

// count counts webhooks that came, by the second.
func (s *State) count(n int) {
	now := s.Now.Unix()
	gap := min(now-s.second, rateSeconds)
	if s.second == 0 || gap < 0 {
		gap = rateSeconds
	}
	rates := slices.Concat(s.rates, make([]int64, gap))
	if len(rates) > rateSeconds {
		rates = rates[len(rates)-rateSeconds:]
	}
	s.rates, s.second = slices.Clone(rates), now
	if len(s.rates) > 0 {
		s.rates[len(s.rates)-1] += int64(n)
	}
}

// rateSeconds is how many seconds of rates are kept.
const rateSeconds = 60
