package redact

import (
	"cmp"
	"slices"
	"strings"

	"github.com/barbhq/barb/store/record"
)

// span is a piece of a text to be masked.
type span struct {
	from, to    int
	name        string // for people
	placeholder string
	secret      *known // the secret that the piece spells; nil: the piece is masked whatever its text
	spelling    string
	skip        int
	style       byte // how a value is written: percent or quoted; 0: as it is
	follows     bool // the placeholder of the previous span stands for this piece too
}

// finder finds the pieces of one exchange's texts that must be masked.
type finder struct {
	secrets   []*known
	carrier   *Place        // place of that scheme's secret, where secrets of any length are found
	whole     []Place       // places whose values are always masked
	own       record.Header // fields that barb itself sends, whose values are masked
	unchecked bool          // also mask tokens, cookies and other credentials at their usual places
	onlyPlain bool          // look for secrets without escapes only
	wholeBody bool          // the body is encoded and something in it must be masked
	likely    string        // the secret already found in the exchange, to choose among secrets with the same spelling
}

// field finds the pieces to mask in a header field's value.
func (f *finder) field(name, value string, answer bool) []span {
	var spans []span
	if f.unchecked {
		if from, found := credential(name, value, answer); found {
			spans = append(spans, span{from: from, to: len(value), name: headerLabel(name, answer)})
		}
	}
	for _, p := range f.whole {
		if p.kind == "header" && strings.EqualFold(p.name, name) && value != "" {
			spans = append(spans, span{from: 0, to: len(value), name: headerLabel(name, answer)})
		}
	}
	if !answer && slices.Contains(f.own, record.Field{Name: name, Value: value}) {
		spans = append(spans, span{from: 0, to: len(value), name: headerLabel(name, answer)})
	}
	if len(f.secrets) == 0 {
		return joinOverlaps(spans)
	}
	shortest := minMasked
	if f.carrier != nil && f.carrier.kind == "header" && strings.EqualFold(f.carrier.name, name) {
		shortest = 1
	}
	found := f.search(value, span{}, shortest)
	for i := range found {
		found[i].name = headerLabel(name, answer)
	}
	return f.merge(append(spans, found...))
}

func headerLabel(name string, answer bool) string {
	if answer {
		return "response header " + name
	}
	return "header " + name
}

// head finds the pieces to mask in a head or in the framing of a chunked body: in the request line's target and in the
// values of fields.
func (f *finder) head(head string, answer bool) []span {
	if !f.unchecked && len(f.whole)+len(f.own) == 0 && len(f.search(head, span{}, 1)) == 0 {
		return nil // the usual case, without parsing the fields
	}
	var spans []span
	add := func(at int, found []span) {
		for _, s := range found {
			s.from, s.to = s.from+at, s.to+at
			spans = append(spans, s)
		}
	}
	if line, _, ok := strings.Cut(head, "\n"); ok && !answer {
		first, last := strings.IndexByte(line, ' '), strings.LastIndexByte(line, ' ')
		if first >= 0 && last > first {
			add(first+1, f.address(line[first+1:last]))
		}
	}
	lines(head, func(name string, from, to int) {
		if !strings.ContainsAny(name, " \t") { // a request line may hold a colon
			add(from, f.field(name, head[from:to], answer))
		}
	})
	return spans
}

// address finds the pieces to mask in a URL or target.
func (f *finder) address(address string) []span {
	var spans []span
	at := strings.IndexByte(address, '?') + 1
	if at > 0 {
		query, _, _ := strings.Cut(address[at:], "#")
		parameters(query, func(name string, from, to int) {
			if f.unchecked && isOneOf(name, tokenParameters[:]) || f.isWhole("query", name) {
				spans = append(spans, span{from: at + from, to: at + to, name: "query " + name, style: percent})
			}
			if f.carrier != nil && f.carrier.kind == "query" && name == f.carrier.name {
				spans = append(spans, f.search(query[from:to], span{from: at + from, name: "query " + name}, 1)...)
			}
		})
	}
	return f.merge(append(spans, f.search(address, span{name: "url"}, minMasked)...))
}

func (f *finder) isWhole(kind, name string) bool {
	return slices.ContainsFunc(f.whole, func(p Place) bool { return p.kind == kind && p.name == name })
}

// body finds the pieces to mask in a body.
func (f *finder) body(body string, isForm, answer bool) []span {
	label := "body"
	if answer {
		label = "response body"
	}
	if f.wholeBody && body != "" {
		return []span{{from: 0, to: len(body), name: label}}
	}
	var spans []span
	for _, p := range f.whole {
		if p.kind == "json" {
			p.values(body, func(from, to int, isText bool) {
				s := span{from: from, to: to, name: strings.TrimSuffix(label+" "+p.name, " "), style: quoted}
				if !isText {
					s.placeholder = `"` + Placeholder + `"`
				}
				spans = append(spans, s)
			})
		}
	}
	if isForm {
		parameters(body, func(name string, from, to int) {
			if f.isWhole("form", name) {
				spans = append(spans, span{from: from, to: to, name: label + " " + name, style: percent})
			}
		})
	}
	spans = append(spans, f.inCarrier(body, label)...)
	return f.merge(append(spans, f.search(body, span{name: label}, minMasked)...))
}

// inCarrier finds secrets at the scheme's own place in the body.
func (f *finder) inCarrier(body, label string) (spans []span) {
	if f.carrier == nil || len(f.secrets) == 0 {
		return nil
	}
	found := func(from, to int) {
		spans = append(spans, f.search(body[from:to], span{from: from, name: label + " " + f.carrier.name}, 1)...)
	}
	switch f.carrier.kind {
	case "json":
		f.carrier.values(body, func(from, to int, _ bool) { found(from, to) })
	case "form":
		parameters(body, func(name string, from, to int) {
			if name == f.carrier.name {
				found(from, to)
			}
		})
	}
	return spans
}

// search finds secrets of at least shortest bytes: in all spellings where the scheme sends its secret, elsewhere only
// as they are and in base64, because every webhook is searched for them. The spans have the name of in, and in.from is
// the position of the text.
func (f *finder) search(text string, in span, shortest int) (spans []span) {
	styles := [...]byte{plain, percent, quoted}
	looked := styles[:]
	if f.onlyPlain {
		looked = styles[:1]
	}
	for _, k := range f.secrets {
		if len(k.key) < shortest || text == "" || f.onlyPlain && !k.mayBeIn(text) {
			continue
		}
		in.secret = k
		for _, w := range k.forms {
			for _, style := range looked {
				spans = w.search(spans, text, style, in)
			}
		}
	}
	return spans
}

// mayBeIn reports whether a body may hold one of the secrets. It looks at the bytes where they are: most bodies hold
// none, and a copy as text would cost more than the look.
func (f *finder) mayBeIn(body []byte) bool {
	if !f.onlyPlain {
		return len(f.secrets) > 0
	}
	return slices.ContainsFunc(f.secrets, func(k *known) bool { return k.mayBeInBody(body) })
}

// search appends the places of the form in a text, in one style.
func (w *written) search(spans []span, text string, style byte, in span) []span {
	starts := w.chars[:1]
	switch style {
	case percent:
		if !strings.ContainsAny(text, "%+") {
			return spans
		}
		starts += "%+"
	case quoted:
		if strings.IndexByte(text, '\\') < 0 {
			return spans
		}
		starts += `\`
	}
	for at := 0; at < len(text); at++ {
		var next int
		if style == plain {
			next = strings.Index(text[at:], w.chars)
		} else {
			next = strings.IndexAny(text[at:], starts)
		}
		if next < 0 {
			return spans
		}
		at += next
		n, letters, ok := spelled(text[at:], w.chars, style)
		if !ok || style != plain && letters == "" { // the plain style has found it
			continue
		}
		s := in
		s.from, s.to, s.spelling = in.from+at, in.from+at+n, string(w.letter)+string(style)+letters
		spans = append(spans, s)
	}
	return spans
}

// merge turns overlapping spans into disjoint spans that cover the same bytes. It keeps spelled secrets apart from
// merely covered text, because only the former can be restored.
func (f *finder) merge(spans []span) []span {
	if len(spans) == 0 {
		return nil
	}
	var whole, spelt []span
	for _, s := range spans {
		if s.secret == nil {
			whole = append(whole, s)
		} else {
			spelt = append(spelt, s)
		}
	}
	return subtract(joinOverlaps(whole), f.disjoint(spelt))
}

// joinOverlaps joins overlapping spans, and joins all when there are too many.
func joinOverlaps(spans []span) (out []span) {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to)) })
	for _, s := range spans {
		last := len(out) - 1
		switch {
		case s.from == s.to && s.placeholder == "":
		case last < 0 || s.from >= out[last].to && len(out) < mostWholeInAText:
			out = append(out, s)
		default:
			out[last].to = max(out[last].to, s.to)
		}
	}
	return out
}

// disjoint returns spans that cover the bytes of spelled secrets, each once: of spans with the same beginning the
// longest comes first, and a span that begins inside another is shortened.
func (f *finder) disjoint(spans []span) (out []span) {
	slices.SortStableFunc(spans, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to),
			a.secret.unlikely(f.likely)-b.secret.unlikely(f.likely))
	})
	end := 0
	for _, s := range spans {
		switch {
		case s.to <= end:
			continue
		case s.from < end:
			s.skip, s.from = end-s.from, end
		}
		out, end = append(out, s), s.to
	}
	return out
}

// subtract removes the spelled spans from those that cover them, and keeps the text left and right of them as spans.
func subtract(whole, spelt []span) (out []span) {
	for _, w := range whole {
		for len(spelt) > 0 && spelt[0].to <= w.from {
			out, spelt = append(out, spelt[0]), spelt[1:]
		}
		rest, first := w, len(out)
		if first > 0 {
			rest.from = max(w.from, out[first-1].to) // a secret may reach into it
		}
		for len(spelt) > 0 && spelt[0].from < w.to {
			s := spelt[0]
			spelt = spelt[1:]
			if s.from > rest.from {
				left := rest
				left.to = s.from
				out = append(out, left)
			}
			s.name = w.name
			out, rest.from = append(out, s), s.to
		}
		if rest.from < rest.to {
			out = append(out, rest)
		}
		for i := first; i < len(out); i++ {
			out[i].placeholder, out[i].follows = w.placeholder, i > first
		}
	}
	out = append(out, spelt...)
	for i := 1; i < len(out); i++ {
		out[i].follows = out[i].follows || out[i].skip > 0
	}
	return out
}

// apply replaces the spans of a text and describes them as masks of a part.
func apply(text, part string, spans []span) (string, []record.Mask) {
	masks := make([]record.Mask, 0, len(spans))
	var out strings.Builder
	out.Grow(len(text))
	end := 0
	for _, s := range spans {
		out.WriteString(text[end:s.from])
		m := record.Mask{Part: part, At: out.Len(), Size: s.to - s.from, Name: s.name, Piece: text[s.from:s.to], Skip: s.skip}
		if s.secret != nil {
			m.Secret, m.Proof, m.Spelling = s.secret.ref, s.secret.proof(), s.spelling
		}
		if !s.follows {
			m.Shown, _ = out.WriteString(cmp.Or(s.placeholder, Placeholder))
		}
		masks, end = append(masks, m), s.to
	}
	out.WriteString(text[end:])
	return out.String(), masks
}
