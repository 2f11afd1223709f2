// Package senders grades those who delivered here. From the requests that a listener received and its responses it
// finds whether senders retried after a failure, when, and with which bytes. It looks at attempts only, and claims only
// what they show.
package senders

import (
	"crypto/sha256"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/barbhq/barb/store/record"
)

// Attempt is a received webhook and its response.
type Attempt struct {
	ID           int64 // of the exchange
	Scheme, Path string
	WebhookID    string // "" when the scheme has none
	Start        time.Time
	Answered     time.Time     // when the response was written, or could not be
	Status       int           // 0 without a response
	RetryAfter   time.Duration // the wait that the response asked for; 0 for none
	Body         [sha256.Size]byte

	// Set by a caller that knows the scheme.
	Signature, Timestamp string // as received, "" for none
	Timed                bool   // the scheme signs the time: each attempt should have a signature of its own
	BodyChanges          bool   // the time or the signature is in the body
}

// Of returns a received exchange as an attempt. It needs the body and the response's header.
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

// retryAfter parses a Retry-After field (RFC 9110, section 10.2.3); a malformed one is 0. A date has a resolution of
// one second, so one second is subtracted.
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

// retryable reports whether a sender should send again: there was no response, or one that later attempts may improve.
func (a *Attempt) retryable() bool {
	switch a.Status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported, http.StatusNetworkAuthenticationRequired:
		return false
	}
	return a.Status == 0 || a.Status >= 500
}

// Finding says whether a sender did what it should: unknown when no attempt shows it.
type Finding string

// The findings.
const (
	Unknown Finding = "unknown"
	Yes     Finding = "yes"
	No      Finding = "no"
)

// and combines two findings: one No makes the result No.
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

// End is the end of a delivery.
type End string

// The ends.
const (
	Delivered End = "delivered" // response 2xx
	Gone      End = "gone"      // response 410
	Refused   End = "refused"   // a response that no further attempt improves
	GaveUp    End = "gave_up"   // a retryable response, without another attempt
	Open      End = "open"      // a retryable response, and another attempt may still come
)

// Conduct is the behaviour of a sender, in one delivery or in all.
type Conduct struct {
	Asked, Honoured int           // waits requested with Retry-After before another attempt, and those that were kept
	Undercut        time.Duration // the greatest time by which an attempt came too early
	IDKept          Finding
	BodyKept        Finding
	Signed          Finding // each attempt has a new signature and timestamp
	Stopped2xx      Finding // no attempt after a 2xx
	Stopped410      Finding // no attempt after a 410
	Retried         Finding // sent again after a retryable response
}

// newConduct returns the conduct of a sender without attempts.
func newConduct() Conduct {
	return Conduct{IDKept: Unknown, BodyKept: Unknown, Signed: Unknown, Stopped2xx: Unknown, Stopped410: Unknown,
		Retried: Unknown}
}

func (c *Conduct) add(d *Conduct) {
	c.Asked, c.Honoured, c.Undercut = c.Asked+d.Asked, c.Honoured+d.Honoured, max(c.Undercut, d.Undercut)
	c.IDKept, c.BodyKept, c.Signed = c.IDKept.and(d.IDKept), c.BodyKept.and(d.BodyKept), c.Signed.and(d.Signed)
	c.Stopped2xx, c.Stopped410 = c.Stopped2xx.and(d.Stopped2xx), c.Stopped410.and(d.Stopped410)
	// One retry shows that the sender retries; it may have given up on others for its own reasons.
	if c.Retried != Yes && d.Retried != Unknown {
		c.Retried = d.Retried
	}
}

// faults returns the faults, the worst first.
func (c *Conduct) faults() (faults []string) {
	for _, check := range []struct {
		bad  bool
		name string
	}{
		{c.Stopped410 == No, "keeps sending after 410"},
		{c.Stopped2xx == No, "keeps sending after 2xx"},
		{c.Honoured < c.Asked, "ignores Retry-After"},
		{c.IDKept == No, "changes the webhook id"},
		{c.Signed == No, "reuses the signature and timestamp"},
		{c.BodyKept == No, "changes the body"},
		{c.Retried == No, "does not retry"},
	} {
		if check.bad {
			faults = append(faults, check.name)
		}
	}
	return faults
}
