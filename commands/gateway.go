package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
)

// listener is what runs while barb listens: it checks, records, answers and forwards, by the route of each request.
type listener struct {
	*shell
	gate    *gateway.Gateway
	history *store.Store
	client  *deliver.Client
	budget  *listen.Budget // for webhooks in flight and the apps' answers
	with    export.With
	// keepInvalid is --keep-invalid: whole bodies of webhooks with a bad signature are recorded.
	keepInvalid bool
	answering
	secrets  []sign.Secret // all of them, to keep them out of the history
	learning learning
	watch    *watch
	entrance *entrance
	refusals *refusals
	hooks    hookFilter
	runner   *runner // nil: no --exec
	duplicates
	policy  deliver.Policy // of forwarding
	outbox  *outbox        // nil: nothing goes by way of the queue
	mirrors *mirrors

	broken   error // of printing
	received atomic.Int64
	accepted atomic.Int64 // of these, what --count counts: valid, or unchecked where that is meant
	beside   atomic.Int64 // of these, unchecked although this listener checks others
	greeted  atomic.Int64 // handshakes
	invalid  atomic.Int64
}

// keptOfInvalid is how many bytes of the body of a webhook with a bad signature, or of a stray one, are recorded:
// anybody can send it, and a flood of large ones would fill the disk.
const keptOfInvalid = 64 << 10

// takeRoutes makes a lane of the flags and one of each route of barb.toml. Flags go before routes.
func (g *listener) takeRoutes(ctx context.Context, o listenOptions) error {
	file, err := g.configuration()
	if err != nil {
		return err
	}
	flagged := len(o.Secrets) > 0 || o.Scheme != "" && g.settings["scheme"] == "flag"
	g.gate.Lanes.ChecksAs = (*gateway.Lane).ChecksAs
	everywhere := slices.IndexFunc(file.routes, func(r route.Route) bool { return r.CoversAll() })
	if everywhere < 0 {
		if g.gate.Lanes.Rest, err = g.lane(ctx, o, &route.Route{}); err != nil {
			return err
		}
	}
	for i := range file.routes {
		r := &file.routes[i]
		if flagged { // what the flags say about signatures holds everywhere
			r = &route.Route{Path: r.Path, Targets: r.Targets, PublicURL: r.PublicURL}
		}
		l, err := g.lane(ctx, o, r)
		if err != nil {
			return err
		}
		l.Route = &file.routes[i]
		g.gate.Lanes.Rows = append(g.gate.Lanes.Rows, l)
	}
	if everywhere >= 0 { // no request is left to what the flags and BARB_SECRET alone say
		g.gate.Lanes.Rest = g.gate.Lanes.Rows[everywhere]
	}
	return nil
}

func (g *listener) lane(ctx context.Context, o listenOptions, r *route.Route) (*gateway.Lane, error) {
	public, err := g.publicBase("public_url", r.PublicURL)
	if err != nil {
		return nil, err
	}
	l := &gateway.Lane{Name: r.Name(), Path: strings.TrimSuffix(r.Path, "/"), PublicURL: public}
	flags := o.Signing
	if r.Scheme != "" { // flags, where there are any, have taken it out
		flags.Scheme = r.Scheme
	}
	v, err := g.verifier(ctx, verifierOptions{Signing: flags, row: r, tolerance: o.tolerance.D, strict: o.strict,
		learns: true})
	if err != nil {
		return nil, err
	}
	if v != nil {
		l.Verifier.Store(v)
		g.gate.TellHost(l, v.Scheme)
		g.secrets = append(g.secrets, v.Secrets...)
	}
	if l.Greeter, err = newGreeter(o.handshake, v, &flags, r); err != nil {
		return nil, err
	}
	return l, takeTargets(l, o.ForwardTo, r, g.answers.Respond != nil)
}

// count counts an exchange for the summary. What was filtered out was not asked for and is no webhook received.
func (g *listener) count(h *hook, x *record.Exchange) {
	switch {
	case x.Handshake != "":
		g.greeted.Add(1)
	case isFiltered(x):
		g.hooks.count.Add(1)
	default:
		g.received.Add(1)
		switch {
		case x.Verdict.Status == record.Invalid, gateway.IsUndecided(x.Marks):
		case h.IsBeside():
			g.beside.Add(1)
		default:
			g.accepted.Add(1)
		}
	}
	if x.Verdict.Status == record.Invalid {
		g.invalid.Add(1)
	}
	if _, again := x.Marked(record.Duplicate); again {
		g.marked.Add(1)
	}
}

func textAnswer(status int, text string) *record.Response {
	return &record.Response{Status: status, Body: []byte(text),
		Header: record.Header{{Name: "Content-Type", Value: "text/plain; charset=utf-8"}}}
}

// describe says what the listener does, a line each.
func (g *listener) describe() []string {
	var lines []string
	say := func(where string, l *gateway.Lane) {
		what := "unchecked"
		switch v := l.Verifier.Load(); {
		case v == nil:
		case len(v.Secrets) == 0:
			what = "checked (" + v.Scheme.Name + ") once its handshake has brought the secret"
		case v.Auto:
			what = "checked (scheme auto)"
		default:
			what = "checked (" + v.Scheme.Name + ")"
		}
		lines = append(lines, where+" "+what+destinations(l.Targets))
	}
	for _, l := range g.gate.Lanes.Rows {
		say(l.Route.Name(), l)
	}
	if len(lines) == 0 {
		say("webhooks are", g.gate.Lanes.Rest)
	} else if g.file.routes.Covering("") == nil {
		say("other paths are", g.gate.Lanes.Rest)
	}
	if waiting := g.waiting(context.Background()); waiting != "" {
		if targets, err := g.history.QueueTargets(context.Background(), store.Forward); g.outbox == nil && err == nil &&
			len(targets) > 0 {
			waiting += "; barb listen --queue delivers what its routes forward"
		}
		lines = append(lines, waiting)
	}
	lines = append(lines, g.unattended(context.Background())...)
	if g.runner != nil {
		when := ""
		if g.outbox != nil && g.outbox.ack {
			when = ", once their sender has an answer"
		}
		which := "verified webhooks run "
		if g.runner.unverified {
			which, when = "webhooks run ", ", also where no signature is checked"+when
		}
		lines = append(lines, which+ui.EscapeLine(g.runner.Args[0])+when)
	}
	return append(append(lines, g.answering.describe()...), "history "+g.history.Path())
}

// summary says at the end what came.
func (g *listener) summary(ctx context.Context) {
	text := ui.Count(int(g.received.Load()), "webhook") + " received"
	if n := g.greeted.Load(); n > 0 {
		text += ", " + ui.Count(int(n), "handshake")
	}
	if n := g.marked.Load(); n > 0 {
		text += ", " + ui.Count(int(n), "duplicate")
	}
	if n := g.hooks.count.Load(); n > 0 {
		text += fmt.Sprintf(", %d filtered out", n)
	}
	if bad := g.invalid.Load(); bad > 0 {
		text += fmt.Sprintf(", %d with a bad signature", bad)
	}
	if waiting := g.waiting(ctx); waiting != "" {
		text += ", " + waiting + " (barb queue)"
	}
	if refused := g.refusals.text(g.entrance.rateText); refused != "" {
		text += "; refused: " + refused
	}
	g.say("barb: %s", text)
}
