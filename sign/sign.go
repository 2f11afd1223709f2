// Package sign computes webhook signatures. It knows what each provider signs, how it writes the signature, and how
// old a signature may be. It is pure: it does not read the clock, open files, use the network or print. The caller
// supplies the bytes, the time and the secrets.
package sign

import (
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"time"
)

// Message is a webhook request to be signed or verified.
type Message struct {
	// ID and Time are used when signing. When verifying, both are read from the message.
	ID   string
	Time time.Time
	// Event is the event type, for schemes with a header for it. Used when signing.
	Event string

	Method string
	URL    string // absolute, as the sender knows it: behind a tunnel this differs from the received one
	Header http.Header
	Body   []byte // never changed
	// Stream, when not nil, is read instead of Body, once and to its end; only for schemes whose Streams is true.
	// It is not read when the message can be refused without it, or when the scheme does not sign the body.
	Stream io.Reader
	// Params are signed values that are neither in the request nor secret, by the names of Content (PayPal's
	// webhook_id), and values that identify the receiver, by the names of Bound (SNS's topic_arn).
	Params map[string]string
	// Sums, when not nil, is shared by the checks of one message against several schemes.
	Sums *Sums
}

// Field is one header line.
type Field struct{ Name, Value string }

// Signed is what Sign adds to a request.
type Signed struct {
	Fields []Field // to be set, in this order
	URL    string  // to be used instead of the message's; "" when unchanged
	Body   []byte  // to be sent instead of the message's; nil when unchanged
}

// Sign returns the headers of a message: id, timestamp, signature, event type and fixed headers, in the provider's
// spelling; and the new body or URL where the signature does not travel in a header. With several secrets it signs
// with all of them if the scheme can carry that (Rotates), else with the first. The error is an *Error, or the
// error of reading Message.Stream.
//
// A scheme with its timestamp in the body and its signature elsewhere (Linear) signs the timestamp in the body;
// Message.Time is not used.
func (s Scheme) Sign(m Message, secrets ...Secret) (Signed, error) {
	p, err := s.prepare(m.Params, secrets, true)
	if err != nil {
		return Signed{}, err
	}
	return p.scheme.sign(m, p.keys)
}

// sign signs a message with as many keys as the scheme can carry.
func (s *Scheme) sign(m Message, keys []key) (Signed, error) {
	before := m
	v, err := s.stamp(&m)
	if err != nil {
		return Signed{}, err
	}
	fields, err := s.seal(v, keys)
	if err != nil {
		return Signed{}, err
	}
	signed := Signed{Fields: fields}
	if m.URL != before.URL {
		signed.URL = m.URL
	}
	if !sameBytes(m.Body, before.Body) {
		signed.Body = m.Body
	}
	return signed, nil
}

// sameBytes reports whether two bodies share the same memory, without comparing their bytes.
func sameBytes(a, b []byte) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }

// seal signs the message and returns its fields.
func (s *Scheme) seal(v *values, keys []key) ([]Field, error) {
	if s.Code == "" && s.JWT == nil {
		proofs, err := s.proofs(v, keys)
		if err != nil {
			return nil, err
		}
		sigs := make([][]byte, len(proofs))
		for i, p := range proofs {
			if sigs[i], err = s.signature(&keys[p.key], p.sum, s.Hash); err != nil {
				return nil, err
			}
		}
		return s.fields(v, sigs)
	}
	if s.JWT != nil {
		return s.sealToken(v, &keys[0])
	}
	v.auth = s.authOf(&keys[0])
	contents, err := s.Code.coder().compose(s, v)
	if err != nil {
		return nil, err
	}
	return s.sealContents(v, keys, contents)
}

// sealContents signs the contents of code. A finisher gets one signature for each content; other code has one
// content, with a signature for each key.
func (s *Scheme) sealContents(v *values, keys []key, contents [][]byte) ([]Field, error) {
	own, finishes := s.Code.coder().(finisher)
	if finishes {
		keys = keys[:1]
	}
	hash := s.Hash
	if s.Code == SNS {
		hash = snsHash(v.m)
	}
	var sigs [][]byte
	for i := range keys {
		for _, content := range contents {
			to := s.newSink(&keys[i], hash)
			_, _ = to.Write(content)
			sig, err := s.signature(&keys[i], to.sum(), hash)
			if err != nil {
				return nil, err
			}
			sigs = append(sigs, sig)
		}
	}
	if finishes {
		return own.finish(s, v, &keys[0], sigs)
	}
	return s.fields(v, sigs)
}

// sealToken makes a token and sets it in its header.
func (s *Scheme) sealToken(v *values, k *key) ([]Field, error) {
	input, err := s.JWT.compose(s, v)
	if err != nil {
		return nil, err
	}
	to := s.newSink(k, s.Hash)
	_, _ = to.Write(input)
	sig, err := s.signature(k, to.sum(), s.Hash)
	if err != nil {
		return nil, err
	}
	fields := s.head(v)
	fields = append(fields, Field{s.Header, s.Prefix + string(Base64URL.encode(append(input, '.'), sig))})
	return s.tail(v, fields), nil
}

// slots returns how many of n secrets can sign one message.
func (s *Scheme) slots(n int) int {
	if s.More != "" {
		return n
	}
	return min(n, 1+len(s.Alt))
}

// stamp chooses the id, timestamp and nonce of the message, writes those that travel in the body, and refuses
// values that cannot be written.
func (s *Scheme) stamp(m *Message) (*values, error) {
	v := &values{m: m, id: m.ID, signing: true,
		item: func(name string) (string, bool) { value := m.Params[name]; return value, value != "" }}
	if err := s.checkStream(m); err != nil {
		return nil, err
	}
	if err := s.checkID(v.id); err != nil {
		return nil, err
	}
	if err := CheckValue(MalformedField, "event type", m.Event); err != nil {
		return nil, err
	}
	err := s.writeBound(m)
	if err != nil {
		return nil, err
	}
	if v.time, err = s.timeToSign(m); err != nil {
		return nil, err
	}
	v.nonce, err = s.writeNonce(m)
	return v, err
}

func (s *Scheme) timeToSign(m *Message) (string, error) {
	if s.Time.Unit == "" {
		return "", nil
	}
	_, inBody := s.Time.In.json()
	if inBody && s.carrier(0).kind() == "header" {
		text, _, err := s.timeOf(m, &reading{})
		return text, err
	}
	if m.Time.IsZero() {
		return "", refuse(MissingTimestamp, "the message has no time")
	}
	text, ok := s.Time.Unit.format(m.Time)
	if !ok {
		return "", refuse(MalformedTimestamp, "the message's time does not fit into a timestamp of "+s.Name)
	}
	if inBody {
		return text, s.Time.In.write(m, text)
	}
	return text, nil
}

// writeNonce adds a random nonce to a message that needs one and has none.
func (s *Scheme) writeNonce(m *Message) (string, error) {
	if s.Nonce == "" {
		return "", nil
	}
	if value, n := s.Nonce.Read(m); n > 0 && value != "" {
		return value, nil
	}
	value := rand.Text()
	return value, s.Nonce.write(m, value)
}

func (s *Scheme) checkStream(m *Message) error {
	if m.Stream != nil && !s.Streams() {
		return errors.New("scheme " + s.Name + " needs the whole body, not a stream")
	}
	return nil
}

// fields returns the header lines of a message with its signatures, or writes the signatures into body or URL.
func (s *Scheme) fields(v *values, sigs [][]byte) ([]Field, error) {
	fields := s.head(v)
	first := sigs
	if s.More == "" {
		first = sigs[:1]
	}
	value, err := s.write(first, v)
	if err != nil {
		return nil, err
	}
	if place := s.carrier(0); place.kind() == "header" {
		fields = append(fields, Field{s.Header, value})
	} else if err := place.write(v.m, value); err != nil {
		return nil, err
	}
	for i, sig := range sigs[len(first):] {
		value, err := s.write([][]byte{sig}, v)
		if err != nil {
			return nil, err
		}
		fields = append(fields, Field{s.Alt[i], value})
	}
	return s.tail(v, fields), nil
}

// head returns the first header lines: id, timestamp and nonce.
func (s *Scheme) head(v *values) []Field {
	fields := make([]Field, 0, 5+len(s.Alt)+len(s.Fixed)+len(s.Bound))
	fields = appendHeader(fields, s.IDIn, v.id)
	fields = appendHeader(fields, s.Time.In, v.time)
	return s.boundFields(appendHeader(fields, s.Nonce, v.nonce), v.m)
}

// tail appends the last header lines: event type and fixed headers.
func (s *Scheme) tail(v *values, fields []Field) []Field {
	return append(appendHeader(fields, s.EventIn, v.m.Event), s.Fixed...)
}

func appendHeader(fields []Field, p Place, value string) []Field {
	if name, ok := p.header(); ok && value != "" {
		fields = append(fields, Field{name, value})
	}
	return fields
}
