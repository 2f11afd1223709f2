package cassette

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/barbhq/barb/store/record"
)

// head is the first line.
type head struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
}

// tail is the last line.
type tail struct {
	Webhooks *int   `json:"webhooks"`
	SHA256   string `json:"sha256"`
}

// webhook is a Webhook in a file. The order of the fields is that of the file. A text that is not UTF-8 has the suffix
// _base64.
type webhook struct {
	Direction    string   `json:"direction"`
	Time         string   `json:"time"` // RFC 3339, UTC
	Scheme       string   `json:"scheme,omitempty"`
	EventType    string   `json:"event_type,omitempty"`
	EventTypeRaw []byte   `json:"event_type_base64,omitempty"`
	Handshake    string   `json:"handshake,omitempty"`
	WebhookID    string   `json:"webhook_id,omitempty"`
	WebhookIDRaw []byte   `json:"webhook_id_base64,omitempty"`
	Verdict      string   `json:"verdict"`
	Reason       string   `json:"reason,omitempty"`
	Redacted     []string `json:"redacted,omitempty"`
	Masked       []mask   `json:"masked,omitempty"`
	Method       string   `json:"method"`
	URL          string   `json:"url,omitempty"`
	URLRaw       []byte   `json:"url_base64,omitempty"`
	Target       string   `json:"target,omitempty"` // where it is not the path and query of the URL
	TargetRaw    []byte   `json:"target_base64,omitempty"`
	Protocol     string   `json:"protocol,omitempty"` // where it is not HTTP/1.1
	message
	Trailers    [][2]string `json:"trailers,omitempty"`
	TrailersRaw [][2][]byte `json:"trailers_base64,omitempty"`
	Chunks      string      `json:"chunks,omitempty"`
	ChunksRaw   []byte      `json:"chunks_base64,omitempty"`
	BodyLength  int64       `json:"body_length,omitempty"` // of the whole body, where only its beginning is here
	BodySHA256  string      `json:"body_sha256,omitempty"`
	Answer      *answer     `json:"answer,omitempty"`
}

// message is what requests and answers have in common.
type message struct {
	Head       string          `json:"head,omitempty"` // where the fields do not make it
	HeadRaw    []byte          `json:"head_base64,omitempty"`
	Headers    [][2]string     `json:"headers,omitempty"`
	HeadersRaw [][2][]byte     `json:"headers_base64,omitempty"`
	Body       *string         `json:"body,omitempty"`
	BodyRaw    []byte          `json:"body_base64,omitempty"`
	BodyIndent string          `json:"body_indent,omitempty"` // how BodyJSON is written in the body; "": in one line
	BodyJSON   json.RawMessage `json:"body_json,omitempty"`
}

// answer is the expected answer.
type answer struct {
	Status int     `json:"status,omitempty"` // 0: none came
	MS     float64 `json:"ms,omitempty"`
	Error  string  `json:"error,omitempty"`
	message
}

// mask is a record.Mask without what could be compared with a secret.
type mask struct {
	Name  string `json:"name"`
	Part  string `json:"part"`
	At    int    `json:"at"`
	Shown int    `json:"shown"`
	Size  int    `json:"size"`
}

// toWire returns a webhook for a file.
func toWire(x *Webhook, pretty bool) *webhook {
	r := &x.Request
	w := &webhook{Direction: x.Kind.String(), Time: x.Start.UTC().Format(time.RFC3339Nano), Scheme: x.Scheme,
		Handshake: x.Handshake, Verdict: string(x.Verdict.Status), Reason: x.Verdict.Reason, Redacted: x.Redacted,
		Method: r.Method}
	if x.Verdict.Status == record.Unchecked {
		w.Verdict = "unchecked"
	}
	w.EventType, w.EventTypeRaw = split(x.EventType)
	w.WebhookID, w.WebhookIDRaw = split(x.WebhookID)
	w.URL, w.URLRaw = split(r.URL)
	if r.Target != (&record.Request{URL: r.URL}).WireTarget() {
		w.Target, w.TargetRaw = split(r.Target)
	}
	if r.Proto != "HTTP/1.1" {
		w.Protocol = r.Proto
	}
	w.message = toMessage(r.Header, r.Body, pretty)
	if !r.IsAsItsHead() {
		w.Head, w.HeadRaw = split(r.Head)
	}
	w.Trailers, w.TrailersRaw = pairs(r.Trailer)
	w.Chunks, w.ChunksRaw = split(r.Chunks)
	if r.Whole != nil {
		w.BodyLength, w.BodySHA256 = r.Whole.Length, hex.EncodeToString(r.Whole.SHA256[:])
	}
	for _, m := range x.Masks {
		w.Masked = append(w.Masked, mask{m.Name, m.Part, m.At, m.Shown, m.Size})
	}
	w.Answer = toAnswer(x, pretty)
	return w
}

func toAnswer(x *Webhook, pretty bool) *answer {
	if x.Response == nil && x.Err == nil {
		return nil
	}
	a := &answer{MS: float64(x.Took.Microseconds()) / 1000}
	if x.Err != nil {
		a.Error = string(x.Err.Kind)
	}
	if x.Response != nil {
		a.Status = x.Response.Status
		a.message = toMessage(Meaningful(x.Response.Header), x.Response.Body, pretty)
	}
	return a
}

func toMessage(h record.Header, body []byte, pretty bool) (m message) {
	m.Headers, m.HeadersRaw = pairs(h)
	switch {
	case len(body) == 0:
	case !isText(utf8.Valid(body), body):
		m.BodyRaw = body
	default:
		if pretty {
			if m.BodyJSON, m.BodyIndent = asValue(body); m.BodyJSON != nil {
				return m
			}
		}
		text := string(body)
		m.Body = &text
	}
	return m
}

// split returns a text, or its bytes where it is not UTF-8.
func split(s string) (text string, raw []byte) {
	if utf8.ValidString(s) {
		return s, nil
	}
	return "", []byte(s)
}

func pairs(h record.Header) (text [][2]string, raw [][2][]byte) {
	for _, f := range h {
		text = append(text, [2]string{f.Name, f.Value})
		raw = append(raw, [2][]byte{[]byte(f.Name), []byte(f.Value)})
	}
	for _, f := range h {
		if !utf8.ValidString(f.Name) || !utf8.ValidString(f.Value) {
			return nil, raw
		}
	}
	return text, nil
}

// indents are the ways to write JSON that asValue knows; "" is without white space.
var indents = []string{"", "  ", "    ", "\t"}

// asValue returns a body as a JSON value with its indent where the two make the same bytes again, else nil.
func asValue(body []byte) (value json.RawMessage, indent string) {
	if body[0] != '{' && body[0] != '[' || !json.Valid(body) || bytes.ContainsFunc(body, isInvisible) {
		return nil, ""
	}
	for _, indent := range indents {
		if again, err := fromValue(body, indent); err == nil && bytes.Equal(again, body) {
			return body, indent
		}
	}
	return nil, ""
}

// fromValue is the inverse of asValue.
func fromValue(value json.RawMessage, indent string) ([]byte, error) {
	if strings.Trim(indent, " \t") != "" {
		return nil, errors.New("body_indent is not white space")
	}
	var compact, out bytes.Buffer
	err := json.Compact(&compact, value)
	if err != nil || indent == "" {
		return compact.Bytes(), err
	}
	err = json.Indent(&out, compact.Bytes(), "", indent)
	return out.Bytes(), err
}

// webhook returns the Webhook of a file's object.
func (w *webhook) webhook() (*Webhook, error) {
	x := &Webhook{Redacted: w.Redacted}
	at, err := time.Parse(time.RFC3339Nano, w.Time)
	if err != nil {
		return nil, fmt.Errorf("time %q is not RFC 3339", w.Time)
	}
	x.Start, x.Ended, x.Attempt = at.UTC(), true, 1
	switch w.Direction {
	case "received":
		x.Kind = record.Received
	case "sent":
		x.Kind = record.Sent
	default:
		return nil, fmt.Errorf("direction %q is neither received nor sent", w.Direction)
	}
	switch v := record.VerdictStatus(w.Verdict); v {
	case record.Valid, record.Invalid:
		x.Verdict.Status = v
	case "unchecked":
	default:
		return nil, fmt.Errorf("verdict %q is none of valid, invalid and unchecked", w.Verdict)
	}
	x.Verdict.Reason, x.Scheme, x.Handshake = w.Reason, w.Scheme, w.Handshake
	x.EventType, x.WebhookID = w.EventType+string(w.EventTypeRaw), w.WebhookID+string(w.WebhookIDRaw)
	for _, m := range w.Masked {
		x.Masks = append(x.Masks, record.Mask{Part: m.Part, At: m.At, Shown: m.Shown, Size: m.Size, Name: m.Name})
	}
	if err := w.request(&x.Request); err != nil {
		return nil, err
	}
	if x.Request.Whole != nil {
		x.Marks = []record.Mark{{Kind: record.Truncated}}
	}
	return x, w.Answer.fill(&x.Exchange)
}

func (w *webhook) request(r *record.Request) (err error) {
	r.Method, r.URL, r.Proto = w.Method, w.URL+string(w.URLRaw), w.Protocol
	if r.Method == "" || r.URL == "" {
		return errors.New("a webhook needs method and url")
	}
	if r.Proto == "" {
		r.Proto = "HTTP/1.1"
	}
	if r.Target = w.Target + string(w.TargetRaw); r.Target == "" {
		r.Target = r.WireTarget()
	}
	if r.Header, r.Body, err = w.parts(); err != nil {
		return err
	}
	r.Trailer, r.Chunks = fields(w.Trailers, w.TrailersRaw), w.Chunks+string(w.ChunksRaw)
	if r.Head = w.Head + string(w.HeadRaw); r.Head == "" && strings.HasPrefix(r.Proto, "HTTP/1.") {
		r.Head = string(r.AppendHead(nil))
		if !r.IsAsItsHead() { // then it had none
			r.Head = ""
		}
	}
	if w.BodySHA256 != "" {
		sum, err := hex.DecodeString(w.BodySHA256)
		if err != nil || len(sum) != 32 || w.BodyLength < int64(len(r.Body)) {
			return errors.New("body_length and body_sha256 are not those of a body")
		}
		r.Whole = &record.Whole{Length: w.BodyLength, SHA256: [32]byte(sum)}
	}
	return nil
}

// parts returns the header and the body.
func (m *message) parts() (h record.Header, body []byte, err error) {
	bodies := 0
	if m.Body != nil {
		bodies, body = bodies+1, []byte(*m.Body)
	}
	if m.BodyRaw != nil {
		bodies, body = bodies+1, m.BodyRaw
	}
	if m.BodyJSON != nil {
		bodies++
		if body, err = fromValue(m.BodyJSON, m.BodyIndent); err != nil {
			return nil, nil, err
		}
	}
	if bodies > 1 || m.Headers != nil && m.HeadersRaw != nil {
		return nil, nil, errors.New("body or headers are given twice")
	}
	return fields(m.Headers, m.HeadersRaw), body, nil
}

func fields(text [][2]string, raw [][2][]byte) (h record.Header) {
	for _, f := range text {
		h = append(h, record.Field{Name: f[0], Value: f[1]})
	}
	for _, f := range raw {
		h = append(h, record.Field{Name: string(f[0]), Value: string(f[1])})
	}
	return h
}

// fill sets the expected answer of an exchange.
func (a *answer) fill(x *record.Exchange) error {
	if a == nil {
		return nil
	}
	x.Took = time.Duration(a.MS * float64(time.Millisecond)).Round(time.Microsecond)
	if a.Error != "" {
		x.Err = &record.Failure{Kind: record.FailureKind(a.Error), Text: a.Error}
	}
	if a.Status == 0 {
		return nil
	}
	if a.Status < 100 || a.Status > 999 {
		return fmt.Errorf("status %d of the answer is not one of HTTP", a.Status)
	}
	h, body, err := a.parts()
	x.Response = &record.Response{Status: a.Status, Proto: "HTTP/1.1", Header: h, Body: body, Size: int64(len(body))}
	return err
}
