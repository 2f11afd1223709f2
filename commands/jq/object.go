package jq

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/barbhq/barb/store/body"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
)

// Subject is what an expression is about.
type Subject struct {
	Exchange *record.Exchange // its request is that of the webhook
	Answered *record.Exchange // has the answer; nil: Exchange
	Recorded *record.Exchange // has the answer that was recorded before a replay; nil: none
	// Line is the JSON form that is printed, whose names the expression sees; nil: that of Exchange with everything.
	Line any
}

// The names that an expression sees beside those of the JSON form. They are there when it mentions them, so that
// --jq . prints what --json prints.
const (
	nameStatus  = "status"
	nameMS      = "ms"
	nameEvent   = "event"
	nameHeaders = "headers"
	nameBody    = "body"
	nameText    = "text"
	nameAnswer  = "answer"
	nameRecord  = "recorded" // of a replay
)

// NeedsBodies reports whether the expression looks at more of an exchange than a list of the history reads: a body, a
// header, or the answer.
func (e *Expr) NeedsBodies() bool {
	return e.reads.any(nameHeaders, nameBody, nameText, nameAnswer, nameRecord)
}

// NeedsAll reports whether the expression without a Line looks at more than a list of the history reads.
func (e *Expr) NeedsAll() bool {
	return e.NeedsBodies() || e.mentionsForm() || e.reads.any("request_headers", "request_trailers", "response_headers",
		"protocol", "server_name")
}

// mentionsForm reports whether the expression without a Line looks at the bodies as the JSON form has them.
func (e *Expr) mentionsForm() bool {
	return e.reads.whole || e.reads.any("request_body", "request_body_base64", "response_body", "response_body_base64",
		"body_length", "body_sha256")
}

// With is what the JSON form holds that an expression without a Line sees.
func (e *Expr) With() export.With {
	return export.With{Body: e.mentionsForm(), URL: true, Headers: true}
}

// object returns what the expression sees.
func (e *Expr) object(s Subject) (any, error) {
	if s.Line == nil {
		s.Line = export.JSON(s.Exchange, e.With())
	}
	plain, err := plainJSON(s.Line)
	object, ok := plain.(map[string]any)
	if err != nil || !ok || s.Exchange == nil {
		return plain, err
	}
	if err := e.complete(object, s); err != nil {
		return nil, &EvalError{err, "." + nameBody}
	}
	return object, nil
}

// complete adds the names that the expression mentions. A name of the JSON form stays as it is.
func (e *Expr) complete(object map[string]any, s Subject) error {
	add := func(name string, value any) {
		if _, taken := object[name]; !taken && e.reads.any(name) {
			object[name] = value
		}
	}
	add(nameStatus, object["status_code"])
	add(nameMS, object["latency_ms"])
	add(nameEvent, object["event_type"])
	if e.reads.any(nameHeaders) {
		add(nameHeaders, headers(s.Exchange.Request.Header))
	}
	if e.reads.any(nameAnswer) {
		x := s.Answered
		if x == nil {
			x = s.Exchange
		}
		answer, err := e.answer(x)
		if err != nil {
			return err
		}
		add(nameAnswer, answer)
	}
	if s.Recorded != nil && e.reads.any(nameRecord) {
		recorded, err := e.answer(s.Recorded)
		if err != nil {
			return err
		}
		add(nameRecord, recorded)
	}
	text, value, err := e.content(s.Exchange.Request.Header, s.Exchange.Request.Body)
	if err != nil {
		return err
	}
	add(nameText, text)
	add(nameBody, value)
	return nil
}

// content returns a body as text and as a value, as far as the expression mentions them.
func (e *Expr) content(header record.Header, data []byte) (text, value any, err error) {
	if !e.reads.any(nameBody, nameText) {
		return nil, nil, nil
	}
	c, err := body.Open(header, data)
	if err != nil {
		return nil, nil, err
	}
	if e.reads.any(nameText) {
		text = c.Text()
	}
	if e.reads.any(nameBody) {
		value, err = c.Value()
	}
	return text, value, err
}

// answer returns the answer of an exchange as an object, nil without one.
func (e *Expr) answer(x *record.Exchange) (any, error) {
	r := x.Response
	if r == nil {
		return nil, nil
	}
	text, value, err := e.content(r.Header, r.Body)
	if err != nil {
		return nil, err
	}
	line := export.JSON(x, export.With{})
	out := map[string]any{nameStatus: line.StatusCode, nameMS: json.Number(strconv.FormatInt(line.LatencyMS, 10)),
		nameHeaders: headers(r.Header)}
	if e.reads.any(nameText) {
		out[nameText] = text
	}
	if e.reads.any(nameBody) {
		out[nameBody] = value
	}
	return out, nil
}

// headers returns header fields by their names in lower case. The values of a repeated field are joined by a comma, as
// RFC 9110, section 5.3 allows.
func headers(h record.Header) map[string]any {
	out := make(map[string]any, len(h))
	for _, f := range h {
		name, value := strings.ToValidUTF8(strings.ToLower(f.Name), "\uFFFD"), strings.ToValidUTF8(f.Value, "\uFFFD")
		if before, ok := out[name].(string); ok {
			value = before + ", " + value
		}
		out[name] = value
	}
	return out
}
