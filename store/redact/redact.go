// Package redact keeps secrets out of what is stored. It makes the exchange that is kept out of the one that came,
// notes what each piece was that it took away, and puts the pieces back where it can. It stores and prints nothing.
package redact

import (
	"mime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
)

// Placeholder stands in the history for what is not kept.
const Placeholder = "[secret]"

// minMasked is how many bytes a secret must have to be looked for outside its own place: a shorter one is a word that
// stands in many places by chance.
const minMasked = 8

// Redactor makes kept exchanges. It may be used from many goroutines.
type Redactor struct {
	scheme func(name string) (sign.Scheme, bool)
	places []Place
	inBody bool // places names some of a body

	mu      sync.Mutex
	secrets []*known // replaced, never changed
}

// New returns a Redactor that keeps out the secrets, where they travel themselves, and what stands at the places.
// scheme finds a scheme by its name.
func New(scheme func(name string) (sign.Scheme, bool), secrets []sign.Secret, places []Place) *Redactor {
	r := &Redactor{scheme: scheme, places: places}
	r.Add(secrets...)
	r.inBody = slices.ContainsFunc(places, func(p Place) bool { return p.kind == "json" || p.kind == "form" })
	return r
}

// Add has the Redactor keep out further secrets. One that it has already is passed over.
func (r *Redactor) Add(secrets ...sign.Secret) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := slices.Clone(r.secrets)
	for _, s := range secrets {
		has := slices.ContainsFunc(all, func(k *known) bool { return k.ref == s.Name && k.key == string(s.Key) })
		if len(s.Key) > 0 && !has {
			all = append(all, newKnown(s))
		}
	}
	r.secrets = all
}

func (r *Redactor) known() []*known {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.secrets
}

// Redact returns the exchange as the history keeps it: it is store.Store.Redact. A webhook that nobody checked loses
// its credentials too, as do the exchanges that repeat it, and a handshake loses the secret that it brings.
func (r *Redactor) Redact(x *record.Exchange) *record.Exchange {
	if secret, at, ok := learntIn(x); ok {
		return r.keepLearnt(x, secret, at)
	}
	return r.Keep(x, x.FromUnchecked || IsUnchecked(x))
}

// IsUnchecked reports whether the exchange is a received webhook that nobody checked.
func IsUnchecked(x *record.Exchange) bool {
	return x.Kind == record.Received && x.Verdict.Status == record.Unchecked
}

// Keep returns the exchange as it may be kept and shown: x itself where nothing of it is masked, else a copy whose
// Masks say what was taken away. What barb was told is a secret never reaches the history: it is masked wherever it
// stands, since a sender may have taken the wrong route with it, and in every spelling where the scheme sends the
// secret itself. unchecked says that nobody checked the webhook: then credentials, cookies and tokens are masked too.
func (r *Redactor) Keep(x *record.Exchange, unchecked bool) *record.Exchange {
	f := finder{whole: r.places, secrets: r.known(), unchecked: unchecked, likely: x.Verdict.Secret}
	if x.Scheme != "" {
		if scheme, ok := r.scheme(x.Scheme); ok && scheme.Auth == sign.Token {
			carrier := schemePlace(scheme.Header)
			f.carrier = &carrier
		}
	}
	f.onlyPlain = f.carrier == nil
	if len(f.secrets) == 0 && len(r.places) == 0 && !unchecked {
		return x
	}
	if unchecked && f.carrier != nil && !f.usual() {
		f.whole = append(slices.Clone(f.whole), *f.carrier)
	}
	return f.keep(x, r.inBody || f.carrier != nil && f.carrier.kind != "header")
}

// usual reports whether the scheme's own place is a header that is masked of every unchecked webhook.
func (f *finder) usual() bool {
	_, found := credential(f.carrier.name, "any", false)
	return found && f.carrier.kind == "header"
}

// keepLearnt is Keep for a message that brings a secret itself, which stands at carrier: a header's name or
// "json:PATH". It is masked wherever else it stands, too.
func (r *Redactor) keepLearnt(x *record.Exchange, secret sign.Secret, carrier string) *record.Exchange {
	at, learnt := schemePlace(carrier), newKnown(secret)
	learnt.proof = func() string { return "learnt" } // nobody is to put it back
	f := finder{whole: append(slices.Clone(r.places), at), secrets: []*known{learnt}, unchecked: true}
	return f.keep(x, r.inBody || at.kind == "json")
}

// piece is a text of an exchange with what is masked of it.
type piece struct {
	part  string
	spans []span
}

// keep finds what is masked of an exchange and masks it.
func (f *finder) keep(x *record.Exchange, inBody bool) *record.Exchange {
	found := f.request(x, inBody)
	if x.Response != nil {
		found = append(found, f.answer(x.Response, inBody)...)
	}
	if len(found) == 0 {
		return x
	}
	kept := own(x)
	kept.Masks = nil
	for _, p := range found {
		edit(kept, p.part, func(text string) string {
			text, masks := apply(text, p.part, p.spans)
			kept.Masks = append(kept.Masks, masks...)
			return text
		})
	}
	return kept
}

func (f *finder) request(x *record.Exchange, inBody bool) (found []piece) {
	r := &x.Request
	add := func(part string, spans []span) {
		if len(spans) > 0 {
			found = append(found, piece{part, spans})
		}
	}
	for i, field := range r.Header {
		if spans := f.field(field.Name, field.Value, false); len(spans) > 0 {
			add(partField+strconv.Itoa(i), spans)
		}
	}
	for i, field := range r.Trailer {
		add(partTrailer+strconv.Itoa(i), f.field(field.Name, field.Value, false))
	}
	target := f.address(r.Target)
	add(partURL, f.address(r.URL))
	add(partTarget, target)
	if r.Head != "" && (len(found) > 0 || len(f.secrets) > 0) { // the head says the same once more
		add(partHead, f.head(r.Head, false))
	}
	if r.Chunks != "" && (len(r.Trailer) > 0 || len(f.secrets) > 0) {
		add(partChunks, f.merge(append(f.head(r.Chunks, false), named(f.search(r.Chunks, minMasked), "chunks")...)))
	}
	if len(r.Body) > 0 && (inBody || len(f.secrets) > 0) {
		f.wholeBody = inBody && isPacked(r.Header)
		add(partBody, f.body(string(r.Body), isForm(r.Header), false))
	}
	return found
}

func (f *finder) answer(r *record.Response, inBody bool) (found []piece) {
	add := func(part string, spans []span) {
		if len(spans) > 0 {
			found = append(found, piece{part, spans})
		}
	}
	for i, field := range r.Header {
		if spans := f.field(field.Name, field.Value, true); len(spans) > 0 {
			add(partAnswerField+strconv.Itoa(i), spans)
		}
	}
	if r.Head != "" && (len(found) > 0 || len(f.secrets) > 0) {
		add(partAnswerHead, f.head(r.Head, true))
	}
	if len(r.Body) > 0 && (inBody || len(f.secrets) > 0) {
		f.wholeBody = inBody && isPacked(r.Header)
		add(partAnswerBody, f.body(string(r.Body), isForm(r.Header), true))
	}
	return found
}

// isPacked reports whether a body cannot be looked into.
func isPacked(h record.Header) bool {
	coding := strings.ToLower(h.Get("Content-Encoding"))
	return coding != "" && coding != "identity"
}

func isForm(h record.Header) bool {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && media == "application/x-www-form-urlencoded"
}
