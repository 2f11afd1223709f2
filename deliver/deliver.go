// Package deliver makes the attempts of one delivery. They follow each other until the request is answered, refused
// for good or out of time, over an HTTP client that puts exact bytes on the wire. The package does not sign, record or
// print: it yields every attempt, and the loop body of the caller does those.
package deliver

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"time"

	"github.com/barbhq/barb/store/record"
)

// Doer makes one attempt. Do sends x.Request and fills in Start, Took, Phases, Remote, Response, Err and, where the
// bytes are known, Request.Head; then it sets Ended. It returns no error, since a failure is data like an answer.
// Client is one.
type Doer interface {
	Do(ctx context.Context, x *record.Exchange)
}

// preparer is a Doer that knows the exact bytes before it writes them, so that even an attempt cut off by a kill is
// recorded with them.
type preparer interface {
	Prepare(r *record.Request) error
}

// Sender delivers a request by a policy. It holds no state of a delivery: many may run on one Sender at a time.
type Sender struct {
	Client Doer
	Policy Policy
	// Sign is called before each attempt with a fresh copy of the stored request, so each has a fresh timestamp; nil
	// leaves requests unsigned. It may change every field, but not the bytes of the body, which all attempts share.
	Sign func(now time.Time, r *record.Request) error
	// Rand returns numbers from [0, 1) for the jitter; nil is math/rand/v2.
	Rand func() float64
	// Permit is called on the connection right before the first byte of a request leaves, since the process may have been
	// stopped after the attempt began. False means that nothing is sent and the attempt is interrupted; nil means true.
	Permit func() bool
	// InPlace says that the loop body keeps no exchange of a first yield, so that an attempt has one exchange, which is
	// changed between its yields.
	InPlace bool
}

// errForbidden means that Permit returned false and nothing was sent.
var errForbidden = errors.New("another process has taken over this delivery")

// permitKey is the key of Sender.Permit in the context of an attempt.
type permitKey struct{}

// permitted calls Sender.Permit.
func permitted(ctx context.Context) bool {
	permit, _ := ctx.Value(permitKey{}).(func() bool)
	return permit == nil || permit()
}

// Attempt is one attempt of a delivery, before it is sent and after it has ended.
type Attempt struct {
	// Exchange is the request and its answer. The caller gives the one of the first yield its ID. The second yield has an
	// exchange of its own with that ID: neither is changed after the loop body has seen it.
	Exchange *record.Exchange
	Ended    bool
	Decision Decision      // what follows; set when Ended
	Wait     time.Duration // before the next attempt when Decision is Retry, as Exchange.NextIn
	// Scheduled is Wait without the policy's Speed; the same where there is none.
	Scheduled time.Duration
	Why       string // one short clause for people; may quote the peer, so escape before showing
	Warning   string // something worth saying once in a delivery, such as a malformed Retry-After

	limit *limited // what its context will be
}

// Decision says what follows an attempt.
type Decision string

// The decisions. The zero value means: not yet decided.
const (
	Delivered   Decision = "delivered"   // answered 2xx
	Retry       Decision = "retry"       // another attempt follows after Wait
	Final       Decision = "final"       // another attempt would not help: 4xx, a redirect, a bad certificate
	Exhausted   Decision = "exhausted"   // no retries are left
	OutOfTime   Decision = "out of time" // the deadline has passed, or comes before the next attempt
	Interrupted Decision = "interrupted" // the context was cancelled, in the attempt or in the wait after it
)

// Attempts delivers x, which it never changes. Every attempt has its request, WebhookID, EventType, Scheme and Verdict,
// and the first its Thread. Retries have Thread set to the ID that the caller gave the first attempt, at either yield.
// All have the Webhook and Role of x; where that is the first of a webhook, its retries are attempts of it.
//
// A delivery that began before, maybe in another process, goes on where Attempt says how many attempts were made:
// Thread is then the ID of the first one, and Start when the delivery began, which the deadline counts from. All three
// are zero at the beginning of a delivery. Response and Err may be those of the attempt before: the policy's
// RetryFields report them.
//
// Every attempt is yielded twice, as the same *Attempt: before its first byte leaves, and when it has ended, before any
// wait begins. An error (a policy that makes no sense, a signature that could not be made) is yielded alone and ends
// the sequence. When ctx is cancelled in a wait nothing more is yielded; the Attempt yielded last then has its Decision
// changed from Retry to Interrupted, and its NextIn stays what was announced. A caller that breaks out of the loop at
// the first yield of an attempt keeps it from being sent.
func (s *Sender) Attempts(ctx context.Context, x record.Exchange) iter.Seq2[*Attempt, error] {
	return func(yield func(*Attempt, error) bool) {
		if err := s.Policy.Validate(); err != nil {
			yield(nil, err)
			return
		}
		d := delivery{Sender: s, first: x, begun: time.Now()}
		if x.Attempt > 0 {
			before := x
			d.firstID, d.begun, d.last = x.Thread, x.Start, &before
		}
		for n := x.Attempt + 1; ; n++ {
			a, err := d.begin(n)
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(a, nil) {
				return
			}
			d.run(ctx, a)
			d.last = a.Exchange
			if !yield(a, nil) || a.Decision != Retry {
				return
			}
			if n == 1 {
				d.firstID = a.Exchange.ID
			}
			if !pause(ctx, a.Wait) {
				a.Decision, a.Why = Interrupted, "interrupted while waiting for the next attempt"
				return
			}
		}
	}
}

// delivery is one run of Attempts.
type delivery struct {
	*Sender
	first   record.Exchange  // as it was given
	firstID int64            // of the first attempt
	begun   time.Time        // with the monotonic clock, which the deadline runs on, unless it was in another process
	last    *record.Exchange // the attempt before; nil: none
	warned  bool             // of a malformed Retry-After
	turned  bool             // of a redirect
}

// signedFields is how many fields a signature usually adds: an id, a time, itself and an event type.
const signedFields = 4

// begin makes the attempt numbered n, signed and ready to be sent.
func (d *delivery) begin(n int) (*Attempt, error) {
	f := &d.first
	made := new(struct {
		attempt  Attempt
		exchange record.Exchange
		limit    limited
	})
	x := &made.exchange
	*x = record.Exchange{
		Kind: record.Sent, Attempt: n, Thread: f.Thread, Webhook: f.Webhook, Role: f.Role, Start: time.Now(),
		Request:   f.Request,
		WebhookID: f.WebhookID, EventType: f.EventType, Scheme: f.Scheme, Verdict: f.Verdict,
		FromUnchecked: f.FromUnchecked,
	}
	if n > 1 {
		x.Thread = d.firstID
		if f.Role == record.First || f.Role == record.Copy {
			x.Webhook, x.Role = d.firstID, record.Attempt
		}
		d.announce(&x.Request, n)
	}
	if d.Sign != nil {
		x.Request.Header = append(make(record.Header, 0, len(x.Request.Header)+signedFields), x.Request.Header...)
		if err := d.Sign(x.Start, &x.Request); err != nil {
			return nil, err
		}
	}
	if p, ok := d.Client.(preparer); ok && x.Request.Head == "" {
		// A request that cannot be prepared cannot be sent: Do reports that as data.
		_ = p.Prepare(&x.Request)
	}
	made.attempt.Exchange, made.attempt.limit = x, &made.limit
	return &made.attempt, nil
}

// run sends a begun attempt and decides what follows. Unless the caller keeps none, it works on a copy: the exchange of
// the first yield may still be read by the recorder it was handed to.
func (d *delivery) run(ctx context.Context, a *Attempt) {
	x := a.Exchange
	if !d.InPlace {
		own := *x
		x = &own
	}
	own := d.limit(ctx, a.limit)
	d.Client.Do(own, x)
	own.end()
	a.Exchange, a.Ended = x, true
	d.decide(ctx, a)
	x.NextIn = a.Wait
}

// limit makes l ctx with the end of an attempt that begins now: its own timeout, or the deadline when that comes first.
func (d *delivery) limit(ctx context.Context, l *limited) *limited {
	timeout := d.Policy.Timeout
	if left, ok := d.left(); ok && (timeout == 0 || left < timeout) {
		timeout = max(left, 1)
	}
	l.parent, l.permit = ctx, d.Permit
	if timeout != 0 {
		l.until = time.Now().Add(timeout)
	}
	return l
}

// left returns the time until the deadline; ok is false when there is none.
func (d *delivery) left() (left time.Duration, ok bool) {
	if d.Policy.Deadline == 0 {
		return 0, false
	}
	return d.Policy.Deadline - time.Since(d.begun), true
}

func (d *delivery) random() float64 {
	if d.Rand != nil {
		return d.Rand()
	}
	return rand.Float64()
}

// pause waits and reports whether it waited to the end.
func pause(ctx context.Context, wait time.Duration) bool {
	select {
	case <-time.After(wait):
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
