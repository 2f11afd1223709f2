package probe

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/field"
	"github.com/barbhq/barb/sign/handshake"
)

// challenges are the checks of group I.
var challenges = []Check{{
	ID: "I1", Name: "the provider's handshake is answered", Severity: Major, Source: []string{sourceFYI, sourceBRB},
	Fix: "Answer the request that the provider sends before its first webhook; barb schemes NAME shows both.",
	skip: func(p *Probe) string {
		h, ok := handshake.Lookup(p.Signer.Scheme.Handshake)
		if !ok {
			return "the provider has no handshake"
		}
		if missing := h.Unagreed(p.Signer.Params); len(missing) > 0 {
			return "it needs --param " + missing[0] + "=…"
		}
		if len(challengesOf(h)) == 0 {
			return "the handshake would give the receiver a new secret, or have it open an address"
		}
		return ""
	},
	requests: func(p *Probe) int {
		h, _ := handshake.Lookup(p.Signer.Scheme.Handshake)
		return len(challengesOf(h))
	},
	judge: judgeHandshake,
}}

// challengesOf returns the requests of a handshake that do no harm: one that brings a secret would replace the
// receiver's.
func challengesOf(h handshake.Handshake) []handshake.Step {
	return slices.DeleteFunc(h.Steps, func(s handshake.Step) bool {
		// Mandrill signs its empty list of events with a key that everybody knows.
		return s.Learns != "" || s.Confirm.In != "" || h.Name == "mandrill" && s.Methods[0] == "POST"
	})
}

func judgeHandshake(ctx context.Context, r *run) finding {
	h, _ := handshake.Lookup(r.Signer.Scheme.Handshake)
	worst := finding{}
	for _, step := range challengesOf(h) {
		d, err := r.fresh()
		if err != nil {
			r.broken = err
			return finding{outcome: Unknown}
		}
		if err := r.ask(d, &step); err != nil {
			return finding{outcome: Skip, detail: err.Error()}
		}
		a, f := r.send(ctx, d)
		if a != nil {
			f = r.judgeReply(&h, a)
			f.exchange = a.ID
		}
		if worst.outcome == "" || f.worse(worst) {
			worst = f
		}
	}
	return worst
}

// ask makes a draft the request of a step.
func (r *run) ask(d *draft, s *handshake.Step) error {
	q := &d.x.Request
	q.Method, q.Body = s.Methods[0], nil
	q.Header = q.Header.Without("Content-Type")
	if !s.Signed {
		d.signer = nil
	}
	for _, mark := range s.Has {
		value, err := r.valueOf(s, mark)
		if err != nil {
			return err
		}
		kind, name, _ := strings.Cut(string(mark.In), ":")
		switch kind {
		case "header":
			if strings.EqualFold(name, r.header()) {
				continue // the signature
			}
			q.Header = q.Header.Set(name, value)
			if strings.EqualFold("header:"+name, string(r.Signer.Scheme.EventIn)) {
				d.x.EventType = value
			}
		case "query":
			before, query, fragment := field.SplitURL(q.URL)
			q.URL, q.Target = before+"?"+field.SetForm(query, name, value)+fragment, ""
		case "form":
			q.Body = []byte(field.SetForm(string(q.Body), name, value))
			q.Header = q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		case "json":
			q.Body = member(q.Body, name, value)
			q.Header = q.Header.Set("Content-Type", "application/json")
		}
	}
	return nil
}

// member sets a value in a body that is being made. A number stays one.
func member(body []byte, path, value string) []byte {
	if len(body) == 0 {
		body = []byte("{}")
		if path[0] >= '0' && path[0] <= '9' {
			body = []byte("[]")
		}
	}
	text := quoted(value)
	if _, err := strconv.Atoi(value); err == nil {
		text = []byte(value)
	}
	body, _ = setJSON(body, path, text)
	return body
}

// valueOf returns the value by which a request is recognised, or a challenge.
func (r *run) valueOf(s *handshake.Step, mark handshake.Mark) (string, error) {
	for _, agreed := range s.Agreed {
		if agreed.In == mark.In {
			return r.Signer.Params[agreed.Param], nil
		}
	}
	if len(mark.Is) > 0 {
		return mark.Is[0], nil
	}
	if s.MAC.Of != mark.In {
		return "probe" + strings.ToLower(rand.Text()), nil
	}
	c := s.MAC.Challenge
	letters := c.Alphabet
	if c.Decoded != "" {
		letters = c.Decoded
	}
	random := make([]byte, 256)
	_, _ = rand.Read(random) // never fails
	for n := range random {
		if random[n] = letters[int(random[n])%len(letters)]; n+1 < 16 {
			continue
		}
		text := string(random[:n+1])
		for _, one := range []string{text, base64.StdEncoding.EncodeToString([]byte(text))} {
			if c.Is(one) {
				return one, nil
			}
		}
	}
	return "", fmt.Errorf("no challenge of the provider's form could be made")
}

// judgeReply compares an answer with the one that the provider wants.
func (r *run) judgeReply(h *handshake.Handshake, a *answer) finding {
	f := finding{outcome: Fail, detail: a.says() + " to the handshake of " + h.Title}
	q := &a.Request
	m := sign.Message{Method: q.Method, URL: q.URL, Header: q.Header.HTTP(), Body: q.Body, Params: r.Signer.Params}
	one, ok := handshake.Find(m, h.Name)
	if !ok {
		return finding{outcome: Skip, detail: "the handshake cannot be made for this URL"}
	}
	want, err := one.Answer(m, r.Signer.Scheme, r.Signer.Secrets...)
	switch {
	case err != nil:
		return finding{outcome: Skip, detail: "the handshake's answer is not known: " + err.Error()}
	case a.Err != nil && !a.crashed():
		f.outcome = Unknown
	case !a.accepted():
	case !sameReply(one.Steps[0].Type, want.Body, a.Response.Body):
		f.detail += ", whose body is not what the provider wants"
	case !allowsOrigin(want, a):
		f.detail += " without WebHook-Allowed-Origin"
	default:
		f.outcome = Pass
	}
	return f
}

// allowsOrigin reports whether an answer has the header by which CloudEvents allows a sender.
func allowsOrigin(want handshake.Reply, a *answer) bool {
	const name = "WebHook-Allowed-Origin"
	for _, f := range want.Fields {
		if f.Name == name {
			got := a.Response.Header.Get(name)
			return got == f.Value || got == "*"
		}
	}
	return true
}

// sameReply compares bodies: text but for white space at its ends, JSON by its members. Slack takes its challenge in
// JSON, too.
func sameReply(media handshake.Media, want, got []byte) bool {
	want, got = bytes.TrimSpace(want), bytes.TrimSpace(got)
	var members, given map[string]any
	isObject := json.Unmarshal(got, &given) == nil
	switch media {
	case handshake.NoBody:
		return true
	case handshake.PlainText:
		return bytes.Equal(want, got) || isObject && given["challenge"] == string(want)
	}
	if json.Unmarshal(want, &members) != nil || !isObject {
		return false
	}
	for name, value := range members {
		if !reflect.DeepEqual(value, given[name]) {
			return false
		}
	}
	return true
}
