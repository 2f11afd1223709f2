// Package record is the shape of one HTTP exchange. An exchange is what went over the wire, when, how it relates to
// another exchange and how its signature fared. The package holds data and its conversion from and to HTTP's own text;
// it opens nothing, sends nothing and decides nothing.
package record

import (
	"strings"
	"time"
)

// Kind says which side barb was on.
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

// Exchange is one request and what came back.
//
// A delivery is not a type but a query: its first attempt has Attempt 1, its retries have Thread set to the first
// attempt. A forward and the first attempt of a replay have Thread set to the captured exchange they repeat.
type Exchange struct {
	ID      int64 // given by the history, from 1
	Thread  int64 // the exchange this one repeats; 0 when it repeats none
	Attempt int   // from 1; 0: a message as it was put into the queue, whose attempts repeat it
	Kind    Kind
	Remote  string // address of the peer, host:port, when known
	// ServerName is the name that a sender over TLS asked for (RFC 6066, section 3); "" without one.
	ServerName string

	Start  time.Time
	Took   time.Duration // until the answer was complete, or until the failure
	Phases Phases
	NextIn time.Duration // wait before the next attempt; 0 when this is the last

	Request  Request
	Response *Response // nil when nothing came back
	// why nothing came back, why what came is not whole, or what was done on purpose; nil when all went well
	Err *Failure

	WebhookID string
	EventType string // as its sender names it; "" of a handshake
	Handshake string // the handshake that a received request is, "zoom"; "" when it is none
	Scheme    string
	Verdict   Verdict
	Marks     []Mark    // what was noticed about it when it was received
	Run       *Run      // the command that was run for it; nil: none
	Scripted  string    // what was done to its sender on purpose, "reset"; "" when nothing was
	Late      *Lateness // the provider that would have given up waiting for the answer; nil: none
	Masks     []Mask    // what the history does not keep of it; none: all that is above is exact

	// FromUnchecked says of a sent exchange that it repeats a webhook whose signature nobody checked: the history keeps it
	// without credentials, as it keeps the webhook. It is not stored.
	FromUnchecked bool

	Ended bool // false: begun and not (yet) ended; after a kill it stays so
}

// Phases are the parts of Took, each 0 when it did not happen (a reused connection has only FirstByte).
type Phases struct {
	DNS, Connect, TLS time.Duration
	FirstByte         time.Duration // from the request's first byte written to the answer's first byte read
}

// FailureKind is the kind of error of an attempt that got no whole answer.
type FailureKind string

// The kinds of failure, as they stand in the history and in JSON.
const (
	FailDNS         FailureKind = "dns"
	FailRefused     FailureKind = "refused"
	FailReset       FailureKind = "reset"
	FailTimeout     FailureKind = "timeout"
	FailTLS         FailureKind = "tls"
	FailProtocol    FailureKind = "protocol"    // what came back is not HTTP
	FailInterrupted FailureKind = "interrupted" // ^C, SIGTERM
	FailUnknown     FailureKind = "unknown"     // cut off without a record of how it ended
)

// Failure says why no whole answer came.
type Failure struct {
	Kind FailureKind
	Text string // for people; may quote the peer, so escape before showing
	// Ambiguous is set when bytes of the request may have left: the peer may have acted on them.
	Ambiguous bool
	// Permanent is set when another attempt cannot help: a bad certificate, a wrong host name.
	Permanent bool
}

// VerdictStatus is the one-word result of checking a signature.
type VerdictStatus string

// The results of a check. Unchecked is what an exchange has when nobody looked.
const (
	Unchecked VerdictStatus = ""
	Valid     VerdictStatus = "valid"
	Invalid   VerdictStatus = "invalid"
)

// Verdict is how the signature of an exchange fared.
type Verdict struct {
	Status  VerdictStatus
	Reason  string        // named reason when invalid: signature_mismatch, timestamp_expired …
	Version string        // which of the scheme's versions matched: "v1"
	Secret  string        // the reference of the secret that matched ("env:WHSEC"), never the secret
	Age     time.Duration // now minus the signed timestamp; meaningless without HasAge
	HasAge  bool
}

// Words says how the signature fared, in a word or two.
func (v Verdict) Words() string {
	switch v.Status {
	case Valid:
		return "valid"
	case Invalid:
		return "invalid " + v.Reason
	}
	return strings.TrimSpace("unchecked " + v.Reason) // the reason why it was refused before
}

// Outcome is what an exchange came to, read off its data.
type Outcome string

// The outcomes, as they stand in JSON.
const (
	Delivered Outcome = "delivered" // sent, answered 2xx
	Retrying  Outcome = "retrying"  // sent, not delivered, another attempt was planned
	// sent, not delivered, no further attempt; received and answered 5xx, or on purpose not at all.
	Failed   Outcome = "failed"
	Unknown  Outcome = "unknown"  // sent, begun, never recorded as ended
	Queued   Outcome = "queued"   // not sent by itself: a message in the queue, which knows what became of it
	Accepted Outcome = "accepted" // received, answered below 400
	Rejected Outcome = "rejected" // received, answered 4xx
	Pending  Outcome = "pending"  // received and kept, not (yet) answered
)

// Outcome reads the outcome off the exchange's data.
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
	switch {
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

// Event returns the event type as filters and JSON name it: of a handshake "handshake:zoom".
func (x *Exchange) Event() string {
	if x.Handshake != "" {
		return "handshake:" + x.Handshake
	}
	return x.EventType
}

// HasFailed reports whether the exchange counts as failed. A sent one counts until it is known to be delivered, so that
// a kill leaves it failed.
func (x *Exchange) HasFailed() bool {
	if x.Kind == Sent {
		return x.Outcome() != Delivered && x.Outcome() != Queued
	}
	unanswered := x.Response == nil && x.Err != nil
	return x.Ended && (x.Status() >= 400 || unanswered) || x.Verdict.Status == Invalid
}

// Status returns the answer's status code, 0 when none came.
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
