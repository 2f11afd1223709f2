// Package senders grades those who delivered here. From what a listener received and answered it finds whether they
// retried after a failure, when, and with which bytes. It looks at attempts only, and claims only what they show.
package senders

import (
	"crypto/sha256"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/barbhq/barb/store/record"
)

// Attempt is a webhook that came, and what was answered.
type Attempt struct {
	ID           int64 // of the exchange
	Scheme, Path string
	WebhookID    string // "" when the scheme has none
	Start        time.Time
	Answered     time.Time     // when the answer was written, or could not be
	Status       int           // 0 when the sender got no answer
	RetryAfter   time.Duration // how long it was asked to wait; 0 when it was not
	Body         [sha256.Size]byte

	// Filled in by a caller that knows the scheme.
	Signature, Timestamp string // as they came, "" when there is none
	Timed                bool   // the scheme signs the time: each attempt should have a signature of its own
	BodyChanges          bool   // the scheme has the time or the signature in the body
}

// Of is a received exchange as an attempt. It needs the header of the answer and the body.
func Of(x *record.Exchange) Attempt {
	a := Attempt{ID: x.ID, Scheme: x.Scheme, Path: pathOf(x.Request.URL), WebhookID: x.WebhookID,
		Start: x.Start, Answered: x.Start.Add(x.Took), Body: sha256.Sum256(x.Request.Body)}
	if x.Response != nil && x.Err == nil {
		a.Status = x.Response.Status
		a.RetryAfter = retryAfter(x.Response.Header.Values("Retry-After"), a.Answered)
	}
	return a
}

func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.EscapedPath()
}

// retryAfter parses a Retry-After field (RFC 9110, section 10.2.3); malformed ones are 0. A date has a resolution of
// one second, so one second is taken off.
func retryAfter(values []string, answered time.Time) time.Duration {
	if len(values) != 1 {
		return 0
	}
	if seconds, err := strconv.ParseUint(values[0], 10, 32); err == nil {
		return time.Duration(seconds) * time.Second
	}
	date, err := http.ParseTime(values[0])
	if err != nil {
		return 0
	}
	return max(date.Sub(answered)-time.Second, 0)
}

func (a *Attempt) delivered() bool { return a.Status/100 == 2 }

// retryable reports whether a sender should come again: no answer, or one that says that it may be better later.
func (a *Attempt) retryable() bool {
	switch a.Status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported, http.StatusNetworkAuthenticationRequired:
		return false
	}
	return a.Status == 0 || a.Status >= 500
}

// Finding is whether a sender did what it should: unknown when nothing that came shows it.
type Finding string

// The findings.
const (
	Unknown Finding = "unknown"
	Yes     Finding = "yes"
	No      Finding = "no"
)

// and joins two findings: one No makes the result No.
func (f Finding) and(other Finding) Finding {
	switch {
	case f == No || other == No:
		return No
	case f == Yes || other == Yes:
		return Yes
	}
	return Unknown
}

func found(seen, well bool) Finding {
	switch {
	case !seen:
		return Unknown
	case well:
		return Yes
	}
	return No
}

// End is how a delivery ended.
type End string

// The ends.
const (
	Delivered End = "delivered" // answered 2xx
	Gone      End = "gone"      // answered 410
	Refused   End = "refused"   // answered what no attempt makes better
	GaveUp    End = "gave_up"   // answered what another attempt might have, and none came
	Open      End = "open"      // the same, and one may still come
)

// Conduct is how a sender behaved, in one delivery or in all.
type Conduct struct {
	Asked, Honoured int           // waits that were asked for with Retry-After before another attempt, and kept
	Undercut        time.Duration // by how much at the worst one came too early
	IDKept          Finding
	BodyKept        Finding
	Signed          Finding // signature and timestamp made anew for each attempt
	Stopped2xx      Finding // no attempt after a 2xx
	Stopped410      Finding // no attempt after a 410
	Retried         Finding // came again after what another attempt might have made better
}

// unseen is the conduct of a sender before its first attempt.
func unseen() Conduct {
	return Conduct{IDKept: Unknown, BodyKept: Unknown, Signed: Unknown, Stopped2xx: Unknown, Stopped410: Unknown,
		Retried: Unknown}
}

func (c *Conduct) add(d *Conduct) {
	c.Asked, c.Honoured, c.Undercut = c.Asked+d.Asked, c.Honoured+d.Honoured, max(c.Undercut, d.Undercut)
	c.IDKept, c.BodyKept, c.Signed = c.IDKept.and(d.IDKept), c.BodyKept.and(d.BodyKept), c.Signed.and(d.Signed)
	c.Stopped2xx, c.Stopped410 = c.Stopped2xx.and(d.Stopped2xx), c.Stopped410.and(d.Stopped410)
	switch { // a sender that came again once does retry; others it may have given up for reasons of its own
	case c.Retried == Yes || d.Retried == Yes:
		c.Retried = Yes
	default:
		c.Retried = c.Retried.and(d.Retried)
	}
}

// faults names what is wrong, the worst first.
func (c *Conduct) faults() (faults []string) {
	for _, check := range []struct {
		bad  bool
		name string
	}{
		{c.Stopped410 == No, "goes on after 410"},
		{c.Stopped2xx == No, "goes on after 2xx"},
		{c.Honoured < c.Asked, "ignores Retry-After"},
		{c.IDKept == No, "changes the webhook id"},
		{c.Signed == No, "repeats signature and timestamp"},
		{c.BodyKept == No, "changes the body"},
		{c.Retried == No, "does not try again"},
	} {
		if check.bad {
			faults = append(faults, check.name)
		}
	}
	return faults
}
