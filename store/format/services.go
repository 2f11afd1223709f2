package format

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/store/record"
)

// ngrokRequest is a captured request of ngrok's inspector (https://ngrok.com/docs/agent/api/). Raw is the message on
// the wire, as far as it was captured.
type ngrokRequest struct {
	Remote   string    `json:"remote_addr"`
	Start    time.Time `json:"start"`
	Duration int64     `json:"duration"` // nanoseconds
	Request  struct {
		Method  string              `json:"method"`
		Proto   string              `json:"proto"`
		Headers map[string][]string `json:"headers"`
		URI     string              `json:"uri"`
		Raw     []byte              `json:"raw"`
	} `json:"request"`
	Response struct {
		Raw []byte `json:"raw"`
	} `json:"response"`
}

// ReadNgrok reads what ngrok's inspector answers at /api/requests/http. The oldest request comes first.
func ReadNgrok(r io.Reader, o Options) iter.Seq2[Item, error] {
	return sequence(func(y *yielder) error {
		text, err := whole(r, &o)
		if err != nil {
			return err
		}
		d := document{text: text, d: json.NewDecoder(bytes.NewReader(text))}
		if err := d.array("requests"); err != nil {
			return err
		}
		var items []Item
		for d.d.More() {
			var n ngrokRequest
			line := d.line()
			if err := d.d.Decode(&n); err != nil {
				return d.bad(err)
			}
			item, err := n.item(&o)
			if err != nil {
				return bad(line, "%s", err)
			}
			item.Line = line
			items = append(items, item)
		}
		for _, item := range slices.Backward(items) {
			if !y.item(item) {
				return nil
			}
		}
		return nil
	})
}

func (n *ngrokRequest) item(o *Options) (Item, error) {
	var r record.Request
	var lost []Loss
	if len(n.Request.Raw) == 0 {
		host := slices.Concat(n.Request.Headers["Host"], n.Request.Headers["X-Forwarded-Host"], []string{"localhost"})[0]
		r = record.Request{Method: n.Request.Method, URL: "http://" + host + n.Request.URI,
			Proto: protocol(n.Request.Proto), Header: record.FromHTTP(n.Request.Headers)}
		lost = append(lost, Loss{Headers, "the order of the headers is not in the file"},
			Loss{Body, "the body is not in the file"})
	} else {
		var err error
		if r, lost, err = rawRequest(n.Request.Raw, o); err != nil {
			return Item{}, err
		}
	}
	if err := check(&r); err != nil {
		return Item{}, err
	}
	x := received(r, n.Start.UTC())
	if r.Target == "" {
		complete(&x.Request)
	}
	x.Remote, x.Took = n.Remote, time.Duration(max(n.Duration, 0))
	head, body, ok := bytes.Cut(n.Response.Raw, []byte("\r\n\r\n"))
	if answer, err := record.ParseResponse(string(head) + "\r\n\r\n"); ok && err == nil && answer.Status <= 599 {
		x.Response = answer
		s := newStream(body, o)
		if _, chunked, _ := answer.BodyFraming(r.Method); chunked {
			if body, _, err = s.chunks(); err != nil {
				lost = append(lost, Loss{Answer, "the body of the answer was not captured whole"})
			}
		}
		answer.Body, answer.Size = body, int64(len(body))
	}
	return Item{Exchange: x, Lost: lost}, nil
}

// rawRequest reads a captured request, of which the end may be missing.
func rawRequest(raw []byte, o *Options) (record.Request, []Loss, error) {
	r, err := newStream(raw, o).request()
	if err == nil {
		return r, nil, nil
	}
	_, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	length, chunked, framing := r.BodyFraming()
	if r.Method == "" || framing != nil || chunked || length <= int64(len(body)) {
		if wrong := new(Error); errors.As(err, &wrong) {
			err = errors.New(wrong.Text)
		}
		return r, nil, err
	}
	r.Body = body
	return r, []Loss{{Body, fmt.Sprintf("only %d of %d bytes of the body were captured", len(body), length)}}, nil
}

// stripeEvent is a line of stripe listen --format JSON: the event alone.
type stripeEvent struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Type    string `json:"type"`
	Created int64  `json:"created"` // Unix seconds
}

// ReadStripe reads the lines of stripe listen --format JSON. Lines that are about events or answers are passed over.
func ReadStripe(r io.Reader, o Options) iter.Seq2[Item, error] {
	return sequence(func(y *yielder) error {
		l := newLines(r, &o)
		for {
			text, line, err := l.object()
			switch {
			case errors.Is(err, io.EOF):
				return nil
			case err != nil:
				return err
			case text == "", strings.HasPrefix(text, ">"), strings.Contains(text, "--> "), strings.Contains(text, "<-- "):
				continue
			}
			var e stripeEvent
			if err := json.Unmarshal([]byte(text), &e); err != nil || e.ID == "" || e.Type == "" {
				return bad(line, "%q is not an event of stripe listen --format JSON", clip(text))
			}
			if !y.item(e.item(text, line, &o)) {
				return nil
			}
		}
	})
}

// object returns a JSON object, which is a line or goes from "{" to "}", or another line.
func (l *lines) object() (text string, line int, err error) {
	text, err = l.next()
	line = l.count
	text = strings.TrimRight(strings.TrimPrefix(text, "\ufeff"), " \t")
	if text != "{" {
		return text, line, err
	}
	all := []string{text}
	for size := len(text); err == nil && text != "}"; size += len(text) + 1 {
		if text, err = l.next(); size > l.max {
			return "", line, bad(line, "the event is longer than %d bytes", l.max)
		}
		all = append(all, text)
	}
	if errors.Is(err, io.EOF) {
		err = bad(line, "the event is cut")
	}
	return strings.Join(all, "\n"), line, err
}

func (e *stripeEvent) item(text string, line int, o *Options) Item {
	r := record.Request{Method: "POST", URL: "http://localhost/", Proto: "HTTP/1.1", Body: []byte(text),
		Header: record.Header{{Name: "Content-Type", Value: "application/json; charset=utf-8"}}}
	complete(&r)
	x := received(r, o.Now)
	if e.Created > 0 && e.Created < 1<<33 {
		x.Start = time.Unix(e.Created, 0).UTC()
	}
	x.Scheme, x.WebhookID, x.EventType = "stripe", e.ID, record.PlainEvent(e.Type)
	return Item{Exchange: x, Line: line, Lost: []Loss{{Body, "stripe listen prints the event with sorted keys"},
		{Headers, "stripe listen prints no headers"}, {Signature, "stripe listen prints no signature"},
		{URL, "stripe listen prints no URL"}}}
}

// ReadSmee reads the event stream of smee (https://smee.io), as curl -N -H 'Accept: text/event-stream' prints it.
func ReadSmee(r io.Reader, o Options) iter.Seq2[Item, error] {
	return sequence(func(y *yielder) error {
		l := newLines(r, &o)
		var data []string
		name, size, begin := "", 0, 0
		for {
			text, err := l.next()
			if err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			if text == "" { // an event ends, also at the end of a file
				if len(data) > 0 && (name == "" || name == "message") {
					item, wrong := smeeItem(strings.Join(data, "\n"), begin, &o)
					if wrong != nil || !y.item(item) {
						return wrong
					}
				}
				data, name, size = nil, "", 0
				if errors.Is(err, io.EOF) {
					return nil
				}
				continue
			}
			field, value, _ := strings.Cut(strings.TrimPrefix(text, "\ufeff"), ":")
			value = strings.TrimPrefix(value, " ")
			switch field {
			case "event":
				name = value
			case "data":
				if size += len(value); size > o.maxMessage() {
					return bad(l.count, "the event is longer than %d bytes", o.maxMessage())
				}
				if data = append(data, value); len(data) == 1 {
					begin = l.count
				}
			case "", "id", "retry": // "" is a comment
			default:
				return bad(l.count, "%q is not a line of an event stream", clip(text))
			}
		}
	})
}

// smeeItem reads the data of an event: the headers in lower case, body, query and timestamp, all in one object.
func smeeItem(data string, line int, o *Options) (Item, error) {
	d := document{text: []byte(data), d: json.NewDecoder(strings.NewReader(data))}
	r := record.Request{Method: "POST", Proto: "HTTP/1.1"}
	var query json.RawMessage
	at := o.Now
	if t, err := d.d.Token(); err != nil || t != json.Delim('{') {
		return Item{}, bad(line, "the data is not a JSON object")
	}
	for d.d.More() {
		key, err := d.d.Token()
		var value json.RawMessage
		if err == nil {
			err = d.d.Decode(&value)
		}
		if err != nil {
			return Item{}, bad(line, "the data is not JSON: %s", err)
		}
		switch name, _ := key.(string); name {
		case "body":
			r.Body = value
		case "query":
			query = value
		case "timestamp":
			if ms, err := strconv.ParseInt(string(value), 10, 64); err == nil && ms > 0 && ms < 1<<43 {
				at = time.UnixMilli(ms).UTC()
			}
		default:
			var text string
			if json.Unmarshal(value, &text) == nil {
				r.Header = append(r.Header, record.Field{Name: name, Value: strings.Trim(text, " \t")})
			}
		}
	}
	if r.Body == nil {
		return Item{}, bad(line, "the event has no body")
	}
	return smeeRequest(r, query, at, line)
}

// smeeRequest completes a request. smee parses a body and writes it anew, which changes nothing where the sender had
// written it in the shortest way.
func smeeRequest(r record.Request, query json.RawMessage, at time.Time, line int) (Item, error) {
	var short bytes.Buffer
	if json.Compact(&short, r.Body) == nil {
		r.Body = short.Bytes()
	}
	lost := []Loss{{Headers, "smee writes the names of headers in lower case"}, {URL, "smee does not keep the path"}}
	if n, err := strconv.Atoi(r.Header.Get("Content-Length")); err != nil || n != len(r.Body) {
		lost = append(lost, Loss{Body, "smee writes the body anew; its signature does not match"})
		r.Header = r.Header.Without("Content-Length")
	}
	host, scheme := r.Header.Get("Host"), "http"
	if host == "" {
		host = "localhost"
	}
	if r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "https"
	}
	r.Header = r.Header.Without("Transfer-Encoding", "Connection")
	r.URL = scheme + "://" + host + "/" + smeeQuery(query)
	if err := check(&r); err != nil {
		return Item{}, bad(line, "%s", err)
	}
	complete(&r)
	return Item{Exchange: received(r, at), Line: line, Lost: lost}, nil
}

// smeeQuery returns the query of an object of texts and lists of texts, in its order.
func smeeQuery(query json.RawMessage) string {
	d := json.NewDecoder(bytes.NewReader(query))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return ""
	}
	var parts []string
	for d.More() {
		name, err := d.Token()
		var value any
		if err != nil || d.Decode(&value) != nil {
			break
		}
		all, isList := value.([]any)
		if !isList {
			all = []any{value}
		}
		for _, v := range all {
			parts = append(parts, url.QueryEscape(fmt.Sprint(name))+"="+url.QueryEscape(fmt.Sprint(v)))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "?" + strings.Join(parts, "&")
}
