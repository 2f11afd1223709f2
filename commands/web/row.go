package web

import (
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/commands/web/markup"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

// row is a webhook as a row of the list.
type row struct {
	ID, Newest  int64
	Query       string // behind the address of the webhook
	Chosen      bool
	Low         bool // not among the first of a page, which are painted first
	Time, Stamp string
	Sent        bool
	Method      string
	Path, Tail  markup.HTML // the path in two pieces: where there is little room the end of the first is left out
	Event       markup.HTML
	FullPath    string // where Path is cut
	Verdict     verdict
	Scheme      markup.HTML
	Answer      answer
	Took, Tries string
	Marks       []mark
}

// verdict is a signature check with its sign and its word: colour never stands alone.
type verdict struct{ Class, Sign, Word string }

// answer is a status, or why there is none.
type answer struct{ Class, Text string }

type mark struct{ Class, Text string }

// rowOf makes the row of a webhook.
func (p *Page) rowOf(w *webhooks.Webhook, at place) row {
	x, app := w.Last(), w.App()
	r := row{ID: w.ID, Newest: w.Newest().ID, Query: at.suffix(), Chosen: at.chosen == w.ID,
		Time: clock(w.Newest().Start, p.Now()), Stamp: w.Newest().Start.Format("2006-01-02T15:04:05.000Z07:00"),
		Sent: w.Kind() == record.Sent, Method: x.Request.Method, Event: markup.Short(x.Event(), 48),
		Verdict: p.verdictOf(x), Scheme: markup.Short(x.Scheme, 24), Answer: answerIn(w, x), Took: ui.Duration(x.Took)}
	path := pathOf(x)
	short := markup.Middle(path, longestPath)
	head, tail := markup.Tail(short)
	if r.Path, r.Tail = markup.Line(head), markup.Line(tail); short != path {
		r.FullPath = ui.Clip(path, 400)
	}
	if app != nil {
		r.Took = ui.Duration(app.Took)
		if got := answerIn(w, app); got.Text != r.Answer.Text {
			r.Answer = answer{got.Class, r.Answer.Text + " → " + got.Text}
		}
	}
	if !x.Ended {
		r.Took = ""
	}
	if n := tries(w); n > 1 {
		r.Tries = "#" + strconv.Itoa(n)
	}
	if w.Remark.Pinned {
		r.Marks = append(r.Marks, mark{"mark", "pinned"})
	}
	if w.Remark.Note != "" {
		r.Marks = append(r.Marks, mark{"none", "note"})
	}
	r.Marks = append(r.Marks, marksOf(w)...)
	return r
}

const longestPath = 60 // characters

// pathOf is what a row shows of an address: the path of a received webhook, host and path of a sent one.
func pathOf(x *record.Exchange) string {
	path := x.Request.Target
	if path == "" || x.Kind == record.Sent {
		_, path, _ = strings.Cut(x.Request.URL, "://")
		if x.Kind == record.Received {
			_, path, _ = strings.Cut(path, "/")
			path = "/" + path
		}
	}
	path, _, _ = strings.Cut(path, "?")
	return path
}

// clock is the time of day, with the date before when it is another day.
func clock(t, now time.Time) string {
	t, now = t.Local(), now.Local()
	switch {
	case t.YearDay() == now.YearDay() && t.Year() == now.Year():
		return t.Format(time.TimeOnly)
	case now.Sub(t) < 300*24*time.Hour:
		return t.Format("2 Jan 15:04")
	}
	return t.Format(time.DateOnly)
}

// verdictOf is the signature check of an exchange.
func (p *Page) verdictOf(x *record.Exchange) verdict {
	switch {
	case x.Kind == record.Sent && x.Scheme != "":
		return verdict{"none", "✎", "signed"}
	case x.Kind == record.Sent:
		return verdict{"none", "–", "not signed"}
	case x.Verdict.Status == record.Invalid:
		return verdict{"bad", "✗", "bad signature"}
	case x.Verdict.Status == record.Valid:
		if s, ok := p.Scheme(x.Scheme); ok && s.Auth == sign.Token {
			return verdict{"ok", "◇", "token only"}
		}
		return verdict{"ok", "✓", "valid"}
	}
	if p.Actions != nil && p.Actions.Overlooked(x) {
		return verdict{"warn", "!", "not checked"}
	}
	return verdict{"none", "–", "not checked"}
}

// answerIn is what came back for an exchange of a webhook: one without an end is under way until its process is taken
// for dead.
func answerIn(w *webhooks.Webhook, x *record.Exchange) answer {
	if x.FailureKind() == record.FailUnknown && w.State == webhooks.Pending {
		return answer{"none", "…"}
	}
	return answerOf(x)
}

// answerOf is what came back for an exchange.
func answerOf(x *record.Exchange) answer {
	switch status := x.Status(); {
	case x.Kind == record.Received && x.Scripted != "" && status == 0:
		return answer{"warn", x.Scripted}
	case x.FailureKind() != "":
		return answer{"bad", string(x.FailureKind())}
	case status == 0 && x.Outcome() == record.Queued:
		return answer{"none", "queued"}
	case status == 0 && x.Ended:
		return answer{"bad", "no answer"}
	case status == 0:
		return answer{"none", "…"}
	default:
		return answer{statusClass(status), strconv.Itoa(status)}
	}
}

func statusClass(status int) string {
	switch status / 100 {
	case 1, 2:
		return "ok"
	case 3, 4:
		return "warn"
	}
	return "bad"
}

// marksOf are the marks of a row, in a word each.
func marksOf(w *webhooks.Webhook) (all []mark) {
	if n := came(w); n > 1 {
		all = append(all, mark{"mark", "×" + strconv.Itoa(n)})
	}
	for _, m := range w.Last().Marks {
		switch m.Kind {
		case record.Duplicate:
			if m.Of != w.ID {
				all = append(all, mark{"mark", "duplicate of " + strconv.FormatInt(m.Of, 10)})
			}
		case record.ReusedID:
			all = append(all, mark{"warn", "reused id"})
		default:
			all = append(all, mark{"warn", string(m.Kind)})
		}
	}
	switch {
	case waits(w, store.Waiting, store.Leased):
		all = append(all, mark{"warn", "queued"})
	case waits(w, store.Dead) && w.State == webhooks.Failed:
		all = append(all, mark{"bad", "dead"})
	}
	return all
}
