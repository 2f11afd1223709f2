// Package probe grades a receiver of webhooks. It sends requests that a receiver must accept, requests that it must
// refuse, and requests that must not harm it, one fault at a time, and judges the answers. It prints nothing.
package probe

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/signer"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// Field is the header that marks every request of a probe with its run and its check.
const Field = "X-Barb-Probe"

// Probe is what to grade, and how.
type Probe struct {
	// Signer signs as the provider does. It needs at least one secret; the first one signs.
	Signer *signer.Signer
	// Fresh returns the unsigned request of event n, from 1: its method, URL, header, body and event type. The probe sets
	// the webhook id.
	Fresh     func(n int) (record.Exchange, error)
	Tolerance sign.Tolerance // how far the timestamp may be from the receiver's clock
	Deadline  time.Duration  // how long the provider waits for an answer
	Waits     string         // whose deadline that is: "slack", "Standard Webhooks"
	Public    bool           // the receiver is neither on this machine nor in a private network
	Load      bool           // the load check runs against a public address too
	Framework string         // in whose words a fix is said, one of Frameworks; "": the one that the answers name

	Options deliver.Options // of the connections; Room is the probe's own
	History *store.Store

	// Effect counts what the receiver has done so far; nil when nobody can see that.
	Effect func(ctx context.Context) (int64, error)
	// Restart starts the receiver again; nil when nobody can.
	Restart func(ctx context.Context) error

	pace *pace // nil: usual

	Runs func(c *Check) bool // whether a check was chosen; nil: all are
	Tell func(Result)        // is called with each result; nil: nobody listens
}

// Result is what one check found out.
type Result struct {
	*Check
	Outcome  Outcome
	Severity Severity // of this finding; a check may find a smaller fault than the one it looks for
	Detail   string   // what happened; may quote the receiver, so escape before showing
	Exchange int64    // id of the request that decided, 0 for none
	Fix      string   // what to change in the receiver, as a sentence; where the framework is known, in its words

	observed bool // effects were counted
}

// Outcome is the result of a check in one word.
type Outcome string

// The outcomes. Unknown means that the receiver gave no answer that decides.
const (
	Pass    Outcome = "pass"
	Fail    Outcome = "fail"
	Warn    Outcome = "warn"
	Skip    Outcome = "skip"
	Unknown Outcome = "unknown"
)

// Severity says how bad a failed check is.
type Severity string

// The severities.
const (
	Critical Severity = "critical"
	Major    Severity = "major"
	Minor    Severity = "minor"
	Info     Severity = "info"
)

// pace is how long a probe waits, and how much it sends.
type pace struct {
	patience time.Duration // until an effect that is expected is seen
	settle   time.Duration // until effects that are not expected would be seen
	knock    time.Duration // between questions whether a receiver that was started again answers
	load     int           // webhooks of the load check
}

// usual is the pace of every probe but those of tests.
var usual = pace{patience: 3 * time.Second, settle: 250 * time.Millisecond, knock: 200 * time.Millisecond, load: 500}

// missesToStop is how often a receiver may miss the deadline before the probe stops waiting for it.
const missesToStop = 3

// run is one run of a probe.
type run struct {
	*Probe
	pace
	client   *deliver.Client
	h2       *deliver.Client // the same, which offers HTTP/2
	name     string          // "probe-k3f9x2", the beginning of every webhook id
	events   int
	check    *Check // at work
	baseline *answer
	missed   int    // how often the deadline passed without an answer
	stopped  string // why nothing is sent any more; "" while the run goes on
	broken   error  // of the history, or of an effect
	answers  []seen
	results  []Result
	slowest  *answer       // of the timed ones
	fastest  time.Duration // of the accepted ones

	hasEffects bool // an effect of one webhook was seen
}

// seen is an answer with what it was the answer to.
type seen struct {
	check *Check
	want  want
	*answer
}

// Run sends the requests of the checks one after the other. It returns what was found out until an error: of the
// history, of counting effects, or of ctx.
func (p *Probe) Run(ctx context.Context) ([]Result, error) {
	o := p.Options
	o.Room = loseAnswer
	client, err := deliver.NewClient(o)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	o.HTTP2 = true
	h2, err := deliver.NewClient(o)
	if err != nil {
		return nil, err
	}
	defer h2.Close()
	r := &run{Probe: p, pace: p.paced(), client: client, h2: h2, name: "probe-" + strings.ToLower(rand.Text()[:8])}
	for _, c := range Checks() {
		if p.Runs != nil && !p.Runs(c) && !c.isBaseline() {
			r.found(Result{Check: c, Outcome: Skip, Detail: "not chosen"})
			continue
		}
		r.found(r.judge(ctx, c))
		if r.broken != nil {
			return r.results, r.broken
		}
		if ctx.Err() != nil {
			return r.results, ctx.Err()
		}
	}
	return r.results, nil
}

// framework returns the framework of the receiver, "" when nothing names it.
func (r *run) framework() string {
	if r.Framework != "" || r.baseline == nil || r.baseline.Response == nil {
		return r.Framework
	}
	return frameworkOf(r.baseline.Response.Header)
}

func (p *Probe) paced() pace {
	if p.pace != nil {
		return *p.pace
	}
	return usual
}

func (r *run) found(result Result) {
	if result.Severity == "" {
		result.Severity = result.Check.Severity
	}
	if result.Fix == "" {
		result.Fix = result.Check.Fix
	}
	result.Fix = inWordsOf(r.framework(), result.Fix)
	result.observed = r.Effect != nil
	r.results = append(r.results, result)
	if r.Tell != nil {
		r.Tell(result)
	}
}

// judge runs one check.
func (r *run) judge(ctx context.Context, c *Check) Result {
	r.check = c
	result := Result{Check: c, Outcome: Skip}
	if result.Detail = c.reasonToSkip(r.Probe); result.Detail != "" {
		return result
	}
	if !c.isBaseline() && !c.late {
		switch {
		case !r.baseline.accepted():
			result.Outcome, result.Detail = Unknown, refusesAll
			return result
		case r.stopped != "":
			result.Outcome, result.Detail = Unknown, r.stopped
			return result
		}
	}
	f := c.run(ctx, r)
	result.Outcome, result.Severity, result.Detail = f.outcome, f.severity, f.detail
	result.Exchange, result.Fix = f.exchange, f.fix
	return result
}

// judgeMessages sends the messages of a check and returns its worst finding.
func judgeMessages(messages func(p *Probe) []message) func(context.Context, *run) finding {
	return func(ctx context.Context, r *run) finding {
		var worst finding
		sent := 0
		var skipped []string
		for _, m := range messages(r.Probe) {
			f := r.try(ctx, m)
			if f.outcome == Skip {
				skipped = append(skipped, m.what+" was not tried: "+f.detail)
			} else {
				sent++
			}
			if worst.outcome == "" || f.worse(worst) {
				worst = f
			}
			if r.stopped != "" || r.broken != nil || ctx.Err() != nil {
				break
			}
		}
		if worst.outcome == Pass && sent > 1 {
			worst.detail = strings.Join(append([]string{fmt.Sprintf("%d of %d as they should be", sent, sent)},
				skipped...), "; ")
		}
		return worst
	}
}

// finding is what one message of a check found out.
type finding struct {
	outcome  Outcome
	severity Severity // "" for the check's own
	detail   string
	exchange int64
	fix      string // "" for the check's own
}

// badness orders findings: of several the worst is the check's.
func (f finding) badness() int {
	switch f.outcome {
	case Fail:
		return 10 - severityRank(f.severity)
	case Unknown:
		return 3
	case Warn:
		return 2
	case Pass:
		return 1
	}
	return 0
}

func (f finding) worse(than finding) bool { return f.badness() > than.badness() }

// severityRank is 0 for the worst. A finding without a severity has its check's, which is at least as bad as others.
func severityRank(s Severity) int {
	switch s {
	case Major:
		return 1
	case Minor:
		return 2
	case Info:
		return 3
	}
	return 0
}
