package tui

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/barbhq/barb/commands/keys"
	"github.com/barbhq/barb/commands/ui"
)

// purpose is what a field is for.
type purpose int

const (
	forFilter purpose = iota
	forAction
	forCommand
	forNote
)

// field is a line in which something is typed.
type field struct {
	purpose purpose
	text    string
	at      int // of the cursor, in characters
	mistake string
	id      int64 // of the webhook that the text is for
	help    string
}

// mostTyped is the length of the longest line that can be typed, in bytes.
const mostTyped = 1000

var prompts = map[purpose]string{forFilter: "/", forAction: ":", forCommand: "barb ", forNote: "note: "}

// edit types a key; it reports whether the text has changed.
func (f field) edit(key string) field {
	runes := []rune(f.text)
	f.at = max(min(f.at, len(runes)), 0)
	before, after := runes[:f.at], runes[f.at:]
	switch key {
	case "backspace", "ctrl-h":
		before = before[:max(len(before)-1, 0)]
	case "delete", "ctrl-d":
		after = after[min(1, len(after)):]
	case "left", "ctrl-b":
		return f.move(-1)
	case "right", "ctrl-f":
		return f.move(1)
	case "home", "ctrl-a":
		return f.move(-len(runes))
	case "end", "ctrl-e":
		return f.move(len(runes))
	case "ctrl-u":
		before = nil
	case "ctrl-k":
		after = nil
	case "ctrl-w":
		before = []rune(strings.TrimRight(string(before), " "))
		before = before[:strings.LastIndex(" "+string(before), " ")]
	case "space":
		return f.insert(" ")
	default:
		if utf8.RuneCountInString(key) != 1 {
			return f
		}
		return f.insert(key)
	}
	f.text, f.at, f.mistake = string(before)+string(after), len(before), ""
	return f
}

func (f field) move(by int) field {
	f.at = max(min(f.at+by, utf8.RuneCountInString(f.text)), 0)
	return f
}

// insert types a text without what steers a terminal.
func (f field) insert(text string) field {
	text, _, _ = strings.Cut(text, "\n")
	text = strings.Map(func(r rune) rune {
		if r < ' ' || string(r) != ui.EscapeLine(string(r)) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	if len(f.text)+len(text) > mostTyped {
		return f
	}
	runes := []rune(f.text)
	f.at = min(f.at, len(runes))
	f.text = string(runes[:f.at]) + text + string(runes[f.at:])
	f.at += utf8.RuneCountInString(text)
	f.mistake = ""
	return f
}

// nameable returns the rows of the actions that can be found by their names: those of the queue where it is shown, and
// all others after them.
func (s *State) nameable() []keys.Row {
	all := keys.In(keys.Terminal)
	if s.queue == nil {
		return all
	}
	own := keys.In(keys.InQueue)
	return append(own, slices.DeleteFunc(all, func(r keys.Row) bool {
		return slices.ContainsFunc(own, func(o keys.Row) bool { return o.Action == r.Action })
	})...)
}

// named returns those rows whose name or description has a text, those whose name begins with it first.
func named(text string, rows []keys.Row, has keys.On) (found []keys.Row) {
	text = strings.ToLower(strings.TrimSpace(text))
	var later []keys.Row
	for _, r := range rows {
		switch name := string(r.Action); {
		case !r.Works(has) || r.Action == keys.ByName:
		case strings.HasPrefix(name, text):
			found = append(found, r)
		case strings.Contains(name, text) || strings.Contains(strings.ToLower(r.Does), text):
			later = append(later, r)
		}
	}
	return append(found, later...)
}
