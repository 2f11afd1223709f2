package web

import (
	"slices"
	"strings"

	"github.com/barbhq/barb/commands/keys"
)

// does are the actions that the page's script can do; the others of the table are not in the sheet.
var does = []keys.Action{keys.Previous, keys.Next, keys.Newest, keys.Oldest, keys.Section, keys.Open, keys.Back,
	keys.Undo, keys.Replay, keys.ReplayAs, keys.Edit, keys.Mark, keys.Diff, keys.Pin, keys.Note, keys.Delete,
	keys.Filter, keys.Matches, keys.Follow, keys.Explain, keys.CopyCurl, keys.Copy, keys.Raw, keys.Zoom,
	keys.Figures, keys.Queue, keys.ByName, keys.Help}

// doesBeside are those that the script of the pages beside the list can do.
var doesBeside = []keys.Action{keys.Back, keys.Filter, keys.Figures, keys.Queue, keys.ByName, keys.Help}

// changing are the actions that change the history or send something.
var changing = []keys.Action{keys.Undo, keys.Replay, keys.ReplayAs, keys.Edit, keys.Pin, keys.Note, keys.Delete}

// keysOf are those of some actions that the page offers.
func (p *Page) keysOf(does []keys.Action) []keys.Action {
	if p.can() {
		return does
	}
	return slices.DeleteFunc(slices.Clone(does), func(a keys.Action) bool { return slices.Contains(changing, a) })
}

// keyRow is a line of the sheet of keys. The page's script acts by the same rows.
type keyRow struct {
	Action, Keys, Does string
	Symbols            []string
	Letters            string // of copy: the keys after it with what they copy, "c=curl;h=headers"
}

// keyRows are the keys of a page that can do so much, from the table of all views.
func keyRows(does []keys.Action) (all []keyRow) {
	for _, r := range keys.In(keys.Page) {
		if !slices.Contains(does, r.Action) {
			continue
		}
		k := keyRow{Action: string(r.Action), Keys: strings.Join(r.Keys, " "), Does: r.Does}
		for _, key := range r.Keys {
			k.Symbols = append(k.Symbols, keys.Symbol(key))
		}
		if r.Action == keys.Copy {
			k.Letters = letters()
		}
		all = append(all, k)
	}
	return all
}

// letters are the keys after y, as the page's script reads them.
func letters() string {
	var all []string
	for _, l := range keys.Letters {
		what := l.What
		if l.Form {
			what = "as " + what
		}
		all = append(all, l.Key+"="+what)
	}
	return strings.Join(all, ";")
}
