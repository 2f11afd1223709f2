// Package cassette keeps webhooks as files under version control. A cassette (*.barb.ndjson) is text of JSON objects: a
// header with the format's version, one object a webhook with stable keys, a last line with the count of webhooks and
// the SHA-256 of all lines above. A webhook is byte-exact after a round trip, but for its answer, of which the headers
// that differ from day to day are left out. A cassette has no secret, no secret's reference and no id of a history.
//
// In the compact form each object is a line. In the pretty form an object is indented and ends in a line "}", and a
// body that is JSON is a value of its own where it can be restored to the byte. Readers accept both, and line breaks of
// Windows.
package cassette

import (
	"fmt"
	"strings"

	"github.com/barbhq/barb/store/record"
)

// Format and Version are in the first line. Version changes when a reader of today would misread a file.
const (
	Format  = "barb-cassette"
	Version = 1
)

// Webhook is an exchange of a cassette. Its Response, Err and Took are the expected answer. The fields that belong to a
// history are zero: ID, Thread, Webhook, Role, Remote, NextIn, Verdict.Secret and Tried.
type Webhook struct {
	record.Exchange
	// Redacted names the values that Redact replaced, "body /customer/email"; the signature does not match any more.
	Redacted []string
}

// Kind is what is wrong with a cassette.
type Kind uint8

// The kinds of mistakes.
const (
	NotCassette Kind = iota + 1 // the first line is not a cassette's
	BadVersion                  // a version that this barb does not know
	Cut                         // the last line is missing or incomplete
	BadCount                    // the last line counts other webhooks than there are
	BadHash                     // a line was changed after the file was written
	Malformed                   // a line is not a webhook
	TooLong                     // a webhook is longer than MaxWebhook
)

// Error says what is wrong with a cassette, and where.
type Error struct {
	File string
	Line int // from 1
	Kind Kind
	Text string
}

// Error returns file, line and what is wrong.
func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text) }

// daily are the header fields of an answer that differ without meaning, or that are a credential.
var daily = []string{"Date", "Age", "Expires", "Last-Modified", "ETag", "Server", "Via", "Content-Length", "Set-Cookie",
	"Set-Cookie2", "X-Request-Id", "X-Runtime", "X-Powered-By", "X-Response-Time", "Server-Timing", "Alt-Svc", "CF-Ray",
	"Report-To", "NEL", "Traceparent", "Tracestate"}

// Meaningful returns the header fields of an answer that another answer can be compared with.
func Meaningful(h record.Header) record.Header { return h.EndToEnd().Without(daily...) }

// isText reports whether a body is shown as text: UTF-8 without control characters but tabs and line breaks.
func isText(valid bool, body []byte) bool {
	return valid && !strings.ContainsFunc(string(body), func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f
	})
}
