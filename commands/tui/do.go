package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/barbhq/barb/commands/keys"
	"github.com/barbhq/barb/commands/query"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

// do does an action on webhooks.
func (s *State) do(action keys.Action) []Effect {
	ids := texts(s.targets())
	w := s.chosen()
	switch action {
	case keys.Replay:
		if len(s.picked) == 0 && wentNowhere(w) {
			return s.replayAs("", ids)
		}
		s.picked = nil
		return s.run(Run{Args: append([]string{"replay"}, ids...)})
	case keys.ReplayAs:
		return s.replayAs("", ids)
	case keys.Edit:
		if wentNowhere(w) {
			return s.replayAs("--edit ", texts([]int64{w.ID}))
		}
		return []Effect{Edit{Args: []string{"replay", texts([]int64{w.ID})[0], "--edit"}}}
	case keys.Explain:
		return s.run(Run{Args: []string{"verify", texts([]int64{w.ID})[0], "--explain"}})
	case keys.Mark:
		s.marked = w.ID
		s.tell(fmt.Sprintf("marked %d; d on another one compares them", w.ID), false)
	case keys.Diff:
		return s.run(Run{Args: append([]string{"diff"}, texts([]int64{s.marked, w.ID})...)})
	case keys.Select:
		s.pick()
	case keys.CopyCurl:
		return s.copyLetter("c")
	case keys.Copy:
		s.copying = true
	case keys.Figures:
		return s.figures()
	case keys.Queue:
		if s.over = nil; s.queue == nil {
			s.queue = &queue{}
		}
		return s.readQueue()
	case keys.Browse:
		return s.browse(w)
	case keys.Pin:
		return []Effect{Pin{IDs: s.targets(), Pinned: !w.Remark.Pinned}}
	case keys.Note:
		s.note(w)
	case keys.Export:
		s.command("save " + strings.Join(ids, " ") + " --out " + ids[0] + ".barb.ndjson")
	case keys.Delete:
		return s.delete()
	case keys.Undo:
		s.undo()
	}
	return nil
}

// figures asks for the figures of what the filter selects by its flags. barb stats takes no ids and no words.
func (s *State) figures() []Effect {
	args := []string{"stats", "--plot"}
	if q, err := query.Read(s.filter); err == nil {
		chosen, all := q.Flags()
		args = append(args, chosen...)
		if !all {
			s.tell("the ids and words of the filter do not narrow the figures", false)
		}
	}
	return s.run(Run{Args: args, Full: true})
}

// replayAs begins the command line of a replay that goes to the first of the targets, or to another.
func (s *State) replayAs(how string, ids []string) []Effect {
	s.command("replay " + strings.Join(ids, " ") + " " + how + "--to ")
	s.field.help = "an address, such as :3000"
	return []Effect{Targets{ID: s.chosen().ID}}
}

// wentNowhere reports whether a webhook was received and sent to no app, so that a replay has to be told where to go.
func wentNowhere(w *webhooks.Webhook) bool {
	return !slices.ContainsFunc(w.Exchanges, func(x *record.Exchange) bool { return x.Kind == record.Sent })
}

// run runs a command line unless one is running.
func (s *State) run(r Run) []Effect {
	if s.running != "" {
		s.tell(s.running+" is still running", true)
		return nil
	}
	r.Title, r.Width = "$ barb "+strings.Join(r.Args, " "), s.overWidth(r.Full)
	s.running = r.Title
	if !r.Full { // what it says stands beside the chosen webhook
		s.stand()
	}
	return []Effect{r}
}

// copyLetter copies what a letter after y stands for.
func (s *State) copyLetter(key string) []Effect {
	s.copying = false
	if l, ok := keys.AfterY(keys.Terminal, key); ok {
		return s.copy(l)
	}
	if row, _ := keys.Find(keys.Second, key); row.Action != keys.Back {
		s.tell("y "+key+" copies nothing", true)
	}
	return nil
}

// copy copies a part of the chosen webhook.
func (s *State) copy(l keys.Letter) []Effect {
	w := s.chosen()
	if w == nil {
		return nil
	}
	c := copyOf(l, w)
	if l.What == "jq path" {
		if c.Text = s.path(); c.Text == "" {
			s.tell("the first line of section Body names no JSON field", true)
			return nil
		}
	}
	return []Effect{c}
}

// delete takes webhooks out of the list; they are deleted once they can no longer be brought back.
func (s *State) delete() []Effect {
	ids := s.targets()
	var effects []Effect
	if s.deleted != nil {
		effects = append(effects, Delete{IDs: s.deleted.ids})
	}
	s.deleted = &deletion{ids: ids, until: s.Now.Add(undoable), rows: among(s.list.rows, ids)}
	s.list.rows, s.list.waiting = without(s.list.rows, ids), without(s.list.waiting, ids)
	s.picked = nil
	s.stand()
	s.tell(fmt.Sprintf("deletes %s in 6 s; u undoes it", strings.Join(texts(ids), " ")), false)
	return effects
}

// note opens the field for the note of a webhook. The field begins with the present note.
func (s *State) note(w *webhooks.Webhook) {
	if strings.ContainsAny(w.Remark.Note, "\n\r") {
		s.tell(fmt.Sprintf("the note has several lines: barb note %d prints it", w.ID), false)
		return
	}
	f := field{purpose: forNote, id: w.ID, help: "an empty line removes the note"}.insert(w.Remark.Note)
	s.field = &f
}

// undo puts webhooks back that were to be deleted.
func (s *State) undo() {
	back := s.deleted.rows
	s.deleted = nil
	s.tell("nothing was deleted", false)
	if len(back) == 0 {
		return
	}
	rows := slices.Concat(s.list.rows, back)
	slices.SortFunc(rows, func(a, b *webhooks.Webhook) int { return cmp.Compare(b.Newest().ID, a.Newest().ID) })
	s.list.rows, s.list.at = rows, slices.Index(rows, back[0])
}

// command begins a command line that is run once it is complete.
func (s *State) command(text string) {
	s.field = &field{purpose: forCommand, text: text, at: len([]rune(text))}
	if strings.HasPrefix(text, "replay") {
		s.field.help = replayHelp
	}
}

const replayHelp = "--exact  --new-id  --resign  --set PATH=VALUE"

// toMatch goes to the next line of the text that has a word of the filter, or to the previous one.
func (s *State) toMatch(back bool) {
	q, err := query.Read(s.filter)
	at := s.texts()
	if err != nil || at == nil || s.filter == "" {
		return
	}
	lines := s.detail.lines
	by := 1
	if back {
		by = -1
	}
	for i := *at + by; i >= 0 && i < len(lines); i += by {
		if q.Mentions(ansi.Strip(lines[i])) {
			*at = i
			break
		}
	}
	s.clamp()
}

func texts(ids []int64) []string {
	all := make([]string, len(ids))
	for i, id := range ids {
		all[i] = strconv.FormatInt(id, 10)
	}
	return all
}
