// Package record is the shape of one HTTP exchange. An exchange is a request, its response and failure, the times, its
// relation to other exchanges, and its signature check. The package holds data and converts it from and to HTTP's text;
// it opens nothing, sends nothing and decides nothing.
package record

import (
	"strings"
	"time"
)

// Kind says whether barb was client or server.
type Kind uint8

// The two sides of an exchange.
const (
	Sent     Kind = 1 // barb was the client: send, replay, a forward
	Received Kind = 2 // barb was the server: listen
)

// String returns the JSON name of the kind: "sent" or "received".
func (k Kind) String() string {
	switch k {
	case Sent:
		return "sent"
	case Received:
		return "received"
	}
	return "unknown"
}

// Exchange is one request and its response.
//
// A webhook is not a type but a query: all exchanges with the same First. The retries of a delivery have Thread set to
// its first attempt. A forward, a redelivery and the first attempt of a replay have Thread set to the exchange that
// they repeat.
type Exchange struct {
	ID      int64 // assigned by the history, from 1
	Thread  int64 // the exchange that this one repeats; 0 for none
	Webhook int64 // the first exchange of its webhook; 0 when this is the first. The history finds it by Thread.
	Role    Role  // what the exchange is in its webhook
	Attempt int   // from 1; 0 for a message put into the queue, whose attempts repeat it
	Kind    Kind
	Remote  string // address of the peer, host:port, when known
	// ServerName is the host name that a TLS sender asked for (RFC 6066, section 3); "" without one.
	ServerName string

	Start  time.Time
	Took   time.Duration // until the response was complete, or until the failure
	Phases Phases
	NextIn time.Duration // wait before the next attempt; 0 when this is the last

	Request  Request
	Response *Response // nil without a response
	// reason for a missing, incomplete or deliberately faulty response; nil when all went well
	Err *Failure

	WebhookID string
	EventType string // in the sender's words; "" for a handshake
	Handshake string // name of the handshake, "zoom"; "" for any other request
	Scheme    string
	Verdict   Verdict
	Marks     []Mark    // properties of a received exchange
	Run       *Run      // the command for it; nil: none
	Scripted  string    // the deliberate fault, "reset"; "" for none
	Late      *Lateness // the provider that would not have waited for the response; nil: none
	Masks     []Mask    // pieces that the history does not store; none: all of the above is exact

	// FromUnchecked says that a sent exchange repeats a webhook whose signature was not checked, so that the history
	// stores it without credentials. It is not stored.
	FromUnchecked bool

	// Foreseen says that the response to a received exchange is recorded before it goes out, since nothing can change it
	// any more: it has no body and was set before the exchange was recorded. It is not stored as a field.
	Foreseen bool

	Ended bool // false: begun and not (yet) ended; stays false after a kill
}

// Phases are the parts of Took, each 0 when it did not happen (a reused connection has only FirstByte).
type Phases struct {
	DNS, Connect, TLS time.Duration
	FirstByte         time.Duration // from the request's first byte written to the response's first byte read
}

// FailureKind is the kind of failure of an attempt without a complete response.
type FailureKind string

// The kinds of failure, as stored in the history and written to JSON.
const (
	FailDNS         FailureKind = "dns"
	FailRefused     FailureKind = "refused"
	FailReset       FailureKind = "reset"
	FailTimeout     FailureKind = "timeout"
	FailTLS         FailureKind = "tls"
	FailProtocol    FailureKind = "protocol"    // the response is not HTTP
	FailInterrupted FailureKind = "interrupted" // ^C, SIGTERM
	FailUnknown     FailureKind = "unknown"     // killed without recording the end
)

// Failure says why there is no complete response.
type Failure struct {
	Kind FailureKind
	Text string // for people; may quote the peer, so escape before showing
	// Ambiguous says that bytes of the request may have been sent: the peer may have acted on them.
	Ambiguous bool
	// Permanent says that another attempt cannot help, as with a bad certificate or a wrong host name.
	Permanent bool
}

// VerdictStatus is the result of a signature check in one word.
type VerdictStatus string

// The results of a check. Unchecked means that there was no check.
const (
	Unchecked VerdictStatus = ""
	Valid     VerdictStatus = "valid"
	Invalid   VerdictStatus = "invalid"
)

// Verdict is the result of a signature check.
type Verdict struct {
	Status  VerdictStatus
	Reason  string        // for an invalid signature: signature_mismatch, timestamp_expired …
	Version string        // the matching version of the scheme: "v1"
	Secret  string        // the reference of the matching secret ("env:WHSEC"), never the secret
	Tried   string        // for an invalid signature: the references of the secrets it was tried with, "env:A, env:B"
	Age     time.Duration // now minus the signed timestamp; only with HasAge
	HasAge  bool
}

// Words returns the result in a word or two.
func (v Verdict) Words() string {
	switch v.Status {
	case Valid:
		return "valid"
	case Invalid:
		return "invalid " + v.Reason
	}
	return strings.TrimSpace("unchecked " + v.Reason) // the reason of an earlier refusal
}

// Outcome is the result of an exchange, derived from its data.
type Outcome string

// The outcomes, as written to JSON.
const (
	Delivered Outcome = "delivered" // sent, response 2xx
	Retrying  Outcome = "retrying"  // sent, not delivered, another attempt was planned
	// sent, not delivered, no further attempt; or received, with a 5xx response or deliberately none.
	Failed   Outcome = "failed"
	Unknown  Outcome = "unknown"  // sent, begun, no recorded end
	Queued   Outcome = "queued"   // a message in the queue; its attempts are separate exchanges
	Accepted Outcome = "accepted" // received, response below 400
	Rejected Outcome = "rejected" // received, response 4xx
	Pending  Outcome = "pending"  // received and stored, no response (yet)
)

// Outcome derives the outcome from the exchange's data.
func (x *Exchange) Outcome() Outcome {
	if x.Kind == Received {
		return x.receivedOutcome()
	}
	switch {
	case x.Attempt == 0 && !x.Ended:
		return Queued
	case !x.Ended:
		return Unknown
	case x.Response != nil && x.Response.Status/100 == 2:
		return Delivered
	case x.NextIn > 0:
		return Retrying
	}
	return Failed
}

func (x *Exchange) receivedOutcome() Outcome {
	_, imported := x.Marked(Imported)
	switch {
	case imported && x.Response == nil:
		return Accepted
	case !x.Ended || x.Response == nil && x.Err == nil:
		return Pending
	case x.Response == nil:
		return Failed
	case x.Response.Status < 400:
		return Accepted
	case x.Response.Status < 500:
		return Rejected
	}
	return Failed
}

// HasFailed reports whether the exchange counts as failed. A sent exchange counts until it is delivered, so that it
// stays failed after a kill.
func (x *Exchange) HasFailed() bool {
	if x.Kind == Sent {
		return x.Outcome() != Delivered && x.Outcome() != Queued
	}
	unanswered := x.Response == nil && x.Err != nil
	return x.Ended && (x.Status() >= 300 || unanswered) || x.Verdict.Status == Invalid
}

// Status returns the response's status code, 0 without a response.
func (x *Exchange) Status() int {
	if x.Response == nil {
		return 0
	}
	return x.Response.Status
}

// FailureKind returns the kind of failure, "" when there was none. An attempt that never ended is FailUnknown.
func (x *Exchange) FailureKind() FailureKind {
	switch {
	case x.Err != nil:
		return x.Err.Kind
	case x.Kind == Sent && !x.Ended && x.Attempt > 0:
		return FailUnknown
	}
	return ""
}
