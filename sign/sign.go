// Package sign makes and checks webhook signatures: what each provider signs, how the signature is written and read, and
// how old it may be. It is pure. It does not know the time, open files, use the network or print; the caller brings the
// bytes, the clock and the secrets.
package sign

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// Message is a webhook request that is to be signed or verified.
type Message struct {
	// ID and Time are used when signing. When verifying both are read from the message itself.
	ID   string
	Time time.Time
	// Event is the event type, sent along by schemes that have a header for it. Used when signing.
	Event string

	Method string
	URL    string // absolute, as the sender knows it: behind a tunnel not the one that arrived
	Header http.Header
	Body   []byte // never changed
	// Stream, when not nil, is read instead of Body, once and to its end; only for schemes whose Streams is true. It is
	// not read when the message can be refused without it, or when the scheme does not sign the body.
	Stream io.Reader
	// Params is what is signed but neither in the request nor secret, by the names of Content: PayPal's webhook_id.
	Params map[string]string
}

// Field is one header line.
type Field struct{ Name, Value string }

// Signed is what a signature adds to a request.
type Signed struct {
	Fields []Field // to be set, in this order
	URL    string  // to be used instead of the message's; "" when unchanged
	Body   []byte  // to be sent instead of the message's; nil when unchanged
}

// Sign makes the fields that a message of this scheme carries: id, timestamp, signature, event type and what is fixed,
// in the provider's spelling. With several secrets it signs with all of them where the scheme can carry that (Rotates),
// else with the first. The error is a *Error, or what reading Message.Stream returned.
//
// A scheme whose timestamp is part of the body (Linear) signs the one it finds there; Message.Time is not used.
func (s Scheme) Sign(m Message, secrets ...Secret) (Signed, error) {
	if !s.CanSign() {
		return Signed{}, refuse(CannotSign, "the signature of "+s.Name+" travels inside the body")
	}
	keys, err := s.parseKeys(secrets, true)
	if err != nil {
		return Signed{}, err
	}
	v, err := s.stamp(&m)
	if err != nil {
		return Signed{}, err
	}
	proofs, url, err := s.prove(v, keys[:s.slots(len(keys))])
	if err != nil {
		return Signed{}, err
	}
	sigs := make([][]byte, len(proofs))
	for i, p := range proofs {
		if sigs[i], err = s.signature(&keys[p.key], p.sum); err != nil {
			return Signed{}, err
		}
	}
	return Signed{Fields: s.fields(v, sigs), URL: url}, nil
}

// slots is how many of n secrets can sign one message.
func (s *Scheme) slots(n int) int {
	if s.More != "" {
		return n
	}
	return min(n, 1+len(s.Alt))
}

// stamp decides what id and timestamp the message will carry, and refuses what cannot be written.
func (s *Scheme) stamp(m *Message) (*values, error) {
	v := &values{m: m, id: m.ID}
	if err := s.checkStream(m); err != nil {
		return nil, err
	}
	if err := s.checkID(v.id); err != nil {
		return nil, err
	}
	if err := checkValue(MalformedField, "event type", m.Event); err != nil {
		return nil, err
	}
	var err error
	v.time, err = s.timeToSign(m)
	return v, err
}

func (s *Scheme) timeToSign(m *Message) (string, error) {
	if s.Time.Unit == "" {
		return "", nil
	}
	if _, inBody := s.Time.In.json(); inBody {
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
	return text, nil
}

// checkID refuses an id that the signature cannot carry safely. An id that holds the separator behind it could give up
// its end to the timestamp, and the timestamp to the body, under one and the same signature; the Standard Webhooks
// specification forbids it too.
func (s *Scheme) checkID(id string) error {
	if strings.Contains(s.Content, "{id}") {
		if id == "" {
			return refuse(MissingID, "no "+s.IDIn.String())
		}
		if sep := separator(s.Content, "id"); sep != "" && strings.Contains(id, sep) {
			return refuse(MalformedID, "the id holds a "+sep+", which ends it in what is signed")
		}
	}
	return checkValue(MalformedID, "id", id)
}

func (s *Scheme) checkStream(m *Message) error {
	if m.Stream != nil && !s.Streams() {
		return errors.New("scheme " + s.Name + " needs the whole body, not a stream")
	}
	return nil
}

// prove makes the proofs of a message that is being signed, and the URL it must be sent to when that changes.
func (s *Scheme) prove(v *values, keys []key) (proofs []proof, url string, err error) {
	if s.Code == "" {
		proofs, err = s.proofs(v, keys)
		return proofs, "", err
	}
	content, url, err := s.Code.content(v.m)
	if err != nil {
		return nil, "", err
	}
	return s.contentProofs([][]byte{content}, keys), url, nil
}

func (s *Scheme) fields(v *values, sigs [][]byte) []Field {
	fields := make([]Field, 0, 4+len(s.Alt)+len(s.Fixed))
	add := func(p Place, value string) {
		if name, ok := p.header(); ok && value != "" {
			fields = append(fields, Field{name, value})
		}
	}
	add(s.IDIn, v.id)
	add(s.Time.In, v.time)
	if s.More != "" {
		fields = append(fields, Field{s.Header, s.write(sigs, v.time)})
	} else {
		fields = append(fields, Field{s.Header, s.write(sigs[:1], v.time)})
		for i, sig := range sigs[1:] {
			fields = append(fields, Field{s.Alt[i], s.write([][]byte{sig}, v.time)})
		}
	}
	add(s.EventIn, v.m.Event)
	return append(fields, s.Fixed...)
}
