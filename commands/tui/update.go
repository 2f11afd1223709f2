package tui

import (
	"slices"
	"strings"
	"time"

	"github.com/barbhq/barb/store/webhooks"
)

// Start returns the first state with what is to be done first.
func Start(path string, color bool, now time.Time) (State, []Effect) {
	s := State{Path: path, Color: color, Now: now, follow: true, list: list{gen: 1, loading: true}}
	return s, []Effect{Load{Gen: 1}, Poll{}}
}

// Update returns the state after a message, and what is to be done because of it.
func Update(s State, m Message) (State, []Effect) {
	var effects []Effect
	switch m := m.(type) {
	case Size:
		effects = s.resize(m)
	case Key:
		effects = s.press(string(m))
	case Paste:
		if s.field != nil {
			f := s.field.insert(string(m))
			s.field = &f
		}
	case Click:
		s.click(m)
	case Wheel:
		s.wheel(m)
	case Loaded:
		s.loaded(&m)
	case Polled:
		effects = s.polled(&m)
	case Opened:
		s.opened(&m)
	case Said:
		s.said(&m)
	case Copied:
		s.copied(&m)
	case Offered:
		s.offered(&m)
	case Remarked:
		s.remarked(&m)
	case Visited:
		s.visited(&m)
	case QueueRead:
		s.queueRead(&m)
	case Changed:
		s.tell(m.Text, m.Bad)
		effects = s.readQueue()
	case Gone:
		if m.Err != "" {
			s.tell(m.Err, true)
			effects = s.reload()
		}
	}
	return s.settle(effects)
}

// settle brings the state in order after a message: the chosen row is shown, and opened.
func (s State) settle(effects []Effect) (State, []Effect) {
	l := s.layout()
	if l.list.h > 0 {
		s.list.keep(l.list.h)
	}
	s.clamp()
	if load, ok := s.list.wants(s.filter); ok {
		s.list.loading = true
		effects = append(effects, load)
	}
	if w := s.chosen(); w != nil && s.detail.asked == (Open{}) && w.ID != s.detail.id {
		effects = append(effects, s.open(w.ID))
	}
	return s, effects
}

func (s *State) resize(m Size) (effects []Effect) {
	width := s.Width
	s.Width, s.Height = m.Width, m.Height
	if s.detail.id != 0 && width != m.Width {
		effects = append(effects, s.open(s.detail.id))
	}
	if width != m.Width {
		for _, o := range []*over{s.over, s.result} {
			if o != nil && o.asked.Args != nil {
				o.asked.Width = s.overWidth(o.full)
				effects = append(effects, o.asked)
			}
		}
	}
	s.fold()
	if s.queue != nil {
		s.chooseEntry(0)
	}
	return effects
}

func (s *State) textWidth() int { l := s.layout(); return l.textWidth() }

// overWidth returns how wide the lines of an over are.
func (s *State) overWidth(full bool) int {
	l := s.layout()
	switch {
	case full:
		return s.Width
	case l.third.h > 0:
		return l.third.w
	}
	return l.textWidth()
}

func (s *State) loaded(m *Loaded) {
	if m.Gen != s.list.gen {
		return
	}
	trying := s.trying
	s.trying = nil
	switch {
	case m.Err == nil:
		s.list.take(m)
	case trying != nil: // the list stays as it is
		f := *trying.field
		f.mistake = m.Err.Error()
		s.field, s.filter, s.list = &f, trying.filter, trying.list
	default:
		s.list.loading, s.list.loaded, s.list.mistake = false, true, m.Err.Error()
	}
}

// polled takes in what came, and asks again.
func (s *State) polled(m *Polled) []Effect {
	s.Now = m.Now
	effects := []Effect{Poll{}}
	if s.deleted != nil && !s.deleted.until.After(m.Now) {
		effects = append(effects, Delete{IDs: s.deleted.ids})
		s.deleted = nil
	}
	if !s.notice.until.After(m.Now) {
		s.notice = notice{}
	}
	if s.unread = ""; m.Err != nil { // what is on the screen stays
		s.unread = m.Err.Error()
		return effects
	}
	if s.queue.isOld(m.Now) {
		effects = append(effects, s.readQueue()...)
	}
	if m.Gen != s.list.gen {
		return effects
	}
	rows := m.Rows
	if s.deleted != nil {
		rows = without(rows, s.deleted.ids)
	}
	if m.Lost && s.follow {
		return append(effects, s.reload()...)
	}
	s.list.missed = s.list.missed || m.Lost
	s.count(s.list.merge(rows, s.follow))
	if w := s.chosen(); w != nil && s.detail.id == w.ID && s.detail.asked == (Open{}) &&
		slices.ContainsFunc(rows, func(x *webhooks.Webhook) bool { return x.ID == w.ID }) {
		effects = append(effects, s.open(w.ID))
	}
	return effects
}

// open asks for a webhook.
func (s *State) open(id int64) Effect {
	s.detail.asked = Open{ID: id, Width: s.textWidth(), Form: s.detail.form}
	return s.detail.asked
}

// reload reads the list anew from the newest. What is there stays until that has come.
func (s *State) reload() []Effect {
	s.list.gen++
	s.list.loading = true
	return []Effect{Load{Gen: s.list.gen, Filter: s.filter}}
}

func (s *State) opened(m *Opened) {
	d := &s.detail
	if d.asked != m.Open {
		return
	}
	d.asked, d.mistake = Open{}, ""
	if d.id != m.ID {
		d.at, d.thirdAt = 0, 0
		s.result = s.keptResult()
	}
	d.id, d.title, d.sections = m.ID, m.Title, m.Sections
	if m.Err != nil {
		d.mistake = m.Err.Error()
	}
	s.fold()
}

// keptResult returns what an action said, as long as it stands beside the webhook and not in its place.
func (s *State) keptResult() *over {
	if l := s.layout(); l.third.h > 0 || s.follow {
		return s.result
	}
	return nil
}

func (s *State) said(m *Said) {
	s.running = ""
	o := &over{title: m.Title, lines: wrapWords(splitLines(m.Text), s.overWidth(m.Full)), asked: m.Run, full: m.Full}
	if len(m.Args) > 0 && (slices.Contains(offered, m.Args[0])) {
		o.asked = Run{} // it does something: it is not done again for a new width
	}
	if m.Full {
		if s.over != nil && s.over.title == o.title {
			o.at = s.over.at
		}
		s.over = o
	} else {
		s.result = o
	}
	s.clamp()
}

func (s *State) copied(m *Copied) {
	if m.Err != "" {
		s.tell(m.Err, true)
		return
	}
	s.tell("copied "+m.What, false)
}

func (s *State) remarked(m *Remarked) {
	if m.Err != nil {
		s.tell(m.Err.Error(), true)
		return
	}
	s.tell(m.What, false)
}

// offered puts the first target into the command line, unless something was typed meanwhile.
func (s *State) offered(m *Offered) {
	if s.field == nil || s.field.purpose != forCommand || !strings.HasSuffix(s.field.text, "--to ") || m.Err != nil ||
		len(m.Names) == 0 {
		return
	}
	f := s.field.insert(m.Names[0])
	if f.help = replayHelp; len(m.Names) > 1 {
		f.help = "or to " + strings.Join(m.Names[1:], "  ")
	}
	s.field = &f
}
