package deliver

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/barbhq/barb/store/record"
)

// shortestWait is the least time between two attempts. The history would read a wait of zero as no next attempt.
const shortestWait = time.Millisecond

// decide sets Decision, Wait, Why and Warning of an ended attempt. The order matters: a delivered request stays
// delivered whatever happened later, and an interruption outranks every plan.
func (d *delivery) decide(ctx context.Context, a *Attempt) {
	x := a.Exchange
	if x.Status()/100 == 2 {
		a.Decision = Delivered
		if x.Err != nil {
			a.Why = "delivered, but the answer's body was cut off: " + x.Err.Text
		}
		return
	}
	a.Why = outcome(x)
	retryable, why := d.Policy.retryable(x)
	left, limited := d.left()
	if retryable && why != "" && !d.turned {
		d.turned, a.Warning = true, why
	}
	switch {
	case x.FailureKind() == record.FailInterrupted:
		a.Decision = Interrupted
	case !retryable:
		a.Decision, a.Why = Final, why
	case d.Policy.isRefused(x):
		a.Decision, a.Why = Final, statusText(x.Status())+": "+d.Policy.NoRetry+" forbids retries"
	case ctx.Err() != nil:
		a.Decision = Interrupted
	case limited && left <= 0:
		a.Decision, a.Why = OutOfTime, fmt.Sprintf("the deadline of %s has passed", d.Policy.Deadline)
	case x.Attempt > d.Policy.Retries:
		a.Decision, a.Why = Exhausted, exhausted(d.Policy.Retries)
	default:
		d.plan(a, left, limited)
	}
}

// plan sets the wait before the next attempt, or gives up when it does not fit in the deadline.
func (d *delivery) plan(a *Attempt, left time.Duration, limited bool) {
	scheduled := max(d.Policy.Delay(a.Exchange.Attempt, d.random()), shortestWait)
	what := "the next wait of " + roundly(scheduled)
	if asked, ok := d.asked(a); ok {
		scheduled = max(d.Policy.lengthened(asked, d.random()*float64(d.Policy.Base)), shortestWait)
		what = fmt.Sprintf("retry-after %.0fs", asked.Seconds())
		a.Why += ", " + what
	}
	wait := max(d.Policy.compressed(scheduled), shortestWait)
	if limited && wait >= left {
		if wait != scheduled {
			what += " (" + roundly(wait) + ")"
		}
		a.Decision, a.Why = OutOfTime, what+" would pass the deadline"
		return
	}
	a.Decision, a.Wait, a.Scheduled = Retry, wait, scheduled
}

// asked returns the wait of Retry-After, and warns when it cannot be parsed.
func (d *delivery) asked(a *Attempt) (time.Duration, bool) {
	if a.Exchange.Response == nil {
		return 0, false
	}
	asked, ok, malformed := retryAfter(a.Exchange.Response.Header.Values("Retry-After"), time.Now())
	if malformed && !d.warned {
		d.warned, a.Warning = true, "ignoring a malformed Retry-After"
	}
	return asked, ok
}

// retryable reports whether another attempt could help, and why not. A retried redirect has a reason all the same.
func (p Policy) retryable(x *record.Exchange) (ok bool, why string) {
	status := x.Status()
	switch {
	case status == 0 && (x.Err == nil || x.Err.Permanent || !p.RetryOn.failure(x.Err)):
		return false, outcome(x)
	case status == 0:
		return true, ""
	case status == http.StatusGone:
		return false, "410 Gone: the endpoint wants no more webhooks"
	case status/100 == 3:
		if from, to, ok := Redirected(x); ok {
			return p.RetryOn.Status(status), fmt.Sprintf("%s: the redirect from %s to %s is not followed", statusText(status),
				bounded(from, 100), bounded(to, 200))
		}
		return p.RetryOn.Status(status), fmt.Sprintf("%s: redirect%s is not followed", statusText(status), target(x.Response))
	}
	if p.RetryOn.Status(status) {
		return true, ""
	}
	return false, statusText(status) + " is final"
}

// isRefused reports whether the app asks for no further attempt.
func (p Policy) isRefused(x *record.Exchange) bool {
	if p.NoRetry == "" || x.Response == nil {
		return false
	}
	name, value, _ := strings.Cut(p.NoRetry, ": ")
	return x.Response.Header.Get(name) == value
}

// Redirected returns from which path to which URL an exchange was redirected, where the two differ only in a slash at
// the end of the path or in https: a mistake in the URL that the sender can mend. A Location that differs in more may
// hold a secret and is not returned. The query is left out.
func Redirected(x *record.Exchange) (from, to string, ok bool) {
	if x.Status()/100 != 3 {
		return "", "", false
	}
	asked, err := url.Parse(x.Request.URL)
	if err != nil {
		return "", "", false
	}
	led, err := asked.Parse(x.Response.Header.Get("Location"))
	if err != nil || led.User != nil || led.Hostname() != asked.Hostname() {
		return "", "", false
	}
	path, there := asked.EscapedPath(), led.EscapedPath()
	if asked.Scheme == "http" && led.Scheme == "https" && (path == there || path == "" && there == "/") {
		return record.Origin(x.Request.URL) + path, led.Scheme + "://" + led.Host + there, true
	}
	if led.Scheme != asked.Scheme || led.Host != asked.Host || path == there || path == "" ||
		strings.TrimSuffix(path, "/") != strings.TrimSuffix(there, "/") {
		return "", "", false
	}
	return path, led.Scheme + "://" + led.Host + there, true
}

// target names the host that a redirect points to; the rest of Location may hold a secret.
func target(r *record.Response) string {
	u, err := url.Parse(r.Header.Get("Location"))
	switch {
	case err != nil || u.Host == "" && u.Path == "":
		return ""
	case u.Host == "":
		return " to the same host"
	}
	return " to host " + bounded(u.Host, 100)
}

// Reason describes why a delivery was given up with its last attempt: what the endpoint did, and how often it was
// tried.
func Reason(a *Attempt) string {
	x := a.Exchange
	host := endpointOf(x)
	did := strings.TrimPrefix(outcome(x), host+": ")
	tried := ", 1 attempt"
	if x.Attempt > 1 {
		tried = fmt.Sprintf(", %d attempts", x.Attempt)
	}
	switch a.Decision {
	case Exhausted:
		return did + tried
	case OutOfTime:
		return did + tried + "; " + a.Why
	}
	return a.Why
}

func endpointOf(x *record.Exchange) string {
	_, endpoint := record.SplitURL(x.Request.URL)
	return endpoint
}

// outcome describes how an attempt ended.
func outcome(x *record.Exchange) string {
	switch {
	case x.Response != nil:
		return statusText(x.Response.Status)
	case x.Err != nil:
		return x.Err.Text
	}
	return "no answer"
}

// statusText returns the registered reason of a status, never the peer's.
func statusText(status int) string {
	if text := http.StatusText(status); text != "" {
		return fmt.Sprintf("%d %s", status, text)
	}
	return fmt.Sprintf("status %d", status)
}

// exhausted says that no retries are left.
func exhausted(retries int) string {
	if retries == 0 {
		return "no retries"
	}
	return fmt.Sprintf("gave up after %d attempts", retries+1)
}

func roundly(d time.Duration) string {
	if d > time.Second {
		return d.Round(time.Second / 10).String()
	}
	return d.Round(time.Millisecond).String()
}
