package format

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/barbhq/barb/store/record"
)

// The objects of HAR 1.2. Names that begin with an underscore are extensions, which readers ignore (HAR 1.2, Custom
// Fields).
type harEntry struct {
	Started  string      `json:"startedDateTime"`
	TimeMS   float64     `json:"time"`
	Request  harRequest  `json:"request"`
	Response harResponse `json:"response"`
	Cache    struct{}    `json:"cache"`
	Timings  harTimings  `json:"timings"`
	Error    string      `json:"_error,omitempty"`
	Barb     *harBarb    `json:"_barb,omitempty"`
}

type harBarb struct {
	Direction string `json:"direction,omitempty"`
	Scheme    string `json:"scheme,omitempty"`
	EventType string `json:"event_type,omitempty"`
	WebhookID string `json:"webhook_id,omitempty"`
}

type harRequest struct {
	Method      string    `json:"method"`
	URL         string    `json:"url"`
	HTTPVersion string    `json:"httpVersion"`
	Cookies     []harPair `json:"cookies"`
	Headers     []harPair `json:"headers"`
	Query       []harPair `json:"queryString"`
	Post        *harPost  `json:"postData,omitempty"`
	HeadersSize int       `json:"headersSize"`
	BodySize    int       `json:"bodySize"`
}

type harPost struct {
	MimeType string    `json:"mimeType"`
	Text     string    `json:"text"`
	Params   []harPair `json:"params,omitempty"`
	Encoding string    `json:"_encoding,omitempty"`
	Plain    string    `json:"encoding,omitempty"` // the same in the files of others
}

type harResponse struct {
	Status      int        `json:"status"`
	StatusText  string     `json:"statusText"`
	HTTPVersion string     `json:"httpVersion"`
	Cookies     []harPair  `json:"cookies"`
	Headers     []harPair  `json:"headers"`
	Content     harContent `json:"content"`
	RedirectURL string     `json:"redirectURL"`
	HeadersSize int        `json:"headersSize"`
	BodySize    int        `json:"bodySize"`
}

type harContent struct {
	Size     int64  `json:"size"`
	MimeType string `json:"mimeType"`
	Text     string `json:"text,omitempty"`
	Encoding string `json:"encoding,omitempty"`
}

type harPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type harTimings struct {
	Send    float64 `json:"send"`
	Wait    float64 `json:"wait"`
	Receive float64 `json:"receive"`
}

// HARWriter writes a HAR.
type HARWriter struct {
	w       io.Writer
	version string
	count   int
}

// NewHAR returns a writer of a HAR. version is that of barb.
func NewHAR(w io.Writer, version string) *HARWriter { return &HARWriter{w: w, version: version} }

// Write writes an exchange, and returns what the file does not keep of it.
func (h *HARWriter) Write(x *record.Exchange) ([]Loss, error) {
	e, lost := entryOf(x)
	text, err := json.MarshalIndent(e, "      ", "  ")
	if err != nil {
		return nil, err
	}
	before := ",\n      "
	if h.count == 0 {
		before = h.head() + "\n      "
	}
	h.count++
	_, err = io.WriteString(h.w, before+string(text))
	return lost, err
}

func (h *HARWriter) head() string {
	version, _ := json.Marshal(h.version) // a string cannot fail
	return "{\n  \"log\": {\n    \"version\": \"1.2\",\n    \"creator\": {\"name\": \"barb\", \"version\": " +
		string(version) + "},\n    \"entries\": ["
}

// Close writes the end of the file.
func (h *HARWriter) Close() error {
	end := "\n    ]\n  }\n}\n"
	if h.count == 0 {
		end = h.head() + "]\n  }\n}\n"
	}
	_, err := io.WriteString(h.w, end)
	return err
}

func entryOf(x *record.Exchange) (*harEntry, []Loss) {
	r := &x.Request
	lost := framingLoss(r)
	ms := float64(x.Took.Microseconds()) / 1000
	e := &harEntry{Started: x.Start.UTC().Format("2006-01-02T15:04:05.000Z07:00"), TimeMS: ms,
		Timings: harTimings{Wait: ms}, Barb: &harBarb{x.Kind.String(), x.Scheme, x.Event(), x.WebhookID}}
	if !x.Start.Equal(x.Start.Truncate(time.Millisecond)) {
		lost = append(lost, Loss{Time, "the time is kept in milliseconds"})
	}
	e.Request = harRequest{Method: r.Method, HTTPVersion: r.Proto, Cookies: []harPair{}, Headers: harPairs(r.Header),
		Query: queryOf(r.URL), HeadersSize: len(r.AppendHead(nil)), BodySize: len(r.Body)}
	e.Request.URL = uri(r.URL)
	if e.Request.URL != r.URL {
		lost = append(lost, Loss{URL, "the URL is written with escapes"})
	}
	if len(r.Body) > 0 {
		e.Request.Post = &harPost{MimeType: r.Header.Get("Content-Type")}
		if e.Request.Post.Text, e.Request.Post.Encoding = textOf(r.Body); e.Request.Post.Encoding != "" {
			lost = append(lost, Loss{Body, "the body is not text; it is in base64, which other tools than barb send as it is"})
		}
	}
	for _, f := range r.Header {
		if !utf8.ValidString(f.Value) || !utf8.ValidString(f.Name) {
			lost = append(lost, Loss{Headers, "header " + strings.ToValidUTF8(clip(f.Name), "?") + " is not UTF-8"})
		}
	}
	e.Response = harAnswer(x)
	if x.Err != nil {
		e.Error = string(x.Err.Kind)
	}
	return e, lost
}

func harAnswer(x *record.Exchange) harResponse {
	a := harResponse{Cookies: []harPair{}, Headers: []harPair{}, HeadersSize: -1, BodySize: -1,
		Content: harContent{MimeType: "x-unknown"}} // as browsers write a request without an answer
	if r := x.Response; r != nil {
		a.Status, a.StatusText, a.HTTPVersion = r.Status, r.Reason, r.Proto
		a.Headers, a.BodySize = harPairs(r.Header), len(r.Body)
		a.RedirectURL = r.Header.Get("Location")
		a.Content = harContent{Size: int64(len(r.Body)), MimeType: r.Header.Get("Content-Type")}
		a.Content.Text, a.Content.Encoding = textOf(r.Body)
	}
	return a
}

func harPairs(h record.Header) []harPair {
	pairs := make([]harPair, 0, len(h))
	for _, f := range h {
		pairs = append(pairs, harPair(f))
	}
	return pairs
}

// queryOf returns the parameters of a URL, decoded.
func queryOf(address string) []harPair {
	pairs := []harPair{}
	_, query, _ := strings.Cut(address, "?")
	query, _, _ = strings.Cut(query, "#")
	for part := range strings.SplitSeq(query, "&") {
		if part != "" {
			name, value, _ := strings.Cut(part, "=")
			pairs = append(pairs, harPair{unescape(name), unescape(value)})
		}
	}
	return pairs
}

func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// uri returns an address with escapes for what RFC 3986 does not allow in one.
func uri(address string) string {
	const allowed = "-._~:/?#[]@!$&'()*+,;=%"
	var b strings.Builder
	for i := range len(address) {
		c := address[i]
		isEscape := c != '%' || i+2 < len(address) && isHex(address[i+1]) && isHex(address[i+2])
		if isEscape && (c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte(allowed, c) >= 0) {
			b.WriteByte(c)
			continue
		}
		b.WriteString("%" + string("0123456789ABCDEF"[c>>4]) + string("0123456789ABCDEF"[c&15]))
	}
	return b.String()
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' }

// textOf returns a body as text, or in base64.
func textOf(body []byte) (text, encoding string) {
	if utf8.Valid(body) {
		return string(body), ""
	}
	return base64.StdEncoding.EncodeToString(body), "base64"
}
