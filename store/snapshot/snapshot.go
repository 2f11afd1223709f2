// Package snapshot keeps the answers to webhooks as a file under version control. The file is JSON with one answer a
// webhook, sorted, so that its differences read well. It has the headers of an answer that a sender acts on, and the
// body as a value where that is JSON.
package snapshot

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/barbhq/barb/store/body"
	"github.com/barbhq/barb/store/record"
)

// Format and Version are in the file. Version changes when a reader of today would misread a file.
const (
	Format  = "barb-snapshot"
	Version = 1
)

// MaxFile is the greatest length in bytes of a file.
const MaxFile = 64 << 20

// Telling are the headers of an answer that a sender acts on, in lower case. Others change with each answer.
func Telling() []string {
	return []string{"allow", "content-type", "location", "retry-after", "www-authenticate"}
}

// Snapshot is answers by the keys of their webhooks. The zero value has none.
type Snapshot struct {
	answers map[string]answer
	times   map[string]int // how often a webhook was asked for
}

// answer is an answer as the file has it. It has at most one of JSON, Text and Base64.
type answer struct {
	Event   string          `json:"event_type,omitempty"` // for readers
	Status  int             `json:"status"`
	Headers []string        `json:"headers,omitempty"` // "name: value"
	JSON    json.RawMessage `json:"body,omitempty"`
	Text    string          `json:"text,omitempty"`
	Base64  []byte          `json:"body_base64,omitempty"`
}

type file struct {
	Format  string            `json:"format"`
	Version int               `json:"version"`
	Answers map[string]answer `json:"answers"`
}

// Error says what is wrong with a file, and where.
type Error struct {
	Line int // from 1
	Text string
}

// Error returns line and what is wrong.
func (e *Error) Error() string { return fmt.Sprintf("%d: %s", e.Line, e.Text) }

// Read reads a file. The error is an *Error for a mistake in it.
func Read(r io.Reader) (*Snapshot, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > MaxFile {
		return nil, &Error{1, fmt.Sprintf("the file is longer than %d MiB", MaxFile>>20)}
	}
	var f file
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, &Error{lineOf(text, err), "not a snapshot: " + err.Error()}
	}
	switch {
	case f.Format != Format:
		return nil, &Error{1, fmt.Sprintf("not a snapshot: format is %q, not %q", f.Format, Format)}
	case f.Version != Version:
		return nil, &Error{1, fmt.Sprintf("version %d of the format is unknown; this barb reads version %d", f.Version,
			Version)}
	}
	return &Snapshot{answers: f.Answers}, nil
}

func lineOf(text []byte, err error) int {
	at := int64(0)
	if wrong := new(json.SyntaxError); errors.As(err, &wrong) {
		at = wrong.Offset
	} else if wrong := new(json.UnmarshalTypeError); errors.As(err, &wrong) {
		at = wrong.Offset
	}
	return 1 + bytes.Count(text[:min(int(at), len(text))], []byte("\n"))
}

// Len returns how many answers there are.
func (s *Snapshot) Len() int { return len(s.answers) }

// Key returns the key of the next answer to a webhook: its id, else the SHA-256 of its body, and from the second answer
// on its number. webhook needs its id, else its body.
func (s *Snapshot) Key(webhook *record.Exchange) string {
	key := webhook.WebhookID
	if key == "" {
		sum := sha256.Sum256(webhook.Request.Body)
		key = "sha256:" + hex.EncodeToString(sum[:8])
	}
	if s.times == nil {
		s.times = map[string]int{}
	}
	s.times[key]++
	if n := s.times[key]; n > 1 {
		key += fmt.Sprintf(" #%d", n)
	}
	return key
}

// Put keeps the answer that an exchange has.
func (s *Snapshot) Put(key, event string, answered *record.Exchange) {
	if s.answers == nil {
		s.answers = map[string]answer{}
	}
	a := answer{Event: event}
	if r := answered.Response; r != nil {
		a.Status = r.Status
		for _, name := range Telling() {
			for _, value := range r.Header.Values(name) {
				a.Headers = append(a.Headers, name+": "+value)
			}
		}
		a.keep(r)
	}
	s.answers[key] = a
}

// keep keeps a body: as a value where it is a JSON object or array, else as text, else as it is.
func (a *answer) keep(r *record.Response) {
	start := bytes.TrimLeft(r.Body, " \t\r\n")
	c, err := body.Open(r.Header, r.Body)
	switch {
	case len(r.Body) == 0:
	case len(start) > 0 && (start[0] == '{' || start[0] == '[') && json.Valid(r.Body):
		a.JSON = bytes.Clone(r.Body)
	case err == nil && !strings.ContainsRune(c.Text(), '\uFFFD'):
		a.Text = c.Text()
	default:
		a.Base64 = bytes.Clone(r.Body)
	}
}

// Get returns an exchange with an answer of the snapshot; nil where there is none.
func (s *Snapshot) Get(key string) *record.Exchange {
	a, ok := s.answers[key]
	if !ok {
		return nil
	}
	x := &record.Exchange{Kind: record.Sent, Ended: true}
	if a.Status == 0 {
		return x
	}
	x.Response = &record.Response{Status: a.Status, Body: a.Base64}
	for _, line := range a.Headers {
		name, value, _ := strings.Cut(line, ": ")
		x.Response.Header = append(x.Response.Header, record.Field{Name: name, Value: value})
	}
	switch {
	case a.JSON != nil:
		x.Response.Body = a.JSON
	case a.Text != "":
		x.Response.Body = []byte(a.Text)
	}
	return x
}

// Only leaves the answers with these keys, and returns how many others there were.
func (s *Snapshot) Only(keys map[string]bool) (removed int) {
	for key := range s.answers {
		if !keys[key] {
			delete(s.answers, key)
			removed++
		}
	}
	return removed
}

// Missing returns how many answers have none of the keys.
func (s *Snapshot) Missing(keys map[string]bool) (n int) {
	for key := range s.answers {
		if !keys[key] {
			n++
		}
	}
	return n
}

// Write writes the file.
func (s *Snapshot) Write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	answers := s.answers
	if answers == nil {
		answers = map[string]answer{}
	}
	return e.Encode(file{Format, Version, answers})
}
