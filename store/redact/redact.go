// Package redact keeps secrets out of what is stored. It masks an exchange before it is stored, notes what each removed
// piece was, and restores the pieces where possible. It stores and prints nothing.
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

// Placeholder replaces a masked piece in the history.
const Placeholder = "[secret]"

// minMasked is the minimum length in bytes of a secret that is searched for outside its own place: a shorter one occurs
// by chance.
const minMasked = 8

// Redactor masks exchanges. It may be used from many goroutines.
type Redactor struct {
	scheme func(name string) (sign.Scheme, bool)
	places []Place
	inBody bool // some places are in a body

	mu       sync.Mutex
	secrets  []*known          // replaced, never changed
	own      record.Header     // the same
	carriers map[string]*Place // by the scheme's name; nil: its secret is in no message
}

// New returns a Redactor that masks the secrets and the values at the places. scheme finds a scheme by its name.
func New(scheme func(name string) (sign.Scheme, bool), secrets []sign.Secret, places []Place) *Redactor {
	r := &Redactor{scheme: scheme, places: places}
	r.Add(secrets...)
	r.inBody = slices.ContainsFunc(places, func(p Place) bool { return p.kind == "json" || p.kind == "form" })
	return r
}

// Add adds secrets to mask. It ignores secrets that the Redactor already has.
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

// AddField adds a header field that barb itself sends. Its value is masked in the fields of that name of each sent
// request, however short it is, and cannot be restored. Where the name says that it is a credential, the value is
// masked everywhere, as the secrets of Add are. Host is shown.
func (r *Redactor) AddField(f record.Field) {
	if f.Value == "" || strings.EqualFold(f.Name, "Host") {
		return
	}
	if from, found := credential(f.Name, f.Value, false); found {
		r.Add(sign.Secret{Name: "header " + f.Name, Key: []byte(f.Value[from:])})
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.own = append(slices.Clone(r.own), f)
}

// ownFields returns the fields of AddField that a kind of exchange may have.
func (r *Redactor) ownFields(kind record.Kind) record.Header {
	r.mu.Lock()
	defer r.mu.Unlock()
	if kind != record.Sent {
		return nil
	}
	return r.own
}

func (r *Redactor) known() []*known {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.secrets
}

// Redact returns the exchange for the history, as store.Store.Redact. It also masks the credentials of a webhook
// without a signature check and of its repetitions, and the secret that a handshake brings.
func (r *Redactor) Redact(x *record.Exchange) *record.Exchange {
	if secret, at, ok := learntIn(x); ok {
		return r.maskLearnt(x, secret, at)
	}
	return r.Keep(x, x.FromUnchecked || IsUnchecked(x))
}

// IsUnchecked reports whether the exchange is a received webhook whose signature was not checked.
func IsUnchecked(x *record.Exchange) bool {
	return x.Kind == record.Received && x.Verdict.Status == record.Unchecked
}

// Keep returns the exchange for storing and showing: x itself if nothing needs masking, else a copy whose Masks
// describe the removed pieces. It masks known secrets everywhere, since a sender may have used the wrong route, and in
// every spelling where the scheme sends the secret itself. With unchecked it also masks credentials, cookies and
// tokens.
func (r *Redactor) Keep(x *record.Exchange, unchecked bool) *record.Exchange {
	f := finder{whole: r.places, secrets: r.known(), own: r.ownFields(x.Kind), unchecked: unchecked,
		likely: x.Verdict.Secret}
	if x.Scheme != "" {
		f.carrier = r.carrier(x.Scheme)
	}
	f.onlyPlain = f.carrier == nil
	if len(f.secrets) == 0 && len(r.places) == 0 && len(f.own) == 0 && !unchecked {
		return x
	}
	if unchecked && f.carrier != nil && !f.hasUsualHeader() {
		f.whole = append(slices.Clone(f.whole), *f.carrier)
	}
	if f.isClean(x) {
		return x
	}
	return f.mask(x, r.inBody || f.carrier != nil && f.carrier.kind != "header")
}

// carrier returns where the messages of a scheme have the secret itself, nil for a scheme that signs.
func (r *Redactor) carrier(name string) *Place {
	r.mu.Lock()
	defer r.mu.Unlock()
	place, known := r.carriers[name]
	if known {
		return place
	}
	scheme, ok := r.scheme(name)
	if !ok {
		return nil
	}
	if scheme.Auth == sign.Token {
		carrier := schemePlace(scheme.Header)
		place = &carrier
	}
	if r.carriers == nil {
		r.carriers = map[string]*Place{}
	}
	r.carriers[name] = place
	return place
}

// hasUsualHeader reports whether the scheme's own place is a header that is masked in every unchecked webhook.
func (f *finder) hasUsualHeader() bool {
	_, found := credential(f.carrier.name, "any", false)
	return found && f.carrier.kind == "header"
}

// maskLearnt masks a secret that the message itself brings at carrier, a header's name or "json:PATH", wherever else it
// occurs too.
func (r *Redactor) maskLearnt(x *record.Exchange, secret sign.Secret, carrier string) *record.Exchange {
	at, learnt := schemePlace(carrier), newKnown(secret)
	learnt.proof = func() string { return "learnt" } // this secret is never restored
	f := finder{whole: append(slices.Clone(r.places), at), secrets: []*known{learnt}, unchecked: true}
	return f.mask(x, r.inBody || at.kind == "json")
}

// piece is a text of an exchange with its masked spans.
type piece struct {
	part  string
	spans []span
}

// mask finds and masks the secrets of an exchange.
func (f *finder) mask(x *record.Exchange, inBody bool) *record.Exchange {
	found := f.request(x, inBody)
	if x.Response != nil {
		found = append(found, f.answer(x.Response, inBody)...)
	}
	if len(found) == 0 {
		return x
	}
	kept := copyOf(x)
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
	if r.Head != "" && (len(found) > 0 || len(f.secrets) > 0) { // the head repeats the fields
		add(partHead, f.head(r.Head, false))
	}
	if r.Chunks != "" && (len(r.Trailer) > 0 || len(f.secrets) > 0) {
		add(partChunks, f.merge(append(f.head(r.Chunks, false), f.search(r.Chunks, span{name: "chunks"}, minMasked)...)))
	}
	if len(r.Body) > 0 && (inBody || f.mayBeIn(r.Body)) {
		f.wholeBody = inBody && isPacked(r.Header)
		add(partBody, f.body(string(r.Body), f.readsForms() && isForm(r.Header), false))
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
	if len(r.Body) > 0 && (inBody || f.mayBeIn(r.Body)) {
		f.wholeBody = inBody && isPacked(r.Header)
		add(partAnswerBody, f.body(string(r.Body), f.readsForms() && isForm(r.Header), true))
	}
	return found
}

// isPacked reports whether a body is encoded and cannot be searched.
func isPacked(h record.Header) bool {
	coding := strings.ToLower(h.Get("Content-Encoding"))
	return coding != "" && coding != "identity"
}

// readsForms reports whether some values of a form are masked.
func (f *finder) readsForms() bool {
	return slices.ContainsFunc(f.whole, func(p Place) bool { return p.kind == "form" })
}

func isForm(h record.Header) bool {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && media == "application/x-www-form-urlencoded"
}
