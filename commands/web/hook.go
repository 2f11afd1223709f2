package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/barbhq/barb/commands/act"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/commands/web/markup"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/proof"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
	"github.com/barbhq/barb/store/webhooks"
	"github.com/barbhq/barb/units"
)

// hook is a webhook as the page shows it.
type hook struct {
	row
	At        string // the time, with its date and zone
	Address   markup.HTML
	Peer      markup.HTML
	WebhookID markup.HTML
	State     string
	Says      string // the verdict line: what became of it
	SaysClass string
	Outcome   string
	Signature signature
	Body      content
	Head      markup.HTML // the request line
	ShortHead markup.HTML // it without its long query; "" where it has none
	Query     []field
	MoreQuery int // names of the query string that are not shown
	Fields    []field
	Trailer   []field
	Masked    []string
	Timeline  timeline
	Answers   []reply
	RawHead   markup.HTML
	WholeHead markup.HTML // with the credentials; "" where that is RawHead
	Curl      string
	CurlCut   bool // it is longer than what is shown

	WholeAddress markup.HTML
	Hidden       []string // the credentials that are shown when they are asked for
	Base         string
	Token        string
	Size         string

	Can        bool   // changes are offered
	WhyNot     string // why they are not
	Targets    []act.Target
	Forms      []act.Form
	Pinned     bool
	Note       string
	NoteShown  markup.HTML
	SampleName string
}

// field is a header field in the order of the wire.
type field struct {
	Name, Value markup.HTML
	Signed      bool // the signature covers it
	Carries     bool // it has the signature
	Hidden      bool // until asked for
}

// reply is an answer to the webhook: barb's own, or an app's.
type reply struct {
	Title  string
	Class  string
	Line   markup.HTML
	Took   string
	Why    markup.HTML
	Fields []field
	Body   content
	ID     int64
}

// webhook shows one webhook: with its list, or alone for the page that is open.
func (p *Page) webhook(w http.ResponseWriter, r *http.Request) {
	at := placeOf(r)
	one, err := p.hookOf(r.Context(), at)
	if r.URL.Query().Get("part") == "hook" {
		v := &view{Hook: one, Base: at.suffix(), Token: p.gate.token}
		v.ofHook(p, at, err)
		show(w, r, v.status(err), "hook", v)
		return
	}
	v, status := p.viewOf(r)
	v.Hook = one
	v.ofHook(p, at, err)
	if one != nil {
		v.Title = "#" + strconv.FormatInt(one.ID, 10) + " · barb"
	}
	show(w, r, max(status, v.status(err)), "page", v)
}

// ofHook notes why a webhook is not shown.
func (v *view) ofHook(p *Page, at place, err error) {
	switch {
	case errors.Is(err, store.ErrNotFound):
		v.Gone = at.chosen
	case err != nil:
		v.Trouble, v.Hint = p.Hint(err)
	}
}

func (v *view) status(err error) int {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return http.StatusNotFound
	case err != nil:
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

// hookOf reads a webhook whole.
func (p *Page) hookOf(ctx context.Context, at place) (*hook, error) {
	w, err := webhooks.Get(ctx, p.History, at.chosen, p.Now())
	if err != nil {
		return nil, err
	}
	x, err := p.whole(ctx, w.Last().ID)
	if err != nil {
		return nil, err
	}
	h := &hook{row: p.rowOf(w, at), At: w.Newest().Start.Local().Format("2006-01-02 15:04:05.000 -07:00"),
		Peer: markup.Line(x.Remote), WebhookID: markup.Line(x.WebhookID), State: string(w.State),
		Body: requestContent(&x.Request), Base: at.suffix(), Token: p.gate.token,
		Size: units.RoundSize(bodySize(x))}
	h.Path, h.Tail = markup.Line(markup.Middle(pathOf(x), 90)), ""
	without := p.hide(x)
	h.raw(x, without)
	target := without.Request.WireTarget()
	h.Head = markup.Line(requestLine(x, target))
	if path, query, _ := strings.Cut(target, "?"); len(query) > longestQuery {
		h.ShortHead = markup.Line(requestLine(x, path+"?…"))
	}
	h.Query, h.MoreQuery = queryOf(&x.Request, &without.Request)
	h.Fields, h.Trailer = p.fieldsOf(x), fieldsOf(x.Request.Trailer, false)
	h.Masked = x.Masked()
	h.Signature = p.signatureOf(w, x, at)
	h.Timeline = timelineOf(w, p.Now())
	if h.Answers, err = p.repliesOf(ctx, w, x); err != nil {
		return nil, err
	}
	h.Says, h.SaysClass = h.says(w, x)
	return h, h.actions(ctx, p, w, x)
}

// actions adds what can be done with the webhook.
func (h *hook) actions(ctx context.Context, p *Page, w *webhooks.Webhook, x *record.Exchange) (err error) {
	h.Pinned, h.Note, h.NoteShown = w.Remark.Pinned, w.Remark.Note, markup.Lines(w.Remark.Note)
	if p.Actions != nil {
		h.Forms = act.Forms()
	}
	if h.Can = p.can(); !h.Can {
		h.WhyNot = p.why()
		return nil
	}
	h.SampleName = act.SampleName(x)
	h.Targets, err = p.Actions.Targets(ctx, w.ID)
	return err
}

// whole reads an exchange as it may be shown: without what the history masks.
func (p *Page) whole(ctx context.Context, id int64) (*record.Exchange, error) {
	x, err := p.History.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return p.History.Redacted(x), nil
}

func bodySize(x *record.Exchange) int64 {
	if x.Request.Whole != nil {
		return x.Request.Whole.Length
	}
	return int64(len(x.Request.Body))
}

// longestQuery is how long a query string may be, in bytes, that the request line shows: the table below has it, too.
const longestQuery = 200

func requestLine(x *record.Exchange, target string) string {
	return strings.TrimSpace(x.Request.Method + " " + target + " " + x.Request.Proto)
}

// says is what became of a webhook in one line.
func (h *hook) says(w *webhooks.Webhook, x *record.Exchange) (text, class string) {
	scheme := x.Scheme
	if scheme == "" {
		scheme = "signature"
	}
	switch {
	case x.Kind == record.Sent:
		text = "to " + ui.Clip(record.Origin(x.Request.URL), 80)
	case x.Verdict.Status == record.Invalid:
		text = h.Verdict.Sign + " " + ui.Clip(scheme, 40) + ": " + ui.Reason(x.Verdict.Reason, x.Verdict.Tried)
	case x.Verdict.Status == record.Valid:
		text = h.Verdict.Sign + " " + ui.Clip(scheme, 40) + ": " + h.Verdict.Word
	default:
		text = h.Verdict.Sign + " signature not checked"
		if h.Verdict.Class == "warn" {
			text += ", though a secret is known for it"
		}
	}
	text += " → " + h.Answer.Text
	if h.Took != "" {
		text += " in " + h.Took
	}
	switch w.State {
	case webhooks.Failed, webhooks.Rejected:
		return text, "bad"
	case webhooks.Pending, webhooks.Cancelled:
		return text, "warn"
	}
	if h.Verdict.Class == "warn" {
		return text, "warn"
	}
	return text, "ok"
}

// fieldsOf are the header fields of a request in the order of the wire.
func (p *Page) fieldsOf(x *record.Exchange) []field {
	all := fieldsOf(x.Request.Header, true)
	s, ok := p.Scheme(x.Scheme)
	if x.Scheme == "" || !ok {
		return all
	}
	r := &x.Request
	signed := proof.SignedHeaders(s, sign.Message{Method: r.Method, URL: r.URL, Header: r.Header.HTTP(), Body: r.Body})
	carriers := proof.Carriers(s)
	for i, f := range r.Header {
		name := strings.ToLower(f.Name)
		all[i].Signed, all[i].Carries = slices.Contains(signed, name), slices.Contains(carriers, name)
	}
	return all
}

// fieldsOf are header fields in the order of the wire.
func fieldsOf(h record.Header, ofRequest bool) []field {
	all := make([]field, 0, len(h))
	for _, f := range h {
		all = append(all, field{Name: markup.Line(f.Name), Value: markup.Line(f.Value), Hidden: isCredential(ofRequest, f)})
	}
	return all
}

// isCredential reports whether a value is shown only when asked for, as barb show does. A value that is not stored is
// replaced already.
func isCredential(ofRequest bool, f record.Field) bool {
	if strings.Contains(f.Value, "[secret]") {
		return false
	}
	return redact.IsCredential(f.Name, f.Value) || !ofRequest && strings.EqualFold(f.Name, "Set-Cookie")
}

// repliesOf are barb's own answer and those of the apps, the last of each.
func (p *Page) repliesOf(ctx context.Context, w *webhooks.Webhook, x *record.Exchange) ([]reply, error) {
	title := "Answer to the sender"
	if x.Kind == record.Sent {
		title = "Answer of " + ui.Clip(record.Origin(x.Request.URL), 80)
	}
	all := []reply{p.replyOf(title, x)}
	app := w.App()
	if app == nil {
		return all, nil
	}
	full, err := p.whole(ctx, app.ID)
	if err != nil {
		return nil, err
	}
	one := p.replyOf("Answer of the app "+ui.Clip(record.Origin(full.Request.URL), 80), full)
	return append([]reply{one}, all...), nil
}

func (p *Page) replyOf(title string, x *record.Exchange) reply {
	a := answerOf(x)
	out := reply{Title: title, Class: a.Class, Line: markup.Line(a.Text), Took: ui.Duration(x.Took), ID: x.ID}
	if x.Err != nil {
		out.Why = markup.Short(x.Err.Text, 400)
	}
	if x.Response == nil {
		return out
	}
	got := x.Response
	out.Line = markup.Line(strings.TrimSpace(got.Proto + " " + strconv.Itoa(got.Status) + " " + got.Reason))
	out.Fields = fieldsOf(x.Response.Header, false)
	out.Body = responseContent("response-"+strconv.FormatInt(x.ID, 10), x.Response)
	return out
}
