// Package handshake answers what a provider asks before its first webhook. It opens no address and keeps no secret.
package handshake

import (
	"slices"
	"strconv"
	"strings"

	"github.com/barbhq/barb/sign"
)

// Handshake is a provider's test of a receiver before the first webhook, and the answer to it. It is data, a row of
// a table.
type Handshake struct {
	Name     string        // lower case; the name of the provider's scheme if there is one
	Title    string        // the provider's own spelling
	Docs     string        // address of the provider's documentation
	Evidence sign.Evidence // how the row was confirmed
	When     string        // when it is sent, as the end of a sentence: "when the URL is saved"
	Note     string        // a surprising fact; one clause

	// Distinct says that the request cannot be mistaken for anything else, so it is answered whatever the scheme. A
	// bare HEAD is not distinct, nor is a request that two providers send alike.
	Distinct bool
	Steps    []Step // the possible requests, each with its answer
}

// Step is one request of a handshake and its answer.
type Step struct {
	Methods []string
	Has     []Mark       // all must be present; places are header:NAME, query:NAME, form:NAME and json:PATH
	Lacks   []sign.Place // none may be present
	// Signed says that the request carries the scheme's signature and gets a 401 when it is wrong. Answer does not
	// check it: the caller verifies the message first.
	Signed bool
	// Agreed are values that must equal the param of the same name in Message.Params, if it is given.
	Agreed []Agreement

	Status int
	Type   Media        // of Body
	Fields []sign.Field // besides Content-Type; values are templates
	// Body is a template. Names: query.NAME, form.NAME, json.PATH, header.NAME, mac, public (of MAC), lb and rb
	// (braces). In JSON they stand within quotes and are escaped.
	Body string
	MAC  MAC

	Learns  sign.Place // place of a secret for the webhooks to come
	Confirm Confirm    // the address that the receiver must open before webhooks are sent
}

// Mark is a value by which a request is recognised.
type Mark struct {
	In sign.Place
	Is []string // any of these; none: any value that is not empty
}

// Agreement is a value known to both sides: the request's must equal the param, or the answer is Status.
type Agreement struct {
	In     sign.Place
	Param  string
	Status int
}

// Media is the content type of an answer's body.
type Media string

// The content types. NoBody stands for an answer without a body.
const (
	NoBody    Media = ""
	PlainText Media = "text/plain; charset=utf-8"
	JSON      Media = "application/json"
)

// MAC is the proof that a receiver knows the secret, {mac} in an answer.
//
// A stranger chooses the challenge, and the same key signs webhooks: a receiver that signed any challenge would
// sign forgeries. So only challenges of the provider's own form are signed, and where the request is not signed,
// Verify refuses content of that form under every scheme with the same hash.
type MAC struct {
	Of        sign.Place
	Challenge sign.Challenge // form of the challenges to sign, and the hash
	Enc       sign.Encoding
	HashedKey bool // the key is the hash of the secret
	Pair      bool // the secret is PUBLIC:PRIVATE; the first half is {public}, the second the key
}

// Confirm is an address in the request that the receiver must open before webhooks are sent; this package does not
// open it.
type Confirm struct {
	In sign.Place
	// Host is the provider's host, such as "sns.*.amazonaws.com", with * for one label.
	Host string
}

// Reply is an answer to a handshake.
type Reply struct {
	Status int
	Fields []sign.Field
	Body   []byte
}

// Limits on requests and answers, because any client can send a handshake.
const (
	maxAsked  = 64 << 10 // bytes of a body that may be a handshake
	maxSaid   = 8 << 10  // bytes of one value in an answer
	minLearnt = 16       // characters of a secret that a request brings
	maxLearnt = 256
)

// All returns a copy of every handshake, in the order in which they are tried.
func All() []Handshake {
	all := make([]Handshake, len(rows))
	for i := range rows {
		all[i] = rows[i].withSteps(rows[i].Steps)
	}
	return all
}

// Lookup returns a copy of the handshake with that name, as in Scheme.Handshake.
func Lookup(name string) (Handshake, bool) {
	for i := range rows {
		if rows[i].Name == name {
			return rows[i].withSteps(rows[i].Steps), true
		}
	}
	return Handshake{}, false
}

// BringsSecret reports whether the handshake of a scheme brings its secret.
func BringsSecret(s sign.Scheme) bool {
	h, _ := Lookup(s.Handshake)
	return slices.ContainsFunc(h.Steps, func(s Step) bool { return s.Learns != "" })
}

// Find returns the handshake of a message among those named; without names, among those that are Distinct. The
// result has only the matching step. Message.URL must be the received one, with its query.
func Find(m sign.Message, names ...string) (Handshake, bool) {
	for i := range rows {
		h := &rows[i]
		if len(names) == 0 && !h.Distinct || len(names) > 0 && !slices.Contains(names, h.Name) {
			continue
		}
		if s := h.step(&m); s != nil {
			return h.withSteps([]Step{*s}), true
		}
	}
	return Handshake{}, false
}

// withSteps returns a copy of the handshake with some of its steps.
func (h *Handshake) withSteps(steps []Step) Handshake {
	c := *h
	c.Steps = slices.Clone(steps)
	for i := range c.Steps {
		s := &c.Steps[i]
		s.Methods, s.Lacks, s.Agreed = slices.Clone(s.Methods), slices.Clone(s.Lacks), slices.Clone(s.Agreed)
		s.Fields, s.Has = slices.Clone(s.Fields), slices.Clone(s.Has)
		for j := range s.Has {
			s.Has[j].Is = slices.Clone(s.Has[j].Is)
		}
	}
	return c
}

// step returns the step that matches a message, nil when none does.
func (h *Handshake) step(m *sign.Message) *Step {
	for i := range h.Steps {
		if h.Steps[i].matches(m) {
			return &h.Steps[i]
		}
	}
	return nil
}

func (s *Step) matches(m *sign.Message) bool {
	if !slices.Contains(s.Methods, m.Method) {
		return false
	}
	for _, mark := range s.Has {
		value, n := readPlace(mark.In, m)
		if n == 0 || value == "" || len(mark.Is) > 0 && !slices.Contains(mark.Is, value) {
			return false
		}
	}
	return !slices.ContainsFunc(s.Lacks, func(p sign.Place) bool {
		_, n := readPlace(p, m)
		return n > 0
	})
}

// readPlace returns Place.Read, but no value for a body longer than any handshake.
func readPlace(p sign.Place, m *sign.Message) (value string, n int) {
	kind, _, _ := strings.Cut(string(p), ":")
	if (kind == "json" || kind == "form") && len(m.Body) > maxAsked {
		return "", 0
	}
	return p.Read(m)
}

// Describe returns the handshake in words, a line for each step:
//
//	POST with JSON type = url_verification and JSON challenge, signed: answered 200 with {json.challenge}
func (h Handshake) Describe() string {
	lines := make([]string, len(h.Steps))
	for i := range h.Steps {
		lines[i] = h.Steps[i].describe()
	}
	if h.When != "" && len(lines) > 0 {
		lines[len(lines)-1] += "; sent " + h.When
	}
	return strings.Join(lines, "\n")
}

func (s *Step) describe() string {
	asked := strings.Join(s.Methods, " or ")
	for i, mark := range s.Has {
		asked += map[bool]string{true: " with ", false: " and "}[i == 0] + placeName(mark.In)
		if len(mark.Is) > 0 {
			asked += " = " + strings.Join(mark.Is, " or ")
		}
	}
	if s.Signed {
		asked += ", signed"
	}
	said := ": answered " + strconv.Itoa(s.Status)
	if s.Type != NoBody {
		said += " with " + strings.NewReplacer("{lb}", "{", "{rb}", "}").Replace(s.Body)
	}
	for _, f := range s.Fields {
		said += ", " + f.Name + ": " + f.Value
	}
	if s.MAC.Of != "" {
		said += ", where {mac} is " + s.MAC.describe()
	}
	if s.Learns != "" {
		said += "; " + placeName(s.Learns) + " becomes the secret"
	}
	if s.Confirm.In != "" {
		said += "; webhooks begin after the URL in " + placeName(s.Confirm.In) + " was opened"
	}
	return asked + said
}

func (m *MAC) describe() string {
	key := "the secret"
	if m.Pair {
		key = "the private key"
	}
	if m.HashedKey {
		key = "the " + strings.ToUpper(string(m.Challenge.Hash)) + " of " + key
	}
	return "the HMAC-" + strings.ToUpper(string(m.Challenge.Hash)) + " " + string(m.Enc) + " of " + placeName(m.Of) +
		" with " + key
}

// placeName returns the name of a place for people.
func placeName(p sign.Place) string {
	kind, name, _ := strings.Cut(string(p), ":")
	switch kind {
	case "query":
		return "?" + name + "="
	case "form":
		return "form field " + name
	case "json":
		return "JSON " + name
	}
	return "header " + name
}
