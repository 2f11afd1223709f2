package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/live"
	"github.com/barbhq/barb/commands/metrics"
	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/commands/web"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/listen/verifier"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/export"
)

// listener is barb listen: the gateway that it runs, and what is said of it.
type listener struct {
	sh       *shell.Shell
	gate     *gateway.Gateway
	clients  flags.Clients // to the apps
	with     export.With
	tables   []config.Respond // of [[respond]]
	failing  string           // what those of --fail-rate get, as it was written
	learning secret.Sink
	endpoint *flags.Endpoint
	refusals *gateway.Refusals
	bad      map[string]bool // the sentences about bad signatures that were printed

	quit    func()        // ends it as ^C does
	session *live.Session // with a person at the keys; nil without

	watch   *ui.Watch
	lines   ui.HookLines
	metrics *metrics.Received // nil without --metrics
	port    *metrics.Port     // the same
	page    *web.Page         // nil without --ui
	viewed  *viewPage         // of the view that fills the terminal
}

// takeRoutes makes a lane of the flags and one of each route of barb.toml. Flags go before routes.
func (g *listener) takeRoutes(ctx context.Context, o listenOptions) (err error) {
	file := g.sh.File
	flagged := len(o.Secrets) > 0 || o.Scheme != "" && g.sh.Settings["scheme"] == "flag"
	g.gate.Lanes.ChecksAs = (*gateway.Lane).ChecksAs
	everywhere := slices.IndexFunc(file.Routes, func(r route.Route) bool { return r.CoversAll() })
	if everywhere < 0 {
		if g.gate.Lanes.Rest, err = g.lane(ctx, o, &route.Route{}); err != nil {
			return err
		}
	}
	for i := range file.Routes {
		r := &file.Routes[i]
		if flagged { // what the flags say about signatures holds everywhere
			r = &route.Route{Path: r.Path, Targets: r.Targets, PublicURL: r.PublicURL, Way: r.Way, Line: r.Line}
		}
		l, err := g.lane(ctx, o, r)
		if err != nil {
			return err
		}
		l.Route, l.Name = &file.Routes[i], file.Routes[i].Name() // also where flags left out its event and methods
		place := fmt.Sprintf("%s:%d", file.Path, l.Route.Line)
		if l.Where, err = config.Condition(l.Route.Where, place, "the webhook takes this [[route]]"); err != nil {
			return err
		}
		g.gate.Lanes.Rows = append(g.gate.Lanes.Rows, l)
	}
	rest := g.gate.Lanes.Rest
	if everywhere >= 0 { // this route covers every request
		g.gate.Lanes.Rest = g.gate.Lanes.Rows[everywhere]
		return nil
	}
	g.gate.OnlyRoutes = len(file.Routes) > 0 && !flagged && !rest.Checks() && len(rest.Targets) == 0 &&
		g.gate.Runner == nil && g.gate.Answers.Respond == nil
	return nil
}

func (g *listener) lane(ctx context.Context, o listenOptions, r *route.Route) (*gateway.Lane, error) {
	public, err := g.publicBase("public_url", r.PublicURL)
	if err != nil {
		return nil, err
	}
	l := &gateway.Lane{Name: r.Name(), Path: strings.TrimSuffix(r.Path, "/"), PublicURL: public}
	if !g.sh.File.Found { // a barb.toml that was found may be another's
		l.Host = gateway.HostOf(public)
	}
	flags := o.Signing
	if r.Scheme != "" { // flags, where there are any, have taken it out
		flags.Scheme = r.Scheme
	}
	v, err := g.sh.Verifier(ctx, shell.VerifierOptions{Signing: flags, Row: r, Tolerance: o.tolerance, Strict: o.strict,
		Learns: true})
	if err != nil {
		return nil, err
	}
	if v != nil {
		l.Verifier.Store(v)
		g.gate.TellHost(l, v.Scheme)
		g.gate.Secrets = append(g.gate.Secrets, v.Secrets...)
	}
	if l.Greeter, err = newGreeter(o.handshake, v, &flags, r); err != nil {
		return nil, err
	}
	if err := g.checkEvents(v, o.Events, r); err != nil {
		return nil, err
	}
	if len(r.Targets) > 0 && g.sh.Weight("forward-to") == shell.FromFile { // the route goes before [listen]
		o.ForwardTo = nil
	}
	if err := takeTargets(l, o.ForwardTo, r, g.gate.Answers.Respond != nil); err != nil {
		return nil, err
	}
	return l, g.takeUpstream(ctx, l, &o, r)
}

// besideWords describes the paths whose webhooks do not count.
func (g *listener) besideWords() string {
	if g.gate.OnlyRoutes {
		return "without a route"
	}
	return "where no signature is verified"
}

// checkEvents refuses --event, and the event of a route, where webhooks are checked with a scheme that names no event
// type: none of them would be taken.
func (g *listener) checkEvents(v *verifier.Verifier, events flags.Globs, r *route.Route) error {
	if len(events) == 0 && r.Event == "" || v == nil || v.Auto || v.Scheme.EventIn != "" {
		return nil
	}
	name := v.Scheme.Name
	if r.Event != "" {
		return fail.Usage("%s:%d: route %s: event = %q: %s", g.sh.File.Path, r.Line, r.Name(), r.Event, ui.Untyped(name)).
			Hint(`where = '.body.type == "…"'`)
	}
	return fail.Usage("--event %s: %s", events.String(), ui.Untyped(name)).Hintf("barb listen -s %s %s", name, whereType)
}

// whereType is what to use instead of --event for webhooks that name no event type.
const whereType = `--where '.body.type == "…"'`

// newGreeter returns what finds the handshakes that a lane answers.
func newGreeter(value flags.Handshake, v *verifier.Verifier, signing *flags.Signing, r *route.Route) (g gateway.Greeter,
	err error) {
	if g.Params, err = signing.ParamMap(r); err != nil {
		return g, err
	}
	switch {
	case len(value.Names) > 0:
		g.Names = value.Names
	case value.Mode == flags.AllOf:
		g.Names = flags.HandshakeNames()
	case value.Mode == flags.NoneOf:
		g.Off = true
	case v != nil && !v.Auto:
		g.Off, g.Names = v.Scheme.Handshake == "", []string{v.Scheme.Handshake}
	}
	return g, nil
}

// openMetrics opens the port of --metrics and makes its counters.
func (g *listener) openMetrics(ctx context.Context, f *flags.Metrics) (err error) {
	if g.port, err = f.OpenMetrics(ctx); g.port == nil {
		return err
	}
	schemes := map[string]bool{}
	for _, s := range g.sh.File.Catalog().All() {
		schemes[s.Name] = true
	}
	g.metrics = metrics.NewReceived(g.sh.Version, g.gate.History, schemes)
	return nil
}

// hosts returns the hosts of --addr and --public-url. A barb.toml that was found may be another's, so its public URL
// does not count.
func (g *listener) hosts() []string {
	hosts := []string{gateway.HostOf("tcp://" + g.endpoint.Address)}
	if g.sh.Settings["public-url"] != shell.Source(g.sh.File.Path) || !g.sh.File.Found {
		hosts = append(hosts, gateway.HostOf(g.gate.PublicURL))
	}
	return hosts
}

// describe says what the listener does, a line each.
func (g *listener) describe() []string {
	const everything = "webhooks are"
	var lines []string
	say := func(where string, l *gateway.Lane) {
		what := "not verified"
		switch v := l.Verifier.Load(); {
		case v == nil && where == everything:
			lines = append(lines, "signatures are not verified (add -s stripe --secret env:NAME)")
			if to := destinations(l.Targets); to != "" {
				lines = append(lines, where+strings.TrimPrefix(to, ","))
			}
			return
		case v == nil:
		case len(v.Secrets) == 0:
			what = "verified (" + v.Scheme.Name + ") once its handshake brings the secret"
		case v.Auto:
			what = "verified (scheme auto)"
		default:
			what = "verified (" + v.Scheme.Name + ")"
		}
		to := destinations(l.Targets)
		if where == everything {
			where, to = "signatures are", strings.Replace(to, ",", "; webhooks are", 1)
		}
		lines = append(lines, where+" "+what+to)
	}
	for _, l := range g.gate.Lanes.Rows {
		say(l.Route.Name(), l)
	}
	switch {
	case len(lines) == 0:
		say(everything, g.gate.Lanes.Rest)
	case g.gate.OnlyRoutes:
		lines = append(lines, "other paths are answered 404")
	case g.sh.File.Routes.Covering("") == nil:
		say("other paths are", g.gate.Lanes.Rest)
	}
	if waiting := g.waiting(context.Background()); waiting != "" {
		targets, err := g.gate.History.QueueTargets(context.Background(), store.Forward)
		if g.gate.Queue == nil && err == nil && len(targets) > 0 {
			waiting += "; barb listen --queue delivers what its routes forward"
		}
		lines = append(lines, waiting)
	}
	lines = append(lines, g.unattended(context.Background())...)
	if g.gate.Runner != nil {
		when := ""
		if g.gate.Queue != nil && g.gate.Queue.Ack {
			when = ", once their sender has an answer"
		}
		which := "verified webhooks run "
		if g.gate.Runner.Unverified {
			which, when = "webhooks run ", ", also where no signature is checked"+when
		}
		lines = append(lines, which+g.gate.Runner.Args[0]+when)
	}
	return append(append(lines, g.describeAnswers()...), "history "+g.gate.History.Path())
}

// summary says at the end what came.
func (g *listener) summary(ctx context.Context) {
	text := g.watch.Counts().Summary()
	if waiting := g.waiting(ctx); waiting != "" {
		text += ", " + waiting + " (barb queue)"
	}
	if refused := ui.Refused(g.refusals.Counts(), g.endpoint.RateText); refused != "" {
		text += "; rejected: " + refused
	}
	g.sh.Say("barb: %s", text)
}

func sayAwaited(sh *shell.Shell) func(n int) {
	return func(n int) { sh.Say("barb: finishing %s; press ^C again to stop now", ui.Count(n, "webhook")) }
}
