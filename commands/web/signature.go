package web

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/commands/act"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/ui"
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

	Explained bool
	Causes    []cause
	Hints     []string
	Notes     []string
	Signed    []signedText
}

type fact struct {
	Name  string
	Value markup
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
	Have, Want markup
}

// signedText is what was signed, without the secret.
type signedText struct {
	Text  markup
	Whole markup // with the credentials that Text is without; "" where there are none
	Size  string
	Left  string
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
	if v.Status == record.Invalid {
		s.Why, s.Fix = ui.Reason(v.Reason, v.Tried), ui.Remedy(v.Reason)
	}
	if x.Kind == record.Received && x.Handshake == "" {
		id := strconv.FormatInt(w.ID, 10)
		s.Verify, s.Auto = "barb verify "+id+" --explain", s.Open
		s.More = "/w/" + id + "/signature" + at.suffix()
	}
	return s
}

func (s *signature) add(name, value string) {
	if value != "" {
		s.Facts = append(s.Facts, fact{name, wire(value)})
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
	name := "signature-page"
	if r.URL.Query().Get("part") != "" {
		name = "signature"
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
	s.Explained, s.Hints, s.Notes = true, e.Hints, e.Notes
	if e.Why != "" {
		s.Why = e.Why
	}
	if e.Timed {
		s.add("tolerance", toleranceOf(e.Tolerance))
	}
	if d := e.Verdict.Detail; d != "" && d != s.Why {
		s.add("detail", d)
	}
	if e.Verdict.Verdict == string(record.Valid) && !e.Verdict.CoversBody {
		s.Notes = append(s.Notes, "the signature authenticates the sender, not the body")
	}
	s.causes(e, without)
	for _, text := range e.Signed {
		one := signedText{Size: units.RoundSize(int64(len(text)))}
		if left := len(text) - mostSigned; left > 0 {
			one.Left, text = units.RoundSize(int64(left)), ui.WholeRunes(text[:mostSigned])
		}
		one.Text = textOrHex(without.in(text))
		if all := textOrHex(text); all != one.Text {
			one.Whole = all
		}
		s.Signed = append(s.Signed, one)
	}
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
				Have: without.folded(differing(d.Have, d.Offset-d.Start), d.Have),
				Want: without.folded(differing(d.Want, d.Offset-d.Start), d.Want)}
		}
		s.Causes = append(s.Causes, one)
	}
	for _, h := range e.Verdict.Explain.Hints {
		s.Hints = append(s.Hints, h.Words)
	}
}

// differing is text around a place where it differs, with that place marked.
func differing(text []byte, at int) markup {
	var w writer
	at = max(min(at, len(text)), 0)
	w.text(string(text[:at]))
	w.html(`<mark>`)
	if at == len(text) {
		w.html(`<i class=e>end</i>`)
	}
	w.text(string(text[at:]))
	w.html(`</mark>`)
	return w.done()
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

// textOrHex is text as it came, or bytes in hex.
func textOrHex(text []byte) markup {
	if bytes.IndexByte(text, 0) >= 0 || !bytes.Equal(bytes.ToValidUTF8(text, nil), text) {
		return hexRows(text[:min(len(text), mostSigned/4)], 0)
	}
	return rawText(text)
}
