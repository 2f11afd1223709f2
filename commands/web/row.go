package web

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/barbhq/barb/commands/ui"
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
	Time, Stamp string
	Sent        bool
	Method      string
	Path, Tail  markup // the path in two pieces: where there is little room the end of the first is left out
	Event       markup
	FullPath    string // where Path is cut
	Verdict     verdict
	Scheme      markup
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
		Sent: w.Kind() == record.Sent, Method: x.Request.Method, Event: wire(cut(x.Event(), 48)),
		Verdict: p.verdictOf(x), Scheme: wire(cut(x.Scheme, 24)), Answer: answerOf(x), Took: ui.Duration(x.Took)}
	path := pathOf(x)
	short := middle(path, longestPath)
	head, tail := tailOf(short)
	if r.Path, r.Tail = wire(head), wire(tail); short != path {
		r.FullPath = ui.Clip(path, 400)
	}
	if app != nil {
		r.Took = ui.Duration(app.Took)
		if got := answerOf(app); got.Text != r.Answer.Text {
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

// tailOf cuts a path before its end, which says more than its beginning: before its last segments, or else before its
// last characters.
func tailOf(path string) (head, tail string) {
	const shown, most = 12, 24
	all := []rune(path)
	if len(all) <= shown {
		return "", path
	}
	at := len(all) - shown
	for i := len(all) - 2; i >= max(len(all)-most, 1); i-- {
		if all[i] == '/' && (at == len(all)-shown || len(all)-i <= shown+4) {
			at = i
		}
	}
	return string(all[:at]), string(all[at:])
}

// middle cuts the middle out of a long text: the end of a path says more than its beginning.
func middle(s string, width int) string {
	if len(s) <= width || utf8.RuneCountInString(s) <= width {
		return s
	}
	all := []rune(s)
	head := width / 3
	return string(all[:head]) + "…" + string(all[len(all)-(width-head-1):])
}

// cut cuts the end of a long text.
func cut(s string, width int) string {
	if len(s) <= width || utf8.RuneCountInString(s) <= width {
		return s
	}
	return string([]rune(s)[:width-1]) + "…"
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
	return verdict{"none", "–", "not checked"}
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
