package probe

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/deliver/signer"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/field"
	"github.com/barbhq/barb/sign/newkey"
	"github.com/barbhq/barb/sign/rawjson"
	"github.com/barbhq/barb/store/record"
)

// newID returns a webhook id that names the run and the event. Where the provider's ids are UUIDs it is one, too.
func (r *run) newID() string {
	if !r.Signer.UUIDs {
		return fmt.Sprintf("%s-%d", r.name, r.events)
	}
	return fmt.Sprintf("%x-0000-4000-8000-%012d", r.name[len(r.name)-4:], r.events)
}

// setID gives an event its webhook id at the scheme's place. Where the scheme has none, a JSON body gets a field with
// it, so that no two events are alike.
func (r *run) setID(d *draft, id string) {
	d.id = id
	place := string(r.Signer.Scheme.IDIn)
	kind, name, _ := strings.Cut(place, ":")
	body := &d.x.Request.Body
	switch kind {
	case "header": // the signer writes it
	case "form":
		*body = []byte(field.SetForm(string(*body), name, id))
	case "json":
		old, there, err := rawjson.Word(*body, name)
		if _, notNumber := strconv.ParseInt(old, 10, 64); there && err == nil && notNumber == nil &&
			!bytes.Contains(*body, []byte(`"`+old+`"`)) {
			d.id = strconv.FormatInt(numberOf(r.name)+int64(r.events), 10)
			*body, _ = setJSON(*body, name, []byte(d.id))
			return
		}
		*body, _ = setJSON(*body, name, quoted(id))
	default:
		*body, _ = insert(*body, `"barb_probe":"`+id+`"`)
	}
}

// numberOf returns a number of nine digits or more for a name.
func numberOf(name string) int64 {
	n := int64(0)
	for _, c := range []byte(name) {
		n = (n*31 + int64(c)) % 800_000
	}
	return (n + 100_000) * 10_000
}

func quoted(text string) []byte {
	out, _ := json.Marshal(text)
	return out
}

// setJSON sets a value in a JSON body. ok is false, and the body unchanged, where there is no place for it.
func setJSON(body []byte, path string, value []byte) (out []byte, ok bool) {
	if strings.Contains(path, "*") {
		var text string
		if json.Unmarshal(value, &text) != nil {
			text = string(value)
		}
		if out, ok = rawjson.SetText(body, path, text); !ok {
			return body, false
		}
		return out, true
	}
	out, err := rawjson.Set(body, rawjson.Dotted(path), value)
	if err != nil {
		return body, false
	}
	return out, true
}

// insert puts text, members without their comma, at the beginning of a JSON object, or of the first object of an array.
func insert(body []byte, text string) (out []byte, ok bool) {
	trimmed := bytes.TrimLeft(body, " \t\r\n[")
	if !json.Valid(body) || len(trimmed) == 0 || trimmed[0] != '{' {
		return body, false
	}
	at := len(body) - len(trimmed) + 1
	if rest := bytes.TrimLeft(body[at:], " \t\r\n"); rest[0] != '}' {
		text += ","
	}
	return append(append(append(out, body[:at]...), text...), body[at:]...), true
}

// setTime writes the time of signing into a body that holds it while the signature is in a header: package sign
// signs such a time as it is.
func setTime(s sign.Scheme, q *record.Request, at time.Time) {
	path, inBody := strings.CutPrefix(string(s.Time.In), "json:")
	if !inBody || s.InBody() {
		return
	}
	var value []byte
	switch s.Time.Unit {
	case sign.Seconds:
		value = strconv.AppendInt(nil, at.Unix(), 10)
	case sign.Milliseconds:
		value = strconv.AppendInt(nil, at.UnixMilli(), 10)
	case sign.RFC3339Millis:
		value = quoted(at.UTC().Format("2006-01-02T15:04:05.000Z"))
	case sign.RFC3339:
		value = quoted(at.UTC().Format("2006-01-02T15:04:05Z"))
	}
	q.Body, _ = setJSON(q.Body, path, value)
}

// with returns the signer with other secrets.
func (p *Probe) with(secrets ...sign.Secret) *signer.Signer {
	return &signer.Signer{Scheme: p.Signer.Scheme, Secrets: secrets, Params: p.Signer.Params, UUIDs: p.Signer.UUIDs}
}

// wrong returns a key that the receiver cannot know, in the form of the scheme's secrets.
func (p *Probe) wrong() (sign.Secret, error) {
	scheme := p.Signer.Scheme
	if own := p.Signer.Secrets[0]; scheme.Code == sign.RFC9421 { // the secret says which algorithm it is for
		scheme.Auth = authOf(own)
	}
	pair, err := newkey.Of(&scheme, time.Unix(1_700_000_000, 0))
	return sign.Secret{Name: "wrong", Key: pair.Signing}, err
}

// authOf returns the algorithm of a secret of an HTTP message signature.
func authOf(s sign.Secret) sign.Auth {
	switch {
	case bytes.Contains(s.Key, []byte("EC PRIVATE KEY")):
		return sign.ECDSA
	case bytes.Contains(s.Key, []byte("RSA PRIVATE KEY")):
		return sign.RSA
	case bytes.Contains(s.Key, []byte("PRIVATE KEY")):
		return sign.Ed25519
	}
	return sign.HMAC
}

// byWrong has a draft signed by a key that the receiver cannot know.
func byWrong(p *Probe, d *draft) {
	key, err := p.wrong()
	if err != nil {
		d.skip = "no other key could be made: " + err.Error()
		return
	}
	d.signer = p.with(key)
}

// header returns the name of the header with the signature, "" when it is elsewhere.
func (p *Probe) header() string {
	name, _ := strings.CutPrefix(string(p.Signer.Scheme.Carrier()), "header:")
	if p.Signer.Scheme.InBody() {
		return ""
	}
	return name
}

// onSignature changes the value of the signature wherever it is after signing. In a body or a URL the change must be
// of letters that need no escaping.
func onSignature(change func(value string) string) func(*Probe, *draft) {
	return func(p *Probe, d *draft) {
		s := p.Signer.Scheme
		d.after = func(q *record.Request) {
			old := s.Signature(sign.Message{Header: q.Header.HTTP(), URL: q.URL, Body: q.Body})
			if name := p.header(); name != "" {
				q.Header = q.Header.Set(name, change(old))
				return
			}
			kind, name, _ := strings.Cut(string(s.Carrier()), ":")
			switch kind {
			case "json":
				q.Body, _ = setJSON(q.Body, name, quoted(change(old)))
			case "form":
				q.Body = []byte(field.SetForm(string(q.Body), name, change(old)))
			case "query":
				before, query, fragment := field.SplitURL(q.URL)
				q.URL, q.Target = before+"?"+field.SetForm(query, name, change(old))+fragment, ""
			}
		}
	}
}

// span returns where the signature proper stands in the value of its header: its longest run of letters, digits and
// what base64 has besides.
func span(value string) (from, to int) {
	isDigit := func(c byte) bool {
		return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '+' || c == '/' || c == '_' ||
			c == '-'
	}
	for i := 0; i < len(value); i++ {
		j := i
		for j < len(value) && isDigit(value[j]) {
			j++
		}
		if j-i > to-from {
			from, to = i, j
		}
		i = j
	}
	return from, to
}

// onBody changes the body after signing.
func onBody(change func(body []byte) []byte) func(*Probe, *draft) {
	return func(_ *Probe, d *draft) {
		d.after = func(q *record.Request) { q.Body = change(bytes.Clone(q.Body)) }
	}
}

// body replaces the body before signing.
func body(change func(body []byte) ([]byte, bool)) func(*Probe, *draft) {
	return func(_ *Probe, d *draft) {
		changed, ok := change(bytes.Clone(d.x.Request.Body))
		if !ok {
			d.skip = "the payload is not a JSON object"
		}
		d.x.Request.Body = changed
	}
}

// text replaces the whole body before signing.
func text(s string) func(*Probe, *draft) {
	return body(func([]byte) ([]byte, bool) { return []byte(s), true })
}

// at signs with another time.
func at(offset time.Duration) func(*Probe, *draft) {
	return func(_ *Probe, d *draft) { d.at = offset }
}
