package web

import (
	"bytes"
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/commands/act"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/commands/web/markup"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
	"github.com/barbhq/barb/units"
)

// signature is the panel of the signature.
type signature struct {
	Open     bool
	Class    string
	Word     string // the sign and the word of the verdict
	Facts    []fact
	Why, Fix string
	Verify   string // the command that explains it
	More     string // the address of the explained panel; "" where it is explained, or cannot be
	Auto     bool   // the page fetches it by itself
	Trouble  string // why it could not be explained

	Causes []cause
	Hints  []string
	Notes  []string
	Signed []signedText
}

type fact struct {
	Name  string
	Value markup.HTML
}

// cause is a change that makes the signature match.
type cause struct {
	Words      string
	Matches    string
	Difference *difference
	Fixes      []schema.Fix
}

// difference is the first place where what came differs from what was signed.
type difference struct {
	Of, Offset string
	Have, Want markup.HTML
}

// signedText is what a signature is made of, without the secret.
type signedText struct {
	Title  string
	Text   markup.HTML
	Whole  markup.HTML // with the credentials that Text is without; "" where there are none
	Differ string      // where the first byte that differs is; "" for none
	Left   string
}

// mostSigned is how much of the signed bytes is shown.
const mostSigned = 8 << 10

// explainWithin is how long the search for a cause may take.
const explainWithin = 3 * time.Second

// signatureOf is what the history knows of the check.
func (p *Page) signatureOf(w *webhooks.Webhook, x *record.Exchange, at place) signature {
	v, is := x.Verdict, p.verdictOf(x)
	s := signature{Class: is.Class, Word: is.Sign + " " + is.Word, Open: v.Status == record.Invalid}
	s.add("scheme", strings.TrimSpace(x.Scheme+" "+v.Version))
	s.add("secret", v.Secret)
	s.add("tried with", v.Tried)
	if v.HasAge {
		s.add("age", ui.Age(v.Age))
	}
	s.add("webhook id", x.WebhookID)
	if v.Status == record.Invalid { // why is said above all sections
		s.Fix = ui.Remedy(v.Reason)
	}
	if is.Class == "warn" {
		s.Open, s.Why = true, "It was not checked when it came, though a secret is known for it."
	}
	if x.Kind == record.Received && x.Handshake == "" {
		id := strconv.FormatInt(w.ID, 10)
		s.Verify, s.Auto = "barb verify "+id+" --explain", v.Status == record.Invalid
		s.More = "/w/" + id + "/signature" + at.suffix()
	}
	return s
}

func (s *signature) add(name, value string) {
	if value != "" {
		s.Facts = append(s.Facts, fact{name, markup.Line(value)})
	}
}

// explained answers with the panel of the signature, with the reason why it was refused and what was signed.
func (p *Page) explained(w http.ResponseWriter, r *http.Request) {
	at := placeOf(r)
	one, err := webhooks.Get(r.Context(), p.History, at.chosen, p.Now())
	if err != nil {
		p.noPart(w, err)
		return
	}
	x, err := p.whole(r.Context(), one.Last().ID)
	if err != nil {
		p.noPart(w, err)
		return
	}
	s := p.signatureOf(one, x, at)
	ctx, cancel := within(r, explainWithin)
	defer cancel()
	s.explain(ctx, p, x, p.hide(x))
	name := "signature"
	if r.URL.Query().Get("part") == "" { // nothing above it says why
		name, s.Why = "signature-page", cmp.Or(s.Why, ui.Reason(x.Verdict.Reason, x.Verdict.Tried))
	}
	show(w, r, http.StatusOK, name, struct {
		Signature signature
		ID        int64
		Base      string
	}{s, one.ID, at.suffix()})
}

// explain adds what is found out by checking the signature again.
func (s *signature) explain(ctx context.Context, p *Page, x *record.Exchange, without hidden) {
	s.Open, s.More, s.Auto = true, "", false
	if p.Actions == nil {
		s.Trouble = "This page cannot check signatures."
		return
	}
	e, err := p.Actions.Explain(ctx, x.ID)
	if err != nil {
		text, hint := p.Hint(err)
		s.Trouble = text
		if hint != "" {
			s.Hints = append(s.Hints, hint)
		}
		return
	}
	s.Hints, s.Notes = e.Hints, e.Notes
	if slices.Contains(s.Hints, s.Fix) {
		s.Fix = ""
	}
	said := ui.Reason(x.Verdict.Reason, x.Verdict.Tried)
	switch {
	case x.Verdict.Status == record.Unchecked && e.Verdict.Verdict == string(record.Valid):
		s.add("checked now", "valid, signed with "+e.Verdict.Secret)
	case x.Verdict.Status == record.Unchecked:
		s.add("checked now", e.Why)
	case e.Why != said:
		s.Why = e.Why
	}
	if e.Timed {
		s.add("tolerance", toleranceOf(e.Tolerance))
	}
	s.add("detail", strings.TrimSpace(strings.TrimPrefix(e.Verdict.Detail, e.Why)))
	if e.Verdict.Verdict == string(record.Valid) && !e.Verdict.CoversBody {
		s.Notes = append(s.Notes, "the signature authenticates the sender, not the body")
	}
	s.causes(e, without)
	for i, text := range e.Signed {
		if e.Proven == nil {
			s.Signed = append(s.Signed, textOf("What was signed, byte for byte", text, -1, without))
			continue
		}
		at := firstDifference(text, e.Proven[i])
		s.Signed = append(s.Signed, textOf("What the sender signed, byte for byte", e.Proven[i], at, without),
			textOf("The same of what came", text, at, without))
	}
}

// firstDifference is the offset of the first byte in which two texts differ; -1 for none.
func firstDifference(a, b []byte) int {
	at := 0
	for at < min(len(a), len(b)) && a[at] == b[at] {
		at++
	}
	if at == len(a) && at == len(b) {
		return -1
	}
	return at
}

// textOf shows what is signed; of a long one the beginning, or else what is around the byte at, which is marked.
func textOf(title string, text []byte, at int, without hidden) signedText {
	one := signedText{Title: title + " (" + units.RoundSize(int64(len(text))) + ")"}
	most := mostSigned
	if !markup.IsText(text) {
		most /= 4
	}
	left := len(text) - most
	write := func(text []byte) markup.HTML {
		return markup.TextOrHex(ui.WholeRunes(text[:min(len(text), most)]), most)
	}
	if at >= 0 {
		one.Differ = "The first byte that differs is byte " + strconv.Itoa(at) + "."
		write = func(text []byte) markup.HTML {
			place, from := markup.Place(text, at, most)
			if from > 0 {
				one.Differ += " This begins at byte " + strconv.Itoa(from) + "."
			}
			return place
		}
	}
	shown := without.in(text)
	if one.Text = write(text); !bytes.Equal(shown, text) {
		one.Whole, one.Text = one.Text, markup.TextOrHex(ui.WholeRunes(shown[:min(len(shown), most)]), most)
	}
	if left > 0 {
		one.Left = units.RoundSize(int64(left))
	}
	return one
}

func (s *signature) causes(e *act.Explanation, without hidden) {
	if e.Verdict.Explain == nil {
		return
	}
	for _, c := range e.Verdict.Explain.Causes {
		one := cause{Words: c.Words, Fixes: c.Fix}
		if c.Change != "" {
			one.Matches = "The signature matches if " + c.Change + "."
		}
		if d := c.Difference; d != nil {
			one.Difference = &difference{Of: d.Of, Offset: strconv.Itoa(d.Offset),
				Have: without.folded(markup.MarkedEnd(d.Have, d.Offset-d.Start), d.Have),
				Want: without.folded(markup.MarkedEnd(d.Want, d.Offset-d.Start), d.Want)}
		}
		s.Causes = append(s.Causes, one)
	}
	for _, h := range e.Verdict.Explain.Hints {
		s.Hints = append(s.Hints, h.Words)
	}
}

func toleranceOf(t sign.Tolerance) string {
	switch {
	case t.Past == t.Future:
		return "± " + ui.Age(t.Past)
	case t.Future == sign.NoLimit:
		return ui.Age(t.Past) + " old, any time ahead"
	}
	return ui.Age(t.Past) + " old, " + ui.Age(t.Future) + " ahead"
}
