package sign

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/barbhq/barb/sign/rawjson"
)

// Answer makes the answer to a message that is this handshake. The scheme is the one that the secrets were given for, by
// name; the zero Scheme where none was named. Only when it is a scheme with this handshake is a proof made: another
// provider's secret is not shown to strangers at work.
//
// The reply is to be sent also when there is an error, which is a *Error and says why it refuses: 400 for a challenge that
// cannot be given back safely, the status of the Agreement for a value that is not the agreed one, 403 (EmptySecret) when
// the scheme is another, 500 when there is no secret to answer with. Of several secrets the first answers.
func (h Handshake) Answer(m Message, scheme Scheme, secrets ...Secret) (Reply, error) {
	s := h.step(&m)
	if s == nil {
		return refusal(400), refuse(MissingField, "the request is no handshake of "+h.Title)
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
			return refusal(403), refuse(EmptySecret, "the proof is made with the secret of "+h.Title+", and no secret is named as that")
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

// refusal says nothing of the request, so that nothing of it can act.
func refusal(status int) Reply {
	return Reply{Status: status, Fields: bodyFields(PlainText), Body: []byte("handshake refused\n")}
}

// bodyFields keep a browser from taking a stranger's words for a page.
func bodyFields(t Media) []Field {
	return []Field{{"Content-Type", string(t)}, {"X-Content-Type-Options", "nosniff"}}
}

// agrees refuses a value that is not the agreed one, with the status to do so. A parameter that is not given agrees.
func (s *Step) agrees(m *Message) (status int, err error) {
	for _, a := range s.Agreed {
		want := m.Params[a.Param]
		if want == "" {
			continue
		}
		value, n := a.In.ask(m)
		if n != 1 || !sameToken([]byte(value), []byte(want)) {
			return a.Status, refuse(SignatureMismatch, a.In.words()+" is not the "+a.Param+" that was agreed")
		}
	}
	return 0, nil
}

// Unagreed returns the parameters that this handshake would be checked against if they were given.
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

// Learnt returns the secret that a message brings, when it is a step that brings one. Who sent it is not known: nothing is
// signed with it yet.
func (h Handshake) Learnt(m Message) (Secret, bool) {
	s := h.step(&m)
	if s == nil || s.Learns == "" || s.checkLearnt(&m) != nil {
		return Secret{}, false
	}
	value, _ := s.Learns.ask(&m)
	return Secret{Name: "handshake:" + h.Name, Key: []byte(value)}, true
}

func (s *Step) checkLearnt(m *Message) error {
	if s.Learns == "" {
		return nil
	}
	value, n := s.Learns.ask(m)
	visible := strings.IndexFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
	if n != 1 || len(value) < minLearnt || len(value) > maxLearnt || !visible {
		return refuse(WrongKeyForm, "the secret in "+s.Learns.words()+" is not "+strconv.Itoa(minLearnt)+" to "+
			strconv.Itoa(maxLearnt)+" visible characters")
	}
	return nil
}

// ConfirmAt returns the host of the address that must be opened to confirm a message, "" when there is nothing to open.
// genuine says that it is https and the provider's own.
func (h Handshake) ConfirmAt(m Message) (host string, genuine bool) {
	s := h.step(&m)
	if s == nil || s.Confirm.In == "" {
		return "", false
	}
	text, _ := s.Confirm.In.ask(&m)
	u, err := url.Parse(text)
	if err != nil {
		return "", false
	}
	before, after, _ := strings.Cut(s.Confirm.Host, "*")
	label, begins := strings.CutPrefix(u.Host, before)
	label, ends := strings.CutSuffix(label, after)
	genuine = begins && ends && label != "" && strings.Trim(label, lowerDigits+"-") == "" && u.Scheme == "https" && u.User == nil
	return u.Hostname(), genuine
}

// answering is the making of one answer.
type answering struct {
	*Step
	m           *Message
	mac, public string
}

// prove makes the MAC, or says with which status it cannot be made.
func (a *answering) prove(secrets []Secret) (status int, err error) {
	value, n := a.MAC.Of.ask(a.m)
	if n != 1 || !a.MAC.takes(value) {
		return 400, refuse(MalformedField, "the challenge in "+a.MAC.Of.words()+" is not of the form that is proven")
	}
	if len(secrets) == 0 || len(secrets[0].Key) == 0 {
		return 500, refuse(EmptySecret, "the answer is made with the secret, and none is given")
	}
	if secrets[0].Kind() == AsymmetricKey {
		return 500, refuse(WrongKeyForm, secrets[0].label()+" is a public or private key or a certificate, and the answer is an HMAC")
	}
	key := secrets[0].Key
	if a.MAC.Pair {
		public, private, ok := strings.Cut(string(key), ":")
		if !ok || public == "" || private == "" {
			return 500, refuse(WrongKeyForm, secrets[0].label()+" is not the public and the private key with a colon between them")
		}
		a.public, key = public, []byte(private)
	}
	if a.MAC.HashedKey {
		sum := a.MAC.Hash.function()()
		_, _ = sum.Write(key)
		key = sum.Sum(nil)
	}
	mac := hmac.New(a.MAC.Hash.function(), key)
	_, _ = mac.Write([]byte(value))
	a.mac = hex.EncodeToString(mac.Sum(nil))
	if a.MAC.Enc == Base64 {
		a.mac = base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return 0, nil
}

func (a *answering) reply() (Reply, error) {
	r := Reply{Status: a.Status}
	if a.Type != NoBody {
		body, err := a.fill(a.Body)
		if err != nil {
			return r, err
		}
		r.Fields, r.Body = bodyFields(a.Type), []byte(body)
	}
	for _, f := range a.Fields {
		value, err := a.fill(f.Value)
		if err == nil {
			err = checkValue(MalformedField, "the answer's "+f.Name, value)
		}
		if err != nil {
			return r, err
		}
		r.Fields = append(r.Fields, Field{f.Name, value})
	}
	return r, nil
}

// fill writes a template.
func (a *answering) fill(template string) (string, error) {
	var b strings.Builder
	for template != "" {
		var p piece
		p, template = nextPiece(template)
		if !p.named {
			b.WriteString(p.text)
			continue
		}
		value, err := a.value(p.text)
		if err != nil {
			return "", err
		}
		b.WriteString(value)
	}
	return b.String(), nil
}

// value is what a name in a template stands for, made safe for where it goes.
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
	p := Place(strings.Replace(name, ".", ":", 1))
	value, n := p.ask(a.m)
	if n > 1 {
		return "", refuse(DuplicateHeader, p.words()+" is there more than once")
	}
	if err := checkSaid(p.words(), value); err != nil {
		return "", err
	}
	if a.Type == JSON {
		quoted := markupSafe.Append(nil, []byte(value))
		return string(quoted[1 : len(quoted)-1]), nil
	}
	return value, nil
}

// checkSaid refuses what must not be said back: too much, bytes that are no text, and characters that end a line or act
// on whatever shows it.
func checkSaid(what, value string) error {
	switch {
	case value == "":
		return refuse(MissingField, what+" is empty")
	case len(value) > maxSaid:
		return refuse(MalformedField, what+" is longer than "+strconv.Itoa(maxSaid)+" bytes")
	case !utf8.ValidString(value), strings.ContainsFunc(value, unicode.IsControl):
		return refuse(MalformedField, what+" holds a control character or is not UTF-8")
	}
	return nil
}

// markupSafe escapes in a JSON string the characters that a browser could take for markup as well.
var markupSafe = rawjson.Style{Also: "<>&", Lines: true}
