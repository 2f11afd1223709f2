package handshake

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/keytext"
	"github.com/barbhq/barb/sign/rawjson"
)

// Answer returns the reply to a message that is this handshake. scheme is the scheme of the secrets, the zero
// Scheme if none was named. A proof is made only if the scheme has this handshake, because the secret of another
// provider must not sign texts that a stranger chooses.
//
// The reply must be sent even with an error. The error is a *sign.Error with the reason of a refusal: 400 for a
// challenge that cannot be returned safely, the Agreement's status for a wrong value, 403 (EmptySecret) for another
// scheme, 500 without a secret. Of several secrets the first answers.
func (h Handshake) Answer(m sign.Message, scheme sign.Scheme, secrets ...sign.Secret) (Reply, error) {
	s := h.step(&m)
	if s == nil {
		return refusal(400), refuse(sign.MissingField, "the request is not a handshake of "+h.Title)
	}
	if status, err := s.agrees(&m); err != nil {
		return refusal(status), err
	}
	if err := s.checkLearnt(&m); err != nil {
		return refusal(400), err
	}
	a := answering{Step: s, m: &m}
	if s.MAC.Of != "" {
		if scheme.Handshake != h.Name {
			return refusal(403), refuse(sign.EmptySecret, "the proof is made with the secret of "+h.Title+
				", and none is given")
		}
		if status, err := a.prove(secrets); err != nil {
			return refusal(status), err
		}
	}
	reply, err := a.reply()
	if err != nil {
		return refusal(400), err
	}
	return reply, nil
}

// refusal returns a reply without any text of the request, so that it cannot reflect an attacker's input.
func refusal(status int) Reply {
	return Reply{Status: status, Fields: bodyFields(PlainText), Body: []byte("handshake refused\n")}
}

// bodyFields returns the headers of a reply with a body. They keep a browser from showing the body as a page.
func bodyFields(t Media) []sign.Field {
	return []sign.Field{{Name: "Content-Type", Value: string(t)}, {Name: "X-Content-Type-Options", Value: "nosniff"}}
}

// agrees checks the agreed values and returns the status of the refusal. A missing param counts as agreed.
func (s *Step) agrees(m *sign.Message) (status int, err error) {
	for _, a := range s.Agreed {
		want := m.Params[a.Param]
		if want == "" {
			continue
		}
		value, n := readPlace(a.In, m)
		if n != 1 || !sign.SameToken([]byte(value), []byte(want)) {
			return a.Status, refuse(sign.SignatureMismatch, placeName(a.In)+" is not the agreed "+a.Param)
		}
	}
	return 0, nil
}

// Unagreed returns the params that this handshake would check if they were given.
func (h Handshake) Unagreed(params map[string]string) []string {
	var names []string
	for _, s := range h.Steps {
		for _, a := range s.Agreed {
			if params[a.Param] == "" {
				names = append(names, a.Param)
			}
		}
	}
	return names
}

// Learnt returns the secret in a message whose step brings one. The sender is not authenticated: nothing is signed
// with the secret yet.
func (h Handshake) Learnt(m sign.Message) (sign.Secret, bool) {
	s := h.step(&m)
	if s == nil || s.Learns == "" || s.checkLearnt(&m) != nil {
		return sign.Secret{}, false
	}
	value, _ := readPlace(s.Learns, &m)
	return sign.Secret{Name: "handshake:" + h.Name, Key: []byte(value)}, true
}

func (s *Step) checkLearnt(m *sign.Message) error {
	if s.Learns == "" {
		return nil
	}
	value, n := readPlace(s.Learns, m)
	visible := strings.IndexFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
	if n != 1 || len(value) < minLearnt || len(value) > maxLearnt || !visible {
		return refuse(sign.WrongKeyForm, "the secret in "+placeName(s.Learns)+" is not "+strconv.Itoa(minLearnt)+" to "+
			strconv.Itoa(maxLearnt)+" visible characters")
	}
	return nil
}

// ConfirmAt returns the host of the address that confirms a message, "" when there is none. genuine says that the
// address is https and the provider's own.
func (h Handshake) ConfirmAt(m sign.Message) (host string, genuine bool) {
	s := h.step(&m)
	if s == nil || s.Confirm.In == "" {
		return "", false
	}
	text, _ := readPlace(s.Confirm.In, &m)
	u, err := url.Parse(text)
	if err != nil {
		return "", false
	}
	before, after, _ := strings.Cut(s.Confirm.Host, "*")
	label, begins := strings.CutPrefix(u.Host, before)
	label, ends := strings.CutSuffix(label, after)
	genuine = begins && ends && label != "" && strings.Trim(label, lowerDigits+"-") == "" && u.Scheme == "https" &&
		u.User == nil
	return u.Hostname(), genuine
}

// answering is the state of one answer.
type answering struct {
	*Step
	m           *sign.Message
	mac, public string
}

// prove computes the MAC, or returns the status of the refusal.
func (a *answering) prove(secrets []sign.Secret) (status int, err error) {
	value, n := readPlace(a.MAC.Of, a.m)
	if n != 1 || !a.MAC.Challenge.Is(value) {
		return 400, refuse(sign.MalformedField, "the challenge in "+placeName(a.MAC.Of)+
			" does not have the format that barb answers")
	}
	if len(secrets) == 0 || len(secrets[0].Key) == 0 {
		return 500, refuse(sign.EmptySecret, "the answer is made with the secret, and none is given")
	}
	if secrets[0].Kind() == keytext.Asymmetric {
		return 500, refuse(sign.WrongKeyForm, secrets[0].Label()+" is a public or private key or a certificate, and the "+
			"answer is an HMAC")
	}
	key := secrets[0].Key
	if a.MAC.Pair {
		public, private, ok := strings.Cut(string(key), ":")
		if !ok || public == "" || private == "" {
			return 500, refuse(sign.WrongKeyForm, secrets[0].Label()+" is not the public and the private key with a colon "+
				"between them")
		}
		a.public, key = public, []byte(private)
	}
	if a.MAC.HashedKey {
		sum := a.MAC.Challenge.Hash.New()
		_, _ = sum.Write(key)
		key = sum.Sum(nil)
	}
	mac := hmac.New(a.MAC.Challenge.Hash.New, key)
	_, _ = mac.Write([]byte(value))
	a.mac = hex.EncodeToString(mac.Sum(nil))
	if a.MAC.Enc == sign.Base64 {
		a.mac = base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return 0, nil
}

func (a *answering) reply() (Reply, error) {
	r := Reply{Status: a.Status}
	if a.Type != NoBody {
		body, err := sign.Fill(a.Body, a.value)
		if err != nil {
			return r, err
		}
		r.Fields, r.Body = bodyFields(a.Type), []byte(body)
	}
	for _, f := range a.Fields {
		value, err := sign.Fill(f.Value, a.value)
		if err == nil {
			err = sign.CheckValue(sign.MalformedField, "the answer's "+f.Name, value)
		}
		if err != nil {
			return r, err
		}
		r.Fields = append(r.Fields, sign.Field{Name: f.Name, Value: value})
	}
	return r, nil
}

// value returns the value of a name in a template, escaped for its place.
func (a *answering) value(name string) (string, error) {
	switch name {
	case "lb":
		return "{", nil
	case "rb":
		return "}", nil
	case "mac":
		return a.mac, nil
	case "public":
		return a.public, checkSaid("the public key", a.public)
	}
	p := sign.Place(strings.Replace(name, ".", ":", 1))
	value, n := readPlace(p, a.m)
	if n > 1 {
		return "", refuse(sign.DuplicateHeader, placeName(p)+" occurs more than once")
	}
	if err := checkSaid(placeName(p), value); err != nil {
		return "", err
	}
	if a.Type == JSON {
		quoted := markupSafe.Append(nil, []byte(value))
		return string(quoted[1 : len(quoted)-1]), nil
	}
	return value, nil
}

// checkSaid refuses a value that must not be returned: too long, not text, or with characters that end a line or
// control a terminal.
func checkSaid(what, value string) error {
	switch {
	case value == "":
		return refuse(sign.MissingField, what+" is empty")
	case len(value) > maxSaid:
		return refuse(sign.MalformedField, what+" is longer than "+strconv.Itoa(maxSaid)+" bytes")
	case !utf8.ValidString(value), strings.ContainsFunc(value, unicode.IsControl):
		return refuse(sign.MalformedField, what+" holds a control character or is not UTF-8")
	}
	return nil
}

// markupSafe also escapes the characters of a JSON string that a browser could read as markup.
var markupSafe = rawjson.Style{Also: "<>&", Lines: true}

func refuse(reason sign.Reason, detail string) error {
	return &sign.Error{Reason: reason, Detail: detail}
}
