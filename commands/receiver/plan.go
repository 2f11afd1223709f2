package receiver

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/barbhq/barb/sign"
)

// plan is the scheme as steps for every language. The templates call its methods.
type plan struct {
	sign.Scheme
	SecretVar string
	Carriers  []place // places of signatures
	Stamp     place   // of the timestamp; zero when it is beside the signature, or there is none
	ID        place   // of the webhook id
	Chunks    []chunk // the signed bytes
	Vector    *vector
}

// place is a header or a path in the JSON body. The zero place means none.
type place struct {
	Header string
	Path   []string
}

// chunk is a run of text, or the body; Body is "" for text.
type chunk struct {
	Text []part
	Body string // "body" or "body|sha256hex"
}

// part is a literal, or a name: ts, id, url, method, path, header, json.
type part struct {
	Literal string
	Name    string
	place
}

func newPlan(o *Options) (*plan, error) {
	p := &plan{Scheme: o.Scheme, SecretVar: o.secretVar()}
	if p.Key == sign.WhsecAndRaw { // a new receiver has a new secret
		p.Key = sign.WhsecOrRaw
	}
	if err := p.refuse(); err != nil {
		return nil, err
	}
	for _, step := range []func() error{p.carriers, p.stamp, p.id, p.content} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	p.Vector = newVector(p, o.Hook)
	return p, nil
}

// refuse returns an error for a scheme that no receiver can verify, with an alternative.
func (p *plan) refuse() error {
	own := "the provider's own library"
	if p.Docs != "" {
		own += ", see " + p.Docs
	}
	own += "; or let barb listen --forward-to verify before your app is called"
	no := func(format string, args ...any) error {
		return &UnsupportedError{"no receiver for " + p.Name + ": " + fmt.Sprintf(format, args...), own}
	}
	known := p.knownWords()
	switch {
	case known != nil:
		return known
	case p.JWT != nil:
		return no("it sends a JSON Web Token; check it with a JWT library for your language")
	case p.AnyHash:
		return no("the sender chooses the hash")
	case p.Code != "":
		return no("its rules for the signed content are too long for a sample")
	case p.Auth == sign.HMAC, p.Auth == sign.Digest, p.Auth == sign.Token:
		return nil
	case p.Auth == sign.Ed25519 && (p.Key == sign.Hex32 || p.Key == sign.Base6432 || p.Key == sign.Whpk):
		return nil
	case p.Auth == sign.Ed25519:
		return no("a sample cannot read its public key, which is given as %s", p.Key)
	}
	return no("it signs with %s, whose keys and certificates a sample should not handle", strings.ToUpper(string(p.Auth)))
}

// knownWords refuses a hash, an encoding or a form of key that the templates do not know.
func (p *plan) knownWords() error {
	hashed := p.Auth == sign.HMAC || p.Auth == sign.Digest
	switch {
	case hashed && !slices.Contains([]sign.Hash{sign.SHA256, sign.SHA1, sign.SHA384, sign.SHA512, sign.MD5}, p.Hash):
		return p.unsupported("hash", string(p.Hash))
	case hashed && !slices.Contains([]sign.KeyForm{sign.Raw, sign.Base64Key, sign.HexKey, sign.Whsec, sign.WhsecOrRaw},
		p.Key):
		return p.unsupported("key", string(p.Key))
	case p.Auth == sign.Token && p.Enc != sign.Plain && p.Enc != sign.Base64,
		p.Auth != sign.Token && !slices.Contains([]sign.Encoding{sign.Hex, sign.Base64, sign.Base64URL}, p.Enc):
		return p.unsupported("enc", string(p.Enc))
	}
	return nil
}

// unsupported returns the refusal of a field of the scheme.
func (p *plan) unsupported(field, value string) error {
	return &UnsupportedError{
		fmt.Sprintf("no receiver for %s: its %s is %q, which the samples do not support", p.Name, field, value),
		"barb listen --forward-to, which verifies before your app is called"}
}

// placeOf parses "header:NAME" and "json:PATH".
func (p *plan) placeOf(field string, from sign.Place) (place, error) {
	kind, rest, _ := strings.Cut(string(from), ":")
	switch kind {
	case "":
		return place{}, nil
	case "header":
		return place{Header: rest}, nil
	case "json":
		path := strings.Split(rest, ".")
		if slices.Contains(path, "*") { // every item of an array
			break
		}
		return place{Path: path}, nil
	}
	return place{}, p.unsupported(field, string(from))
}

func (p *plan) carriers() error {
	first := sign.Place(p.Header)
	if !strings.Contains(p.Header, ":") {
		first = "header:" + first
	}
	at, err := p.placeOf("header", first)
	if err != nil {
		return err
	}
	p.Carriers = []place{at}
	for _, name := range p.Alt {
		p.Carriers = append(p.Carriers, place{Header: name})
	}
	if p.Repeat && (p.Split == "" || p.Stamped()) {
		return &UnsupportedError{"no receiver for " + p.Name + ": its header may occur several times, with a timestamp",
			"barb listen --forward-to"}
	}
	if len(p.Carriers) > 1 && p.Split != "" {
		return p.unsupported("split", p.Split)
	}
	return nil
}

func (p *plan) stamp() (err error) {
	switch p.Time.Unit {
	case "", sign.Seconds, sign.Milliseconds, sign.RFC3339, sign.RFC3339Millis:
		p.Stamp, err = p.placeOf("time.in", p.Time.In)
		return err
	}
	return p.unsupported("time.unit", string(p.Time.Unit))
}

func (p *plan) id() (err error) {
	p.ID, err = p.placeOf("id_in", p.IDIn)
	if err != nil && !p.SignsID() { // only for recognising repeated deliveries
		return nil
	}
	return err
}

// content splits the template of the signed bytes into runs of text and bodies.
func (p *plan) content() error {
	rest := p.Content
	if p.Auth == sign.Token {
		rest = ""
	}
	for rest != "" {
		literal, after, named := strings.Cut(rest, "{")
		p.add(part{Literal: literal})
		if !named {
			return nil
		}
		var name string
		name, rest, _ = strings.Cut(after, "}")
		if err := p.addNamed(name); err != nil {
			return err
		}
	}
	return nil
}

func (p *plan) addNamed(name string) error {
	kind, rest, _ := strings.Cut(name, ".")
	switch {
	case name == "body" || name == "body|sha256hex" || name == "secret":
		p.Chunks = append(p.Chunks, chunk{Body: name})
	case name == "lb":
		p.add(part{Literal: "{"})
	case name == "rb":
		p.add(part{Literal: "}"})
	case name == "ts" || name == "id" || name == "url" || name == "method" || name == "path":
		p.add(part{Name: name})
	case kind == "header":
		p.add(part{Name: kind, place: place{Header: rest}})
	case kind == "json":
		p.add(part{Name: kind, place: place{Path: strings.Split(rest, ".")}})
	default:
		return p.unsupported("signed content", "{"+name+"}")
	}
	return nil
}

// add appends a part to the last run of text, and joins adjacent literals.
func (p *plan) add(next part) {
	if next.Name == "" && next.Literal == "" {
		return
	}
	if len(p.Chunks) == 0 || p.Chunks[len(p.Chunks)-1].Body != "" {
		p.Chunks = append(p.Chunks, chunk{})
	}
	text := &p.Chunks[len(p.Chunks)-1].Text
	if n := len(*text); n > 0 && next.Name == "" && (*text)[n-1].Name == "" {
		(*text)[n-1].Literal += next.Literal
		return
	}
	*text = append(*text, next)
}

// Signature returns the place of the only signature.
func (p *plan) Signature() place { return p.Carriers[0] }

// Several reports whether a message can carry several signatures.
func (p *plan) Several() bool { return p.Split != "" || len(p.Carriers) > 1 }

// Listed reports whether one value holds several items.
func (p *plan) Listed() bool { return p.Split != "" }

// Repeated reports whether the header may come several times, with a signature each.
func (p *plan) Repeated() bool { return p.Repeat && p.Split != "" && p.Signature().Header != "" }

// Mark returns the text between two signatures in one header.
func (p *plan) Mark() string { return p.Split[:1] }

// SignsID reports whether the id is signed.
func (p *plan) SignsID() bool { return strings.Contains(p.Content, "{id}") }

// IDEnd returns the text after the signed id, which the id must not contain; "" when there is none.
func (p *plan) IDEnd() string {
	_, after, _ := strings.Cut(p.Content, "{id}")
	end, _, _ := strings.Cut(after, "{")
	return end
}

// NeedsURL reports whether the URL is signed; the receiver then has to know the sender's URL.
func (p *plan) NeedsURL() bool { return p.signs("url") || p.signs("path") }

// NeedsPath reports whether only the path of the URL is signed.
func (p *plan) NeedsPath() bool { return p.signs("path") }

func (p *plan) signs(name string) bool { return strings.Contains(p.Content, "{"+name+"}") }

// VerifiesJSON reports whether the body is parsed before it is verified, because the check needs one of its values.
func (p *plan) VerifiesJSON() bool {
	return p.Signature().Path != nil || p.Stamp.Path != nil || p.SignsID() && p.ID.Path != nil ||
		strings.Contains(p.Content, "{json.")
}

// NeedsJSON reports whether any value of the body is read.
func (p *plan) NeedsJSON() bool { return p.VerifiesJSON() || p.ID.Path != nil }

// Indexed reports whether a value is read from an array of the body.
func (p *plan) Indexed() bool {
	paths := [][]string{p.ID.Path, p.Stamp.Path, p.Signature().Path}
	for _, c := range p.Chunks {
		for _, part := range c.Text {
			paths = append(paths, part.Path)
		}
	}
	return slices.ContainsFunc(paths, func(path []string) bool { return slices.ContainsFunc(path, isIndex) })
}

// UsesBase64 reports whether a signature, a key or the test vector is in base64.
func (p *plan) UsesBase64() bool {
	return p.Vector != nil || p.Enc == sign.Base64 || p.Enc == sign.Base64URL ||
		slices.Contains([]sign.KeyForm{sign.Base64Key, sign.Whsec, sign.WhsecOrRaw, sign.Base6432, sign.Whpk}, p.Key) &&
			p.Auth != sign.Token
}

// Hashes reports whether a digest of the body is signed instead of the body.
func (p *plan) Hashes() bool { return p.signs("body|sha256hex") }

// Matches reports whether the check needs a regular expression: for digits, or to split at one of several characters.
func (p *plan) Matches() bool { return p.Digits() > 0 || len(p.Split) > 1 }

// HasID reports whether an id identifies repeated deliveries.
func (p *plan) HasID() bool { return p.ID.Header != "" || p.ID.Path != nil }

// Stamped reports whether the message has a timestamp.
func (p *plan) Stamped() bool { return p.Time.Unit != "" }

// Digits returns how many digits may follow the first one of a timestamp; 0 for dates.
func (p *plan) Digits() int {
	switch p.Time.Unit {
	case sign.Seconds:
		return 9
	case sign.Milliseconds:
		return 12
	}
	return 0
}

// Past returns how many seconds old a timestamp may be; "" for no limit.
func (p *plan) Past() string { return seconds(p.Tolerance.Past) }

// Future returns how many seconds ahead a timestamp may be; "" for no limit.
func (p *plan) Future() string { return seconds(p.Tolerance.Future) }

// Limited reports whether the age is checked.
func (p *plan) Limited() bool { return p.Stamped() && (p.Past() != "" || p.Future() != "") }

func seconds(d time.Duration) string {
	if d == sign.NoLimit {
		return ""
	}
	return fmt.Sprint(d.Seconds())
}

// Headers returns the headers that are read, in the order of reading.
func (p *plan) Headers() []string {
	var names []string
	add := func(name string) {
		known := func(have string) bool { return strings.EqualFold(have, name) }
		if name != "" && !slices.ContainsFunc(names, known) {
			names = append(names, name)
		}
	}
	for _, c := range p.Carriers {
		add(c.Header)
	}
	add(p.Stamp.Header)
	if p.SignsID() {
		add(p.ID.Header)
	}
	for _, c := range p.Chunks {
		for _, part := range c.Text {
			add(part.Header)
		}
	}
	return names
}
