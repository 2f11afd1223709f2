package format

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/store/record"
)

// ReadHAR reads a HAR 1.2, as browsers and proxies write it.
func ReadHAR(r io.Reader, o Options) iter.Seq2[Item, error] {
	return sequence(func(y *yielder) error {
		text, err := whole(r, &o)
		if err != nil {
			return err
		}
		d := document{text: text, d: json.NewDecoder(bytes.NewReader(text))}
		if err := d.array("log", "entries"); err != nil {
			return err
		}
		for d.d.More() {
			line := d.line()
			var e harEntry
			if err := d.d.Decode(&e); err != nil {
				return d.bad(err)
			}
			item, err := e.item(line, &o)
			if err != nil {
				return bad(line, "%s", err)
			}
			if !y.item(item) {
				return nil
			}
		}
		return nil
	})
}

// document is a JSON text that is read as far as it is wanted.
type document struct {
	text []byte
	d    *json.Decoder
}

// line is where the next value begins.
func (d *document) line() int {
	at := int(d.d.InputOffset())
	for at < len(d.text) && strings.IndexByte(" \t\r\n,:", d.text[at]) >= 0 {
		at++
	}
	return bytes.Count(d.text[:at], []byte("\n")) + 1
}

func (d *document) bad(err error) error {
	text := strings.TrimPrefix(err.Error(), "json: ")
	at := d.d.InputOffset()
	if wrong, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = wrong.Offset
	} else if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		text = fmt.Sprintf("%s is a %s", wrong.Field, wrong.Value)
	}
	at = min(at, int64(len(d.text)))
	return bad(bytes.Count(d.text[:at], []byte("\n"))+1, "%s", text)
}

// array moves to the first element of the array at a path of keys.
func (d *document) array(path ...string) error {
	for _, name := range path {
		if err := d.key(name); err != nil {
			return err
		}
	}
	if t, err := d.d.Token(); err != nil || t != json.Delim('[') {
		return bad(d.line(), "%s is not a list", strings.Join(path, "."))
	}
	return nil
}

// key moves to the value of a key of the object that comes next.
func (d *document) key(name string) error {
	if t, err := d.d.Token(); err != nil || t != json.Delim('{') {
		return bad(d.line(), "not a JSON object with %q", name)
	}
	for d.d.More() {
		key, err := d.d.Token()
		if err != nil {
			return d.bad(err)
		}
		if key == name {
			return nil
		}
		var other json.RawMessage
		if err := d.d.Decode(&other); err != nil {
			return d.bad(err)
		}
	}
	return bad(d.line(), "there is no %q", name)
}

func (e *harEntry) item(line int, o *Options) (Item, error) {
	q := &e.Request
	r := record.Request{Method: q.Method, URL: q.URL, Proto: protocol(q.HTTPVersion)}
	r.URL, _, _ = strings.Cut(r.URL, "#")
	r.Header = harHeader(q.Headers)
	lost, err := q.body(&r)
	if err == nil {
		err = check(&r)
	}
	if err == nil && len(r.Body) > o.maxMessage() {
		err = fmt.Errorf("the body is longer than %d bytes", o.maxMessage())
	}
	if err != nil {
		return Item{}, err
	}
	if n, err := strconv.Atoi(r.Header.Get("Content-Length")); err == nil && n != len(r.Body) {
		lost = append(lost, Loss{Body, fmt.Sprintf("the body has %d bytes in the file, not %d", len(r.Body), n)})
		r.Header = r.Header.Set("Content-Length", strconv.Itoa(len(r.Body)))
	}
	complete(&r)
	x := received(r, o.Now)
	if at, err := time.Parse(time.RFC3339Nano, e.Started); err == nil {
		x.Start = at.UTC()
	} else {
		lost = append(lost, Loss{Time, "startedDateTime is not a time"})
	}
	if e.TimeMS > 0 && e.TimeMS < 1e12 {
		x.Took = time.Duration(e.TimeMS * float64(time.Millisecond))
	}
	if b := e.Barb; b != nil {
		x.Scheme, x.WebhookID, x.EventType = b.Scheme, b.WebhookID, record.PlainEvent(b.EventType)
		if b.Direction == record.Sent.String() {
			x.Kind = record.Sent
		}
	}
	if e.Error != "" {
		x.Err = &record.Failure{Kind: record.FailUnknown, Text: clip(e.Error)}
	}
	x.Response = e.Response.answer()
	return Item{Exchange: x, Line: line, Lost: lost}, nil
}

// protocol returns the version that a browser or proxy means.
func protocol(version string) string {
	switch v := strings.ToLower(version); {
	case v == "h2" || strings.HasPrefix(v, "http/2"):
		return "HTTP/2.0"
	case v == "h3" || strings.HasPrefix(v, "http/3"):
		return "HTTP/3.0"
	case v == "http/1.0":
		return "HTTP/1.0"
	}
	return "HTTP/1.1"
}

// harHeader returns the fields without the pseudo-header fields of HTTP/2, whose authority becomes Host.
func harHeader(pairs []harPair) (h record.Header) {
	authority := ""
	for _, p := range pairs {
		if strings.HasPrefix(p.Name, ":") {
			if p.Name == ":authority" {
				authority = p.Value
			}
			continue
		}
		h = append(h, record.Field{Name: p.Name, Value: strings.Trim(p.Value, " \t")})
	}
	if authority != "" && !h.Has("Host") {
		h = append(record.Header{{Name: "Host", Value: authority}}, h...)
	}
	return h
}

// body sets the body of a request.
func (q *harRequest) body(r *record.Request) (lost []Loss, err error) {
	switch p := q.Post; {
	case p == nil && q.BodySize > 0:
		return []Loss{{Body, fmt.Sprintf("the body of %d bytes is not in the file", q.BodySize)}}, nil
	case p == nil:
		return nil, nil
	case p.Encoding == "base64" || p.Plain == "base64":
		if r.Body, err = base64.StdEncoding.DecodeString(p.Text); err != nil {
			err = fmt.Errorf("postData is not base64")
		}
		return nil, err
	case p.Text == "" && len(p.Params) > 0 && strings.HasPrefix(p.MimeType, "multipart/"):
		return []Loss{{Body, "the multipart body is in the file as its fields only"}}, nil
	case p.Text == "" && len(p.Params) > 0:
		var form []string
		for _, f := range p.Params {
			form = append(form, url.QueryEscape(f.Name)+"="+url.QueryEscape(f.Value))
		}
		r.Body = []byte(strings.Join(form, "&"))
		return []Loss{{Body, "the form is written anew from its fields"}}, nil
	}
	r.Body = []byte(q.Post.Text)
	if strings.ContainsRune(q.Post.Text, '\uFFFD') {
		lost = []Loss{{Body, "the body may have had bytes that are not text"}}
	}
	return lost, nil
}

// answer returns the response; nil where none came.
func (a *harResponse) answer() *record.Response {
	if a.Status < 100 || a.Status > 599 {
		return nil
	}
	r := &record.Response{Status: a.Status, Reason: inLine(a.StatusText), Proto: protocol(a.HTTPVersion)}
	for _, p := range a.Headers {
		if f := record.Field(p); record.CheckField(f) == nil {
			r.Header = append(r.Header, f)
		}
	}
	r.Body = []byte(a.Content.Text)
	if a.Content.Encoding == "base64" {
		if body, err := base64.StdEncoding.DecodeString(a.Content.Text); err == nil {
			r.Body = body
		}
	}
	r.Size = int64(len(r.Body))
	return r
}
