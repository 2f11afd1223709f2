package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/commands/act"
	"github.com/barbhq/barb/commands/again"
	"github.com/barbhq/barb/commands/pick"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

// actWithin is how long an action may take. A replay without an answer by then ends as timed out.
const actWithin = 2 * time.Minute

// doing is one action that a form asks for. The gate has seen the token of the page.
type doing struct {
	p    *Page
	w    http.ResponseWriter
	r    *http.Request
	at   place
	form url.Values
}

// change is the handler of a form that does something. What was begun is brought to its end, also when the browser goes
// away; the end of the page ends it.
func (p *Page) change(do func(context.Context, *doing) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		d := &doing{p, w, r, placeOf(r), r.PostForm}
		if !p.can() {
			refuse(w, http.StatusForbidden, p.why())
			return
		}
		p.acting.Add(1)
		defer p.acting.Done()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), actWithin)
		defer cancel()
		stop := context.AfterFunc(p.ending, cancel)
		defer stop()
		_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // ctx ends it
		if err := do(ctx, d); err != nil {
			d.fail(err)
		}
	}
}

// isPart reports whether the script of the page asks, which puts the answer into the page.
func (d *doing) isPart() bool { return d.form.Get("part") != "" }

func (d *doing) id() int64 { return d.at.chosen }

// result is what became of an action.
type result struct {
	ID      int64
	Base    string
	Token   string
	Class   string
	Word    string // in a word or two: fixed, still failing
	Text    string
	Hint    string
	Sent    int64 // the exchange of a replay; 0: none
	Answer  *reply
	Was     *reply // the answer that was recorded before; nil for none
	Changes []changed
	Notes   []string
	Fields  []formField // of the form that asks for consent
	Asks    string      // the words on its button; "" for no form
	Action  string
}

type formField struct{ Name, Value string }

// result begins the answer to an action.
func (d *doing) result() *result {
	return &result{ID: d.id(), Base: d.at.suffix(), Token: d.p.gate.token}
}

func (d *doing) show(status int, res *result) {
	name := "done-page"
	if d.isPart() {
		name = "done"
	}
	show(d.w, d.r, status, name, res)
}

// fail says why an action was not done, in the words of the command line.
func (d *doing) fail(err error) {
	res, status := d.result(), http.StatusServiceUnavailable
	res.Class = "bad"
	res.Text, res.Hint = d.p.Hint(err)
	switch {
	case errors.Is(err, store.ErrNotFound):
		status, res.Text = http.StatusNotFound, "Webhook "+strconv.FormatInt(d.id(), 10)+" is not in the history."
	case isUsage(err):
		status = http.StatusUnprocessableEntity
	}
	d.show(status, res)
}

// back goes to the webhook again, or answers with its row.
func (d *doing) back(ctx context.Context) error {
	if !d.isPart() {
		http.Redirect(d.w, d.r, "/w/"+strconv.FormatInt(d.id(), 10)+d.at.suffix(), http.StatusSeeOther)
		return nil
	}
	one, err := webhooks.Get(ctx, d.p.History, d.id(), d.p.Now())
	if err == nil {
		show(d.w, d.r, http.StatusOK, "row", d.p.rowOf(one, d.at))
	}
	return err
}

func (p *Page) pin(ctx context.Context, d *doing) error {
	if err := p.Actions.Pin(ctx, d.id(), d.form.Get("pinned") == "1"); err != nil {
		return err
	}
	return d.back(ctx)
}

func (p *Page) note(ctx context.Context, d *doing) error {
	text := strings.ReplaceAll(d.form.Get("note"), "\r\n", "\n") // as forms send lines
	if err := p.Actions.Note(ctx, d.id(), text); err != nil {
		return err
	}
	return d.back(ctx)
}

// remove deletes a webhook. The script of the page asks for it once it can no longer be undone. Without the script a
// page asks the person.
func (p *Page) remove(ctx context.Context, d *doing) error {
	if !d.isPart() && d.form.Get("yes") == "" {
		res := d.result()
		res.Text = "Delete webhook " + strconv.FormatInt(d.id(), 10) + " with all its attempts, forwards and replays?"
		res.Asks, res.Action, res.Fields = "Delete it", "delete", []formField{{"yes", "1"}}
		d.show(http.StatusOK, res)
		return nil
	}
	if err := p.Actions.Delete(ctx, d.id()); err != nil {
		return err
	}
	if d.isPart() {
		d.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	http.Redirect(d.w, d.r, "/"+d.at.suffix(), http.StatusSeeOther)
	return nil
}

// sample saves the webhook as a sample event of the user.
func (p *Page) sample(ctx context.Context, d *doing) error {
	name := strings.TrimSpace(d.form.Get("as"))
	saved, err := p.Actions.Sample(ctx, d.id(), act.Sample{Name: name})
	if err != nil {
		return err
	}
	res := d.result()
	res.Class, res.Text, res.Hint = "ok", "Saved as "+name+" in "+saved.Path, "barb send :3000 --event "+name
	d.show(http.StatusOK, res)
	return nil
}

// replay sends the webhook again, and says what came of it.
func (p *Page) replay(ctx context.Context, d *doing) error {
	how := act.How{Target: d.form.Get("to"), Exact: d.form.Get("as") == "exact", NewID: d.form.Get("new-id") != "",
		Anywhere: d.form.Get("anywhere") != ""}
	if d.form.Has("body") || d.form.Has("header") {
		if err := d.edited(ctx, &how); err != nil {
			return err
		}
	}
	was := p.answered(ctx, d.id())
	done, err := p.Actions.Replay(ctx, d.id(), how)
	res := d.result()
	if leaves, ok := errors.AsType[*again.LeavesError](err); ok {
		res.Class, res.Text = "warn", "This webhook was received here. The replay would send it to "+leaves.To+
			", which is not a private address."
		res.Asks, res.Action = "Send it there", "replay"
		res.Fields = append(fieldsOfForm(d.form), formField{"anywhere", "1"})
		d.show(http.StatusOK, res)
		return nil
	}
	if err != nil {
		return err
	}
	if res.replayed(p, done); res.Answer != nil {
		res.Was = was
	}
	d.show(http.StatusOK, res)
	return nil
}

// answered is the answer to a webhook that the history has: its app's, or else barb's own; nil where it has none.
func (p *Page) answered(ctx context.Context, id int64) *reply {
	x, err := p.Actions.Repeated(ctx, id)
	if err == nil {
		x, err = pick.AnsweredBy(ctx, p.History, x, p.Now())
	}
	if err != nil || x.Response == nil && x.Err == nil { // the replay says what is wrong
		return nil
	}
	one := p.replyOf("Recorded", p.History.Redacted(x))
	return &one
}

// replayed says what became of a replay.
func (res *result) replayed(p *Page, done *act.Replayed) {
	res.Notes = done.Notes
	res.Changes = changesOf(done.Changes)
	if done.Sent == nil {
		res.Class, res.Word, res.Text = "warn", "not sent", "Nothing was sent."
		return
	}
	answer := p.replyOf("Now, of "+ui.Clip(record.Origin(done.Sent.Request.URL), 80), done.Sent)
	res.Sent, res.Answer = done.Sent.ID, &answer
	res.Class, res.Word = "bad", string(done.Verdict.Word)
	if done.Delivered {
		res.Class = "ok"
	}
	if res.Word == "" {
		res.Word = map[bool]string{true: "delivered", false: "not delivered"}[done.Delivered]
	}
	if done.Verdict.Word != "" {
		was := "no answer"
		if done.Verdict.Then != 0 {
			was = strconv.Itoa(done.Verdict.Then)
		}
		res.Text = "recorded " + was + ", now " + answerOf(done.Sent).Text
		if n := len(done.Verdict.Differences); n > 0 {
			res.Text += ", " + ui.Count(n, "difference") + " in the answer"
		}
		res.Changes = append(res.Changes, changesOf(done.Verdict.Differences)...)
	}
}

// fieldsOfForm are the fields of a form again, without those of the page.
func fieldsOfForm(form url.Values) (all []formField) {
	for _, name := range []string{"to", "as", "new-id", "body", "header", "part"} {
		if form.Has(name) && name != "part" {
			all = append(all, formField{name, form.Get(name)})
		}
	}
	return all
}
