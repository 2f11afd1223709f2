package probe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/deliver/signer"
	"github.com/barbhq/barb/store/record"
)

// want is the answer that a message should get.
type want int

const (
	accept   want = iota // 2xx
	refuse               // 4xx
	endure               // any answer but a 5xx
	endure4              // the same, but a 2xx is warned about
	distrust             // 4xx; a 2xx is warned about
)

// message is one request of a check.
type message struct {
	what   string // as it differs: "a signature by another key"
	want   want
	change func(p *Probe, d *draft)
	// mayCut says that a connection that is closed without an answer is a refusal: the request is too long to be read.
	mayCut bool
	// severity of a refusal that does not come; "" for the check's.
	severity Severity
}

// draft is a request before it is sent.
type draft struct {
	x      record.Exchange // unsigned
	id     string          // webhook id of the event
	signer *signer.Signer  // nil: the request is not signed
	at     time.Duration   // the time of signing, from now
	after  func(r *record.Request)
	// signing returns the signer of a request that is signed at a time; nil: signer.
	signing func(now time.Time) *signer.Signer
	skip    string // why the message cannot be made
	permit  func() bool
	lazily  bool
	overH2  bool // HTTP/2 is offered
	// cutAfter is how long after the first byte left the connection is closed; 0: it is not.
	cutAfter time.Duration
}

// answer is what came of a request.
type answer struct{ *record.Exchange }

// status returns the status of the answer, 0 without a complete one.
func (a *answer) status() int {
	if a == nil || a.Exchange == nil || a.Response == nil || a.Err != nil {
		return 0
	}
	return a.Response.Status
}

func (a *answer) accepted() bool { return a.status()/100 == 2 }

// crashed reports whether the connection ended without an answer, as it does when a handler panics.
func (a *answer) crashed() bool {
	return a.Err != nil && (a.Err.Kind == record.FailReset || a.Err.Kind == record.FailProtocol)
}

// lost reports whether the probe closed the connection before it had the answer.
func (a *answer) lost() bool {
	return a.Err != nil && (a.Err.Kind == record.FailUnknown || a.Err.Kind == record.FailInterrupted)
}

// limited reports whether the receiver answers that it is too busy.
func (a *answer) limited() bool {
	return a.status() == http.StatusTooManyRequests ||
		a.status() == http.StatusServiceUnavailable && a.Response.Header.Has("Retry-After")
}

// says describes the answer: "401 Unauthorized", "no answer (timeout)".
func (a *answer) says() string {
	switch {
	case a.Err != nil && a.Err.Text != "":
		return "no answer: " + a.Err.Text
	case a.Err != nil:
		return "no answer: " + string(a.Err.Kind)
	case a.Response == nil:
		return "no answer"
	}
	text := http.StatusText(a.Response.Status)
	return strings.TrimSpace(fmt.Sprintf("%d %s", a.Response.Status, text))
}

// try sends a message and judges its answer.
func (r *run) try(ctx context.Context, m message) finding {
	d, err := r.fresh()
	if err != nil {
		r.broken = err
		return finding{outcome: Unknown, detail: err.Error()}
	}
	good := *d
	if m.change != nil {
		if m.change(r.Probe, d); d.skip != "" {
			return finding{outcome: Skip, detail: d.skip}
		}
	}
	a, f := r.send(ctx, d)
	if a == nil {
		return f
	}
	if d.overH2 && a.Response != nil && a.Response.Proto != "HTTP/2.0" {
		return finding{outcome: Skip, detail: "the receiver does not offer HTTP/2"}
	}
	r.answers = append(r.answers, seen{r.check, m.want, a})
	f = m.judge(a)
	if f.exchange = a.ID; f.outcome == Pass && !a.accepted() && m.want != accept {
		return r.control(ctx, &good, f)
	}
	return f
}

// judge says what an answer means for the message. It looks at no control.
func (m *message) judge(a *answer) finding {
	said := a.says() + " to " + m.what
	switch {
	case a.Err != nil && !a.crashed():
		return finding{outcome: Unknown, detail: said}
	case a.limited():
		return finding{outcome: Unknown, detail: said + ": the receiver limits the rate"}
	case a.crashed() && m.mayCut:
		return finding{outcome: Pass, detail: said}
	case m.want == accept && a.accepted():
		return finding{outcome: Pass, detail: said}
	case m.want == accept:
		return finding{outcome: Fail, detail: said}
	case a.crashed() || a.status() >= 500:
		f := finding{outcome: Fail, detail: said}
		if m.want == refuse || m.want == distrust { // it did refuse
			f.severity = Minor
		}
		return f
	case a.accepted() && m.want == refuse:
		return finding{outcome: Fail, severity: m.severity, detail: said}
	case a.accepted() && (m.want == endure4 || m.want == distrust):
		return finding{outcome: Warn, detail: said}
	}
	return finding{outcome: Pass, detail: said}
}

// control sends the same event as it should be, which shows that the refusal before was for the fault alone.
func (r *run) control(ctx context.Context, good *draft, f finding) finding {
	a, missing := r.send(ctx, good)
	if a == nil {
		return missing
	}
	if a.accepted() {
		return f
	}
	if a.Err != nil && a.Err.Kind == record.FailRefused {
		r.stopped = "the receiver no longer answers, since " + r.check.ID
	}
	return finding{outcome: Unknown, exchange: a.ID,
		detail: f.detail + ", and " + a.says() + " to the same event as it should be"}
}

// fresh returns a new event: signed at the time of sending, with an id of its own.
func (r *run) fresh() (*draft, error) {
	r.events++
	x, err := r.Fresh(r.events)
	if err != nil {
		return nil, err
	}
	d := &draft{x: x, signer: r.Signer}
	x.Request.Header = slices.Clone(x.Request.Header)
	r.setID(d, r.newID())
	return d, nil
}

// send sends a request and returns its answer, or why there is none.
func (r *run) send(ctx context.Context, d *draft) (*answer, finding) {
	if r.stopped != "" {
		return nil, finding{outcome: Unknown, detail: r.stopped}
	}
	a, err := r.deliver(ctx, d)
	if err != nil {
		if why, ok := errors.AsType[*signer.Error](err); ok {
			return nil, finding{outcome: Skip, detail: "the scheme cannot sign this: " + why.Error()}
		}
		r.broken = err
		return nil, finding{outcome: Unknown, detail: err.Error()}
	}
	r.count(a)
	return a, finding{}
}

// count notes an answer that missed the deadline.
func (r *run) count(a *answer) {
	if a.accepted() && (r.fastest == 0 || a.Took < r.fastest) {
		r.fastest = a.Took
	}
	if a.Took < r.Deadline || a.Err != nil && a.Err.Kind != record.FailTimeout {
		return
	}
	if r.missed++; r.missed >= missesToStop && r.stopped == "" {
		r.stopped = fmt.Sprintf("the receiver missed the deadline of %s (%s) %d times", r.Waits, r.Deadline, missesToStop)
	}
}

// deliver makes the attempt through the history. It may run beside others. The error is a *signer.Error, or the
// history's.
func (r *run) deliver(ctx context.Context, d *draft) (*answer, error) {
	x := d.x
	x.Kind, x.WebhookID = record.Sent, d.id
	x.Request.Header = slices.Clone(x.Request.Header).Set(Field, r.name+" "+r.check.ID)
	if d.signer != nil {
		d.signer.Describe(&x)
	}
	if d.after != nil || d.at != 0 || d.signing != nil || d.signer != r.Signer {
		x.Verdict = record.Verdict{}
	}
	if d.cutAfter > 0 {
		var cut context.CancelFunc
		ctx, cut = context.WithCancel(ctx)
		defer cut()
		d.permit = func() bool {
			time.AfterFunc(d.cutAfter, cut)
			return true
		}
		defer func() { d.permit = nil }()
	}
	client := r.client
	if d.overH2 {
		client = r.h2
	}
	s := deliver.Sender{Client: client, Permit: d.permit,
		Policy: deliver.Policy{Timeout: r.Deadline + r.Deadline/2},
		Sign:   func(now time.Time, q *record.Request) error { return r.sign(d, &x, now, q) }}
	j := journal.Journal{History: r.History, Lazily: d.lazily, WithIDs: true}
	a, err := j.Once(ctx, s, x)
	if err != nil {
		return nil, err
	}
	return &answer{a.Exchange}, nil
}

func (r *run) sign(d *draft, x *record.Exchange, now time.Time, q *record.Request) error {
	now = now.Add(d.at)
	if d.signing != nil {
		return d.signing(now).SignRequest(x, now, q)
	}
	if d.signer != nil {
		setTime(d.signer.Scheme, q, now)
		if err := d.signer.SignRequest(x, now, q); err != nil {
			return err
		}
	}
	if d.after != nil {
		d.after(q)
	}
	return nil
}

// lostKey is the key of a request whose answer is lost on its way.
type lostKey struct{}

var errLost = errors.New("the probe closed the connection before it read the answer")

// loseAnswer closes the connection when the first bytes of an answer that is to be lost arrive.
func loseAnswer(ctx context.Context, _ int64) error {
	if ctx.Value(lostKey{}) != nil {
		return errLost
	}
	return nil
}
