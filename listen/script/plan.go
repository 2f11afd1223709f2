package script

import (
	"slices"
	"time"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/store/record"
)

// Plan is everything that a listener answers on purpose. Its fields are set before the first webhook. Handshakes and
// webhooks whose signature is invalid are no part of it.
type Plan struct {
	Rules    []Rule    // the first one that matches a webhook has its script
	Respond  *Script   // for all other webhooks; nil: their answer is not scripted
	FailRate float64   // the part of all webhooks that fails, from 0 to 1
	FailWith *Script   // the answers of those
	Latency  Span      // of all answers
	Random   Random    // decides which webhooks fail, and how long answers take
	Platform *Platform // whose limits hold; nil: none

	order sequencer
	count int64             // of webhooks that have a position
	calls map[*Script]int64 // how many webhooks a script has answered
}

// Rule is a script for some webhooks.
type Rule struct {
	Path   string // and what is below it; "" for all paths
	Event  string // a pattern of route.Match; "" for all types
	Scheme string // "" for all
	// Where reports whether a webhook that the other fields choose is meant; nil: all are. One on which it fails is not.
	Where  func(*record.Exchange) (bool, error)
	Script *Script
}

func (r *Rule) matches(x *record.Exchange) (bool, error) {
	row := route.Route{Path: r.Path}
	ok := row.Covers(route.Path(x.Request.Target)) && (r.Scheme == "" || r.Scheme == x.Scheme) &&
		(r.Event == "" || route.Match(r.Event, x.EventType))
	if !ok || r.Where == nil {
		return ok, nil
	}
	return r.Where(x)
}

// Covers reports whether a rule is for the path of a target.
func (p *Plan) Covers(target string) bool {
	return slices.ContainsFunc(p.Rules,
		func(r Rule) bool { return (&route.Route{Path: r.Path}).Covers(route.Path(target)) })
}

// Position is where a webhook is in a plan. The zero value is that of a webhook that is no part of one.
type Position struct {
	number int64   // of the webhook, from 1
	script *Script // nil: its answer is not scripted
	answer int64   // its number among the webhooks of the script
	fails  int64   // its number among those that fail; 0: it does not
}

// Ordered reports whether the answer to a webhook depends on how many came before it.
func (p *Plan) Ordered() bool {
	return p.Respond != nil || len(p.Rules) > 0 || p.FailRate > 0 || p.Latency.Max > 0
}

// covers reports whether a received exchange is a part of plans.
func covers(x *record.Exchange) bool { return x.Handshake == "" && x.Verdict.Status != record.Invalid }

// ScriptFor returns the script that answers an exchange, nil where none does, and the errors of the rules that failed
// on it.
func (p *Plan) ScriptFor(x *record.Exchange) (s *Script, failed []error) {
	if !covers(x) {
		return nil, nil
	}
	for i := range p.Rules {
		switch ok, err := p.Rules[i].matches(x); {
		case err != nil:
			failed = append(failed, err)
		case ok:
			return p.Rules[i].Script, failed
		}
	}
	return p.Respond, failed
}

// Number calls write, which records an exchange and sets its ID, and returns its position: webhooks are numbered in the
// order of their IDs. script is what ScriptFor returned for it. An exchange that is not recorded, with ID 0, has no
// position.
func (p *Plan) Number(x *record.Exchange, script *Script, write func() error) (at Position, err error) {
	if !p.Ordered() || !covers(x) {
		return at, write()
	}
	recorded := func() (int64, error) {
		err := write()
		return x.ID, err
	}
	err = p.order.do(recorded, func() { at = p.next(script) })
	return at, err
}

// next returns the position after that of the webhook before, for one that a script answers or, with nil, none.
func (p *Plan) next(script *Script) Position {
	if p.calls == nil {
		p.calls = map[*Script]int64{}
	}
	p.count++
	at := Position{number: p.count, script: script}
	if script != nil {
		p.calls[script]++
		at.answer = p.calls[script]
	}
	if p.FailRate > 0 && p.Random.Draw(at.number, ForFailure) < p.FailRate {
		p.calls[p.FailWith]++
		at.fails = p.calls[p.FailWith]
	}
	return at
}

// Answer returns the answer to the webhook at a position. given is the answer without the plan, without a response
// where a script has to give it.
func (p *Plan) Answer(at Position, given listen.Answer) listen.Answer {
	if at.number == 0 {
		return given
	}
	if given.Response == nil && at.script != nil {
		given = at.script.Answer(at.answer, p.Random)
	}
	if p.Platform != nil {
		given = p.Platform.Cut(given)
	}
	if at.fails > 0 {
		given = p.FailWith.Answer(at.fails, p.Random).Over(given)
	}
	return listen.Answer{Delay: p.Latency.At(p.Random.Draw(at.number, ForLatency))}.Over(given)
}

// Fails reports whether the plan has the webhook at a position fail.
func (at Position) Fails() bool { return at.fails > 0 }

// Judge notes in x that the plan has the webhook at a position fail, unless its answer has failed in another way
// already.
func (at Position) Judge(x *record.Exchange) {
	if at.Fails() && x.Err == nil {
		x.Scripted = "fail-rate"
	}
}

// MaxBody returns the size of the largest body that is taken, in bytes: limit, or that of the platform where it is
// less.
func (p *Plan) MaxBody(limit int64) int64 {
	if p.Platform != nil {
		return min(limit, p.Platform.MaxBody)
	}
	return limit
}

// AppTimeout returns how long an app has for a webhook: limit, or that of the platform.
func (p *Plan) AppTimeout(limit time.Duration) time.Duration {
	if p.Platform != nil {
		return p.Platform.Timeout
	}
	return limit
}

// Relay returns the sender's answer after a forward to an app, as listen.Relay does, with that of the platform for an
// app that did not answer in time.
func (p *Plan) Relay(app *record.Response, why *record.Failure) *record.Response {
	if p.Platform != nil && why != nil && why.Kind == record.FailTimeout {
		return p.Platform.Late()
	}
	return listen.Relay(app, why)
}
