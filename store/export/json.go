// Package export writes an exchange for other tools: as a JSON line, a curl command or raw HTTP. It does not know the
// history or the command line.
package export

import (
	"encoding/hex"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/barbhq/barb/store/record"
)

// With selects parts of an exchange for the JSON form besides the log fields. By default no body, header, path or query
// is written, because they may identify a customer.
type With struct {
	Body, URL, Headers bool
}

// maxName is the longest id or type in a log line, because a sender chooses them.
const maxName = 128

// maxMasked is the greatest number of masked pieces in a line.
const maxMasked = 20

// Line is the JSON form of one exchange. The names are a contract: new ones may be added, none may change.
type Line struct {
	Schema         int    `json:"schema"`
	Level          string `json:"level"`
	Timestamp      string `json:"timestamp"` // RFC 3339 in UTC with milliseconds
	ID             int64  `json:"id"`
	Thread         int64  `json:"thread,omitempty"`
	Direction      string `json:"direction"`
	WebhookID      string `json:"webhook_id"`
	EventType      string `json:"event_type"`
	EndpointDomain string `json:"endpoint_domain"`
	Method         string `json:"method"`
	StatusCode     int    `json:"status_code"` // 0 without a response
	LatencyMS      int64  `json:"latency_ms"`
	Attempt        int    `json:"attempt"`
	RetryCount     int    `json:"retry_count"`
	Scheme         string `json:"scheme"`
	Verdict        string `json:"verdict"`
	Reason         string `json:"reason,omitempty"`
	Outcome        string `json:"outcome"`
	Error          string `json:"error,omitempty"`
	Fault          string `json:"fault,omitempty"`        // the deliberate fault
	TooSlowFor     string `json:"too_slow_for,omitempty"` // the provider that would not have waited
	DeadlineMS     int64  `json:"deadline_ms,omitempty"`  // and its deadline
	Ambiguous      bool   `json:"ambiguous,omitempty"`
	NextInMS       int64  `json:"next_in_ms,omitempty"`
	ScheduleMS     int64  `json:"schedule_ms,omitempty"` // next_in_ms without time compression
	// of a webhook: what a person has noted; of an attempt that is being made: what its provider would do with the
	// endpoint now
	Note    string   `json:"note,omitempty"`
	Pinned  bool     `json:"pinned,omitempty"` // a webhook that pruning leaves
	Timings *Timings `json:"timings_ms,omitempty"`

	App      *App   `json:"app,omitempty"`      // of a received webhook: what its app answered the last time
	Attempts []Part `json:"attempts,omitempty"` // of a webhook: its exchanges, by id

	Marks       []record.MarkKind `json:"marks,omitempty"`
	DuplicateOf int64             `json:"duplicate_of,omitempty"`
	ReusedIDOf  int64             `json:"reused_id_of,omitempty"`
	OlderThan   int64             `json:"older_than,omitempty"`
	Masked      []string          `json:"masked,omitempty"` // names of the masked pieces

	BodyTruncated bool   `json:"body_truncated,omitempty"` // only the beginning of the request's body was stored
	BodyLength    int64  `json:"body_length,omitempty"`    // of the whole body, with the body
	BodySHA256    string `json:"body_sha256,omitempty"`    // of the whole body, in hex
	ExecExit      *int   `json:"exec_exit,omitempty"`      // nil without a command
	ExecMS        *int64 `json:"exec_ms,omitempty"`

	URL             string      `json:"url,omitempty"`
	Protocol        string      `json:"protocol,omitempty"`
	Remote          string      `json:"remote,omitempty"`
	ServerName      string      `json:"server_name,omitempty"`
	RequestHeaders  [][2]string `json:"request_headers,omitempty"`
	RequestTrailers [][2]string `json:"request_trailers,omitempty"`
	ResponseHeaders [][2]string `json:"response_headers,omitempty"`
	Request         *string     `json:"request_body,omitempty"`
	RequestBase64   []byte      `json:"request_body_base64,omitempty"`
	Response        *string     `json:"response_body,omitempty"`
	ResponseBase64  []byte      `json:"response_body_base64,omitempty"`
}

// App is the response of an app in the JSON form of a webhook.
type App struct {
	StatusCode int   `json:"status_code"` // 0 without a response
	LatencyMS  int64 `json:"latency_ms"`
}

// Part is one exchange in the JSON form of a webhook.
type Part struct {
	ID         int64  `json:"id"`
	Kind       string `json:"kind"` // attempt, redelivery, forward, mirror or replay
	Attempt    int    `json:"attempt"`
	StatusCode int    `json:"status_code"` // 0 without a response
	LatencyMS  int64  `json:"latency_ms"`
	Error      string `json:"error,omitempty"`
	Timestamp  string `json:"timestamp"`
}

// AppOf returns the response of an app; nil without a forward.
func AppOf(x *record.Exchange) *App {
	if x == nil {
		return nil
	}
	return &App{x.Status(), millis(x.Took)}
}

// PartOf returns an exchange as part of its webhook.
func PartOf(x *record.Exchange) Part {
	return Part{ID: x.ID, Kind: x.Role.String(), Attempt: x.Attempt, StatusCode: x.Status(), LatencyMS: millis(x.Took),
		Error: string(x.FailureKind()), Timestamp: Stamp(x.Start)}
}

// Stamp returns a time in RFC 3339 in UTC with milliseconds.
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

func millis(d time.Duration) int64 { return d.Round(time.Millisecond).Milliseconds() }

// Timings are the parts of a sent exchange's latency in milliseconds, without those that did not happen.
type Timings struct {
	DNS       float64 `json:"dns,omitempty"`
	Connect   float64 `json:"connect,omitempty"`
	TLS       float64 `json:"tls,omitempty"`
	FirstByte float64 `json:"first_byte,omitempty"`
}

func timings(p record.Phases) *Timings {
	if p == (record.Phases{}) {
		return nil
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return &Timings{DNS: ms(p.DNS), Connect: ms(p.Connect), TLS: ms(p.TLS), FirstByte: ms(p.FirstByte)}
}

// JSON returns the JSON form of x.
func JSON(x *record.Exchange, with With) Line {
	l := Line{
		Schema: 1, Level: level(x), Timestamp: Stamp(x.Start),
		ID: x.ID, Thread: x.Thread, Direction: x.Kind.String(),
		WebhookID: name(x.WebhookID), EventType: name(x.Event()), EndpointDomain: domain(x.Request.URL),
		Method: name(x.Request.Method), StatusCode: x.Status(), LatencyMS: millis(x.Took),
		Attempt: x.Attempt, RetryCount: max(x.Attempt-1, 0), Scheme: x.Scheme, Verdict: verdict(x.Verdict),
		Reason: x.Verdict.Reason, Outcome: string(x.Outcome()), Error: string(x.FailureKind()),
		Ambiguous: x.Err != nil && x.Err.Ambiguous, NextInMS: x.NextIn.Milliseconds(), Timings: timings(x.Phases),
	}
	l.mark(x)
	l.Masked = maskedNames(x)
	l.Fault = x.Scripted
	if x.Late != nil {
		l.TooSlowFor, l.DeadlineMS = x.Late.Provider, x.Late.Deadline.Milliseconds()
	}
	if with.URL {
		l.URL, l.Protocol, l.Remote, l.ServerName = x.Request.URL, x.Request.Proto, x.Remote, x.ServerName
	}
	if with.Headers {
		l.RequestHeaders, l.RequestTrailers = pairs(x.Request.Header), pairs(x.Request.Trailer)
	}
	if with.Body {
		l.Request, l.RequestBase64 = body(x.Request.Body)
		if w := x.Request.Whole; w != nil {
			l.BodyLength, l.BodySHA256 = w.Length, hex.EncodeToString(w.SHA256[:])
		}
	}
	if x.Response != nil {
		if with.Headers {
			l.ResponseHeaders = pairs(x.Response.Header)
		}
		if with.Body {
			l.Response, l.ResponseBase64 = body(x.Response.Body)
		}
	}
	return l
}

// mark sets the fields about the listener's marks and actions.
func (l *Line) mark(x *record.Exchange) {
	for _, m := range x.Marks {
		l.Marks = append(l.Marks, m.Kind)
	}
	l.DuplicateOf, _ = x.Marked(record.Duplicate)
	l.ReusedIDOf, _ = x.Marked(record.ReusedID)
	l.OlderThan, _ = x.Marked(record.Older)
	_, l.BodyTruncated = x.Marked(record.Truncated)
	if x.Run != nil {
		ms := x.Run.Took.Milliseconds()
		l.ExecExit, l.ExecMS = &x.Run.Exit, &ms
	}
}

// maskedNames returns the names of the masked pieces, shortened, because a sender chooses them.
func maskedNames(x *record.Exchange) (names []string) {
	for _, n := range x.Masked() {
		if names = append(names, name(n)); len(names) == maxMasked {
			break
		}
	}
	return names
}

func level(x *record.Exchange) string {
	switch x.Outcome() {
	case record.Failed:
		return "error"
	case record.Retrying, record.Rejected, record.Unknown:
		return "warn"
	}
	return "info"
}

func verdict(v record.Verdict) string {
	if v.Status == record.Unchecked {
		return "unchecked"
	}
	return string(v.Status)
}

// domain returns the host of an endpoint without port, path and query.
func domain(address string) string {
	u, err := url.Parse(record.Origin(address))
	if err != nil {
		return ""
	}
	return name(u.Hostname())
}

func name(s string) string {
	if len(s) > maxName {
		s = strings.ToValidUTF8(s[:maxName], "")
	}
	return s
}

// body returns a body as text if it is text, else as bytes for base64, so that JSON loses nothing.
func body(b []byte) (*string, []byte) {
	if utf8.Valid(b) {
		s := string(b)
		return &s, nil
	}
	return nil, b
}

func pairs(h record.Header) [][2]string {
	out := make([][2]string, 0, len(h))
	for _, f := range h {
		out = append(out, [2]string{f.Name, f.Value})
	}
	return out
}
