package tui

import (
	"slices"
	"strconv"
	"strings"

	"github.com/mattn/go-shellwords"

	"github.com/barbhq/barb/commands/keys"
	"github.com/barbhq/barb/commands/query"
)

// press does what a key asks for.
func (s *State) press(key string) []Effect {
	if s.notice.once {
		s.notice = notice{}
	}
	switch row, _ := keys.Find(keys.Terminal, key); {
	case key == "ctrl-c":
		return []Effect{Quit{}}
	case row.Action == keys.Suspend || row.Action == keys.Redraw: // as in every program, also while something is typed
		return s.act(row.Action, key)
	case s.field != nil:
		return s.typed(key)
	case s.copying:
		return s.copyLetter(key)
	}
	// A webhook below a text or the queue is not seen, so nothing is done to it.
	row, ok := keys.Find(s.view(), key)
	if !ok || !row.Works(s.has()|s.queue.tries()) && row.Action != keys.Back {
		return nil
	}
	return s.act(row.Action, key)
}

// act does an action; key is the one that asked for it, "" for none.
func (s *State) act(action keys.Action, key string) []Effect {
	if s.view() == keys.InQueue {
		if effects, done := s.inQueue(action, key); done {
			return effects
		}
	}
	switch action {
	case keys.Previous, keys.Next, keys.Newest, keys.Oldest, keys.Scroll, keys.Matches:
		return s.move(action, key)
	case keys.Panes, keys.Section, keys.Open, keys.Back, keys.Zoom, keys.Help, keys.Raw:
		return s.look(action, key)
	case keys.Filter:
		s.field = &field{purpose: forFilter, text: s.filter, at: len([]rune(s.filter)),
			help: "status:5xx  --failed  event:invoice.*  words"}
		return nil
	case keys.ByName:
		s.field = &field{purpose: forAction}
		return nil
	case keys.Follow:
		return s.toggleFollow()
	case keys.Quit:
		if s.over != nil || s.result != nil || s.pane != listPane {
			return s.back()
		}
		return []Effect{Quit{}}
	case keys.Suspend:
		return []Effect{Suspend{}}
	case keys.Redraw:
		return []Effect{Redraw{}}
	}
	return s.do(action)
}

// stand stops following.
func (s *State) stand() { s.follow = false }

// move chooses another row, or scrolls.
func (s *State) move(action keys.Action, key string) []Effect {
	if action == keys.Scroll {
		s.scroll(key)
		return nil
	}
	text := s.texts()
	switch {
	case action == keys.Matches && text == nil:
		by := max(s.layout().list.h, 1)
		if key == "N" {
			by = -by
		}
		s.choose(by)
	case action == keys.Matches:
		s.toMatch(key == "N")
	case text != nil:
		*text += map[keys.Action]int{keys.Previous: -1, keys.Next: 1, keys.Newest: -1 << 30, keys.Oldest: 1 << 30}[action]
		s.clamp()
	case action == keys.Newest:
		return s.toNewest()
	case action == keys.Oldest:
		s.choose(len(s.list.rows))
	default:
		s.choose(map[keys.Action]int{keys.Previous: -1, keys.Next: 1}[action])
	}
	return nil
}

// choose moves the choice by a number of rows.
func (s *State) choose(by int) {
	s.stand()
	s.list.at = max(min(s.list.at+by, len(s.list.rows)-1), 0)
}

// toNewest chooses the newest webhook, also where pages above were dropped or more came than was kept.
func (s *State) toNewest() []Effect {
	if len(s.list.above) > 0 || s.list.missed {
		return s.reload()
	}
	s.list.release()
	return nil
}

func (s *State) toggleFollow() []Effect {
	s.follow = !s.follow
	if s.follow {
		return s.toNewest()
	}
	return nil
}

// texts returns the place of the text that the movement keys scroll; nil: they choose rows.
func (s *State) texts() *int {
	switch {
	case s.over != nil:
		return s.scrolled(s.over)
	case s.pane == thirdPane && s.result != nil:
		return s.scrolled(s.result)
	case s.pane == thirdPane:
		return &s.detail.thirdAt
	case s.pane == detailPane && s.result != nil && s.layout().third.h == 0:
		return s.scrolled(s.result)
	case s.pane == detailPane:
		return &s.detail.at
	}
	return nil
}

// scrolled returns the place of a text after it was copied: states share nothing that changes.
func (s *State) scrolled(o *over) *int {
	c := *o
	if o == s.over {
		s.over = &c
	} else {
		s.result = &c
	}
	return &c.at
}

// scroll scrolls the other pane, or the text that covers it.
func (s *State) scroll(key string) {
	page := max(s.layout().detail.lines()-1, 1)
	if s.over != nil {
		page = max(s.overHeight(s.over)-1, 1)
	}
	by := map[string]int{"J": 1, "K": -1, "ctrl-d": max(page/2, 1), "ctrl-u": -max(page/2, 1), "pgdown": page,
		"pgup": -page}[key]
	text := s.texts()
	switch {
	case text != nil && (key == "J" || key == "K") && s.over == nil: // the list is the other pane
		s.choose(by)
		return
	case text != nil:
	case s.result != nil:
		text = s.scrolled(s.result)
	default:
		text = &s.detail.at
	}
	*text += by
	s.clamp()
}

// look goes to another part of the screen.
func (s *State) look(action keys.Action, key string) []Effect {
	switch action {
	case keys.Panes:
		n := panes
		if s.layout().third.h == 0 && (!s.zoomed || s.Width < threeFrom) {
			n = thirdPane
		}
		by := pane(1)
		if key == "shift-tab" {
			by = n - 1
		}
		s.pane = (s.pane + by) % n
		s.fold()
	case keys.Section:
		s.stand()
		switch key {
		case "[":
			s.toSection(s.detail.section - 1)
		case "]", "":
			s.toSection(s.detail.section + 1)
		default:
			n, _ := strconv.Atoi(key)
			s.toSection(n - 1)
		}
	case keys.Open:
		s.stand()
		s.pane = detailPane
		s.fold()
	case keys.Zoom:
		s.zoomed = !s.zoomed
		s.fold()
	case keys.Raw:
		s.detail.form = (s.detail.form + 1) % forms
		s.toSection(bodySection)
		return []Effect{s.open(s.detail.id)}
	case keys.Help:
		if s.over != nil && s.over.asked.Args == nil {
			s.over = nil
			return nil
		}
		view := keys.Terminal
		if s.queue != nil {
			view = keys.InQueue
		}
		s.over = &over{title: "Keys", lines: wrapKeys(view, s.Width), full: true}
	case keys.Back:
		return s.back()
	}
	return nil
}

// back leaves one thing: the text that covers the panes, what an action said, the zoom, the pane, the selection, the
// filter. It never quits.
func (s *State) back() []Effect {
	switch {
	case s.over != nil:
		s.over = nil
	case s.queue != nil:
		s.queue = nil
	case s.result != nil:
		s.result = nil
		s.fold()
	case s.zoomed:
		s.zoomed = false
		s.fold()
	case s.pane != listPane:
		s.pane = listPane
	case len(s.picked) > 0:
		s.picked = nil
	case s.filter != "":
		s.filter = ""
		s.follow = true
		return s.reload()
	case !s.follow:
		return s.toggleFollow()
	}
	return nil
}

// typed types a key into the field.
func (s *State) typed(key string) []Effect {
	switch row, _ := keys.Find(keys.Field, key); row.Action {
	case keys.Back:
		s.field = nil
		return nil
	case keys.Take:
		return s.entered(s.field)
	}
	f := s.field.edit(key)
	s.field = &f
	return nil
}

// entered does what a field is for.
func (s *State) entered(f *field) []Effect {
	switch f.purpose {
	case forFilter:
		return s.setFilter(strings.TrimSpace(f.text))
	case forAction:
		found := named(f.text, s.nameable(), s.has())
		if len(found) == 0 {
			c := *f
			c.mistake = "no action is called " + f.text
			s.field = &c
			return nil
		}
		s.field = nil
		if _, stays := keys.Find(keys.Text, found[0].Keys[0]); !stays {
			s.over = nil
		}
		if found[0].Views&keys.InQueue == 0 {
			s.queue = nil
		}
		return s.act(found[0].Action, "")
	case forCommand:
		args, err := shellwords.Parse(f.text)
		if err != nil || len(args) == 0 || !slices.Contains(offered, args[0]) {
			c := *f
			c.mistake = "barb " + strings.Join(offered, " or ") + " can be run here"
			s.field = &c
			return nil
		}
		s.field = nil
		if slices.Contains(args, "--edit") { // an editor needs the terminal
			return []Effect{Edit{Args: args}}
		}
		return s.run(Run{Args: args})
	}
	s.field = nil
	if f.purpose == forNote {
		return []Effect{Note{ID: f.id, Text: f.text}}
	}
	return nil
}

// offered are the commands that can be run as they are typed.
var offered = []string{"replay", "save", "export"}

// setFilter puts a filter in force. A wrong one stays in the field, and the list as it is.
func (s *State) setFilter(text string) []Effect {
	if _, err := query.Read(text); err != nil {
		c := *s.field
		c.mistake = query.Mistake(err)
		s.field = &c
		return nil
	}
	f := s.field
	s.field = nil
	if text == s.filter {
		return nil
	}
	s.trying = &trying{f, s.filter, s.list}
	s.filter, s.picked = text, nil
	return s.reload()
}

// pick selects the chosen webhook, or drops it from the selection, and goes on to the next.
func (s *State) pick() {
	w := s.chosen()
	if i := slices.Index(s.picked, w.ID); i >= 0 {
		s.picked = slices.Delete(slices.Clone(s.picked), i, i+1)
	} else {
		s.picked = append(slices.Clip(s.picked), w.ID)
	}
	s.choose(1)
}
