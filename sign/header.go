package sign

import (
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/sign/field"
	"github.com/barbhq/barb/sign/httpsig"
)

// Bounds on the work that a sender can cause.
const (
	maxSignature  = 8 << 10 // bytes in a signature header
	maxCandidates = 32      // signatures in a signature header
)

// eachOnce reports whether a message's list of signed headers is short and names each once: naming one long header
// a thousand times would make a thousand times as much to hash.
func eachOnce(names []string) bool {
	if len(names) > httpsig.MaxComponents {
		return false
	}
	seen := map[string]bool{}
	for _, name := range names {
		name = strings.ToLower(name)
		if seen[name] {
			return false
		}
		seen[name] = true
	}
	return true
}

// reading is the information that a message carries about its own signature.
type reading struct {
	value      string   // the text at the scheme's first place
	candidates [][]byte // decoded
	stamped    bool     // the signature holds a timestamp
	time       string   // the timestamp as written
	broken     bool     // an item of the right version cannot be decoded
	others     bool     // the value also holds items of other versions
	items      []string // names of the signed items that are present

	hash            Hash                // named by the signature; "" for the scheme's own
	issued, expires time.Time           // lifetime according to the signature; zero when it states none
	bodyUnsigned    bool                // the signature states that the body is not signed
	token           *token              // of a scheme with a JSON Web Token
	messages        []httpsig.Signature // of an HTTP message signature
}

// read finds the signatures in every place of the scheme. The error is an *Error.
func (s *Scheme) read(m *Message) (reading, error) {
	var r reading
	if s.weaker(m) {
		return r, refuse(WeakerSignature, "the message also has the stronger header "+s.Stronger+": check that one")
	}
	if own, ok := s.ownReader(); ok {
		return own(m)
	}
	return s.readCarriers(m)
}

// ownReader returns the function that reads the signatures of a scheme with its own way of writing them.
func (s *Scheme) ownReader() (func(m *Message) (reading, error), bool) {
	if s.JWT != nil {
		return s.readJWT, true
	}
	if s.Code == "" {
		return nil, false
	}
	own, ok := s.Code.coder().(reader)
	return func(m *Message) (reading, error) { return own.read(s, m) }, ok
}

func (s *Scheme) readCarriers(m *Message) (r reading, err error) {
	found := false
	for i := range 1 + len(s.Alt) {
		value, n := s.readCarrier(m, i)
		if n > 1 && s.Repeat {
			value, n = field.Joined(m.Header, s.Header, s.Split[:1]), 1
		}
		switch {
		case n > 1:
			return r, refuseTwice(s.carrier(i))
		case len(value) > maxSignature:
			return r, refuse(MalformedSignature, s.carrier(i).String()+" is longer than "+strconv.Itoa(maxSignature)+" bytes")
		case value == "":
			continue
		}
		if i == 0 {
			r.value = value
		}
		found = true
		if err := s.readValue(value, &r); err != nil {
			return r, err
		}
	}
	return r, s.noSignature(found, &r)
}

// item returns the value of "name=" in a signature.
func (s *Scheme) item(value, name string) (string, bool) {
	for value != "" {
		var item string
		item, value = s.nextItem(value)
		if after, ok := strings.CutPrefix(item, name+"="); ok {
			return after, true
		}
	}
	return "", false
}

// readLone reads a signature's place that must hold exactly one value.
func (s *Scheme) readLone(m *Message) (string, error) {
	value, n := s.readCarrier(m, 0)
	switch {
	case n > 1:
		return "", refuseTwice(s.carrier(0))
	case value == "":
		return "", refuse(MissingSignature, "no "+s.carrier(0).String())
	case len(value) > maxSignature:
		return "", refuse(MalformedSignature, s.carrier(0).String()+" is longer than "+strconv.Itoa(maxSignature)+" bytes")
	}
	return value, nil
}

// readCarrier does the same as carrier(i).read without allocating a Place, because it runs for every message.
func (s *Scheme) readCarrier(m *Message, i int) (value string, n int) {
	switch {
	case i > 0:
		return field.Header(m.Header, s.Alt[i-1])
	case strings.IndexByte(s.Header, ':') > 0:
		return Place(s.Header).Read(m)
	}
	return field.Header(m.Header, s.Header)
}

// weaker reports whether a stronger signature than this scheme's is present, valid or not.
func (s *Scheme) weaker(m *Message) bool {
	if s.Stronger == "" {
		return false
	}
	_, n := field.Header(m.Header, s.Stronger)
	return n > 0
}

// noSignature returns the error for a message without a signature of this scheme's version.
func (s *Scheme) noSignature(found bool, r *reading) error {
	switch {
	case len(r.candidates) > 0:
		return nil
	case !found:
		return refuse(MissingSignature, "no "+s.carrier(0).String())
	case r.others && !r.broken && s.Split != "":
		return refuse(MissingSignature, s.carrier(0).String()+" has no "+s.Prefix+" signature")
	}
	return refuse(MalformedSignature, s.carrier(0).String()+" is not "+s.shape())
}

// readValue splits a signature header's value into its timestamp and its signatures. It ignores signatures that
// cannot be decoded: during a rotation a good one may stand beside a bad one.
func (s *Scheme) readValue(value string, r *reading) error {
	items := 0
	for value != "" {
		var item string
		item, value = s.nextItem(value)
		if item == "" {
			continue
		}
		if items++; items > maxCandidates {
			return refuse(MalformedSignature, s.carrier(0).String()+" holds more than "+strconv.Itoa(maxCandidates)+" items")
		}
		if err := s.readItem(item, r); err != nil {
			return err
		}
	}
	return nil
}

func (s *Scheme) nextItem(value string) (item, rest string) {
	end := len(value)
	if s.Split != "" {
		end = endOf(value, s.Split)
	}
	return strings.Trim(value[:end], " \t"), value[min(end+1, len(value)):]
}

func (s *Scheme) readItem(item string, r *reading) error {
	if after, ok := strings.CutPrefix(item, s.Time.Key); ok && s.Time.Key != "" {
		if r.stamped && (r.time != after || !strings.Contains(s.More, s.Time.Key+"{ts}")) {
			return refuse(MalformedTimestamp, s.carrier(0).String()+" holds "+s.Time.Key+" more than once")
		}
		r.stamped, r.others, r.time = true, true, after
		return nil
	}
	if k := len(s.Time.Key); k > 0 && len(item) >= k && strings.EqualFold(item[:k], s.Time.Key) {
		return refuse(MalformedTimestamp, s.carrier(0).String()+" holds "+s.Time.Key+" in another case")
	}
	if s.AnyHash {
		return s.readHashed(item, r)
	}
	if name, _, found := strings.Cut(item, "="); found && strings.Contains(s.Format, "{item."+name+"}") {
		if slices.Contains(r.items, name) {
			return refuse(DuplicateField, s.carrier(0).String()+" holds "+name+"= more than once")
		}
		r.items = append(r.items, name)
	}
	after, ok := s.cutPrefix(item)
	if s.Auth == Token && s.Enc == Plain && s.Prefix != "" { // the user may have typed the prefix into the secret
		r.candidates = append(r.candidates, []byte(item))
	}
	if !ok && s.More != "" && !strings.Contains(s.More, s.Prefix) && len(r.candidates) > 0 {
		ok = true // the prefix stands once, before the first signature
	}
	if !ok {
		r.others = r.others || otherVersion(item, s.Prefix)
		return nil
	}
	sig, ok := s.decode(after)
	if !ok {
		r.broken = true
		return nil
	}
	r.candidates = append(r.candidates, sig)
	return nil
}

// cutPrefix removes Prefix from an item. In Authorization the prefix is the name of an authentication scheme, which
// is case-insensitive and may be followed by several blanks (RFC 9110, sections 11.1 and 11.4).
func (s *Scheme) cutPrefix(item string) (after string, ok bool) {
	scheme, named := strings.CutSuffix(s.Prefix, " ")
	if !named || !strings.EqualFold(s.Header, "Authorization") && !strings.EqualFold(s.Header, "Proxy-Authorization") {
		return strings.CutPrefix(item, s.Prefix)
	}
	if len(item) <= len(scheme) || item[len(scheme)] != ' ' || !strings.EqualFold(item[:len(scheme)], scheme) {
		return item, false
	}
	return strings.TrimLeft(item[len(scheme):], " "), true
}

// readHashed reads a signature that follows the name of its hash, such as "sha512=".
func (s *Scheme) readHashed(item string, r *reading) error {
	name, text, _ := strings.Cut(item, "=")
	named := *s
	named.Hash = Hash(name)
	sig, ok := named.decode(text)
	switch {
	case !ok || !slices.Contains(anyHash(), named.Hash):
		r.broken = true
	case len(r.candidates) == 0:
		r.hash, r.candidates = named.Hash, [][]byte{sig}
	}
	return nil
}

// anyHash returns the hashes that a sender may choose from (WebSub, section 8).
func anyHash() []Hash { return []Hash{SHA1, SHA256, SHA384, SHA512} }

// otherVersion reports whether an item looks like a signature of another version: "v0=…" instead of "v1=".
func otherVersion(item, prefix string) bool {
	return prefix != "" && strings.IndexByte(item, prefix[len(prefix)-1]) > 0
}

// decode decodes one signature. A signature of an impossible length is malformed, not wrong.
func (s *Scheme) decode(text string) ([]byte, bool) {
	sig, ok := s.Enc.decode(text)
	size := s.signatureSize()
	return sig, ok && len(sig) > 0 && (size == 0 || size == len(sig))
}

// decode decodes text strictly; Plain returns its bytes.
func (e Encoding) decode(text string) (b []byte, ok bool) {
	var err error
	switch e {
	case Hex:
		b, err = hex.DecodeString(text)
	case Base64:
		b, err = decodeBase64(base64.StdEncoding.Strict(), text)
	case Base64URL:
		b, err = decodeBase64(base64.RawURLEncoding.Strict(), strings.TrimRight(text, "="))
	default:
		b = []byte(text)
	}
	return b, err == nil
}

// encode appends b to dst in this encoding.
func (e Encoding) encode(dst, b []byte) []byte {
	switch e {
	case Hex:
		return hex.AppendEncode(dst, b)
	case Base64:
		return base64.StdEncoding.AppendEncode(dst, b)
	case Base64URL:
		return base64.RawURLEncoding.AppendEncode(dst, b)
	default: // Plain
		return append(dst, b...)
	}
}

// decodeBase64 refuses the line breaks that the standard library skips: each signature has one spelling.
func decodeBase64(enc *base64.Encoding, text string) ([]byte, error) {
	if i := strings.IndexAny(text, "\r\n"); i >= 0 {
		return nil, base64.CorruptInputError(i)
	}
	return enc.DecodeString(text)
}

// shape describes a readable value, for example "v1={64 hex digits}".
func (s *Scheme) shape() string {
	size := s.signatureSize()
	switch {
	case s.Enc == Hex && size > 0:
		return s.Prefix + "{" + strconv.Itoa(2*size) + " hex digits}"
	case s.Auth == Token:
		return s.Prefix + "{token}"
	}
	return s.Prefix + "{" + string(s.Enc) + "}"
}

// endOf returns the index of the first of chars in s, or len(s).
func endOf(s, chars string) int {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return i
	}
	return len(s)
}
