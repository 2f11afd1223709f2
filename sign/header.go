package sign

import (
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
)

// Bounds on what a stranger may make us look at.
const (
	maxSignature  = 8 << 10 // bytes of a signature header's value
	maxCandidates = 32      // signatures in it
)

// read returns the value at a place and how often it is there. A JSON field counts once: of duplicate keys the first.
func (p Place) read(m *Message) (value string, n int) {
	if name, ok := p.header(); ok {
		return headerValue(m.Header, name)
	}
	if path, ok := p.json(); ok {
		if value, ok = jsonAt(m.Body, path); ok {
			return value, 1
		}
	}
	return "", 0
}

// String names a place to a person.
func (p Place) String() string {
	if name, ok := p.header(); ok {
		return "header " + name
	}
	path, _ := p.json()
	return "body field " + path
}

// headerValue looks at every key and not only at the canonical one: a map that was not filled by net/http may hold two
// spellings of a name, and the second must not hide behind the first.
func headerValue(h http.Header, name string) (value string, n int) {
	for key, all := range h {
		if len(key) != len(name) || len(all) == 0 || !strings.EqualFold(key, name) {
			continue
		}
		value, n = all[0], n+len(all)
	}
	return strings.Trim(value, " \t"), n
}

// reading is what a message says about its own signature.
type reading struct {
	candidates [][]byte // decoded
	stamped    bool     // the value holds a timestamp
	time       string
	broken     bool // an item of the right version cannot be decoded
	others     bool // the value holds items of other versions
}

// read finds the signatures in every place of the scheme. The error is a *Error.
func (s *Scheme) read(m *Message) (reading, error) {
	var r reading
	if s.weaker(m) {
		return r, refuse(WeakerSignature, "header "+s.Stronger+" is there; check that one")
	}
	found := false
	for i := range 1 + len(s.Alt) {
		value, n := s.readCarrier(m, i)
		switch {
		case n > 1:
			return r, refuse(DuplicateHeader, s.carrier(i).String()+" is there more than once")
		case len(value) > maxSignature:
			return r, refuse(MalformedSignature, s.carrier(i).String()+" is longer than "+strconv.Itoa(maxSignature)+" bytes")
		case value == "":
			continue
		}
		found = true
		if err := s.readValue(value, &r); err != nil {
			return r, err
		}
	}
	return r, s.judge(found, &r)
}

// readCarrier is carrier(i).read, without making the Place: this runs for every message.
func (s *Scheme) readCarrier(m *Message, i int) (value string, n int) {
	switch {
	case i > 0:
		return headerValue(m.Header, s.Alt[i-1])
	case strings.HasPrefix(s.Header, "json:"):
		return Place(s.Header).read(m)
	}
	return headerValue(m.Header, s.Header)
}

// weaker reports whether a stronger signature than this scheme's is there, right or wrong.
func (s *Scheme) weaker(m *Message) bool {
	if s.Stronger == "" {
		return false
	}
	_, n := headerValue(m.Header, s.Stronger)
	return n > 0
}

// judge says what is wrong when no signature of this scheme's version was found.
func (s *Scheme) judge(found bool, r *reading) error {
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

// readValue splits a signature header's value into its timestamp and the signatures that can be decoded. Those that
// cannot are passed over: during a rotation a good one may stand beside a bad one.
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
		if r.stamped {
			return refuse(MalformedTimestamp, s.carrier(0).String()+" holds "+s.Time.Key+" more than once")
		}
		r.stamped, r.others, r.time = true, true, after
		return nil
	}
	after, ok := strings.CutPrefix(item, s.Prefix)
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

// otherVersion reports whether an item looks like a signature of another version: "v0=…" where "v1=" is asked for.
func otherVersion(item, prefix string) bool {
	return prefix != "" && strings.IndexByte(item, prefix[len(prefix)-1]) > 0
}

// decode reads one signature. A length that no signature of the scheme has makes it malformed rather than wrong.
func (s *Scheme) decode(text string) ([]byte, bool) {
	var sig []byte
	var err error
	switch s.Enc {
	case Hex:
		sig, err = hex.DecodeString(text)
	case Base64:
		sig, err = decodeBase64(base64.StdEncoding.Strict(), text)
	case Base64URL:
		sig, err = decodeBase64(base64.RawURLEncoding.Strict(), strings.TrimRight(text, "="))
	default:
		sig = []byte(text)
	}
	if err != nil || len(sig) == 0 {
		return nil, false
	}
	size := s.signatureSize()
	return sig, size == 0 || size == len(sig)
}

// decodeBase64 refuses the line breaks that the standard library passes over. Signatures are read strictly besides, so
// that each has one spelling only.
func decodeBase64(enc *base64.Encoding, text string) ([]byte, error) {
	if i := strings.IndexAny(text, "\r\n"); i >= 0 {
		return nil, base64.CorruptInputError(i)
	}
	return enc.DecodeString(text)
}

// shape describes a readable value: "v1={64 hex digits}".
func (s *Scheme) shape() string {
	size := s.signatureSize()
	switch {
	case s.Enc == Hex && size > 0:
		return s.Prefix + "{" + strconv.Itoa(2*size) + " hex digits}"
	case s.Enc == Plain:
		return s.Prefix + "{token}"
	}
	return s.Prefix + "{" + string(s.Enc) + "}"
}
