package sign

import (
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/barbhq/barb/sign/field"
)

// braintree signs the base64 text of a notification that travels with its signature in a form. Keys come in pairs:
// the public key names the private key, and the SHA-1 of the private key is the HMAC key. Source:
// https://developer.paypal.com/braintree/docs/guides/webhooks/parse and the braintree package for Node.
type braintree struct{}

const braintreePayload = "bt_payload"

func (braintree) formula() string {
	return "the form's " + braintreePayload + ", with or without the line break at its end"
}

// read returns every "PUBLIC|hex" pair of the form's signature.
func (braintree) read(s *Scheme, m *Message) (reading, error) {
	var r reading
	if !isForm(m) {
		return r, refuse(MalformedBody, "the body is not sent as a form")
	}
	value, err := s.readLone(m)
	if err != nil {
		return r, err
	}
	r.value = value
	for pair := range strings.SplitSeq(value, "&") {
		_, text, found := strings.Cut(pair, "|")
		if sig, ok := s.decode(text); found && ok && len(r.candidates) < maxCandidates {
			r.candidates = append(r.candidates, sig)
		}
	}
	if len(r.candidates) == 0 {
		return r, refuse(MalformedSignature, s.carrier(0).String()+" is not {public key}|{40 hex digits}")
	}
	return r, nil
}

// parts covers only the payload's field: receivers read no other field of the form.
func (braintree) parts(_ *Scheme, v *values, r *reading) ([]part, error) {
	payload, n := field.Form(string(v.m.Body), braintreePayload)
	switch {
	case n > 1:
		return nil, refuseTwice("form:" + braintreePayload)
	case n == 0:
		return nil, refuse(MissingField, "no form field "+braintreePayload)
	}
	return onePart(r, []byte(payload), []byte(payload+"\n")), nil
}

// compose keeps a form that holds a payload and wraps any other body into a new form.
func (braintree) compose(_ *Scheme, v *values) ([][]byte, error) {
	payload, n := field.Form(string(v.m.Body), braintreePayload)
	if n == 0 {
		payload = base64.StdEncoding.EncodeToString(v.m.Body) + "\n"
		v.m.Body = []byte(field.SetForm("", braintreePayload, payload))
	}
	if payload == "" || n > 1 {
		return nil, refuse(MalformedBody, "the form must have "+braintreePayload+" exactly once")
	}
	return [][]byte{[]byte(payload)}, nil
}

func (braintree) finish(s *Scheme, v *values, k *key, sigs [][]byte) ([]Field, error) {
	if err := s.carrier(0).write(v.m, k.Owner+"|"+hex.EncodeToString(sigs[0])); err != nil {
		return nil, err
	}
	return append(s.tail(v, s.head(v)), Field{"Content-Type", "application/x-www-form-urlencoded"}), nil
}
