package commands

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/store"
)

// takeForwarding reads how webhooks get to the app.
func (g *listener) takeForwarding(o listenOptions) (err error) {
	if err = o.Check(); err != nil {
		return err
	}
	if flag := o.apps.Typed(g.sh.Weight); flag != "" && len(g.gate.Targets()) == 0 {
		return fail.Usage("%s needs an app to forward to", flag).
			Hint("barb listen --forward-to :3000 " + flag + " …")
	}
	if g.gate.Policy, err = o.Policy(g.sh.Weight); err != nil || !o.Queues() {
		return err
	}
	ack := o.Mode == flags.ModeAck
	switch {
	case len(g.gate.Targets()) > 0 || ack && g.gate.Runner != nil:
		g.gate.Queue = &gateway.Queue{Ack: ack, Version: g.sh.Version, Concurrency: o.Concurrency, Order: o.Ordered.Of,
			Limits: (&flags.Limits{Breaker: o.Breaker}).NewLimits(resting(g.sh))}
	case g.sh.Settings["queue"] == "flag" || g.sh.Settings["mode"] == "flag":
		return fail.Usage("there is no app to queue webhooks for").Hint("barb listen --forward-to :3000 --queue")
	} // else barb.toml says how webhooks are forwarded, where they are
	g.watch.Depth = func() int64 { return g.gate.Waiting(context.Background()) }
	return nil
}

// takeTargets sets the apps that a lane forwards to: the targets of the flag, else the targets of its route unless
// answers are scripted. The first target of the flag answers the sender; the others are mirrors.
func takeTargets(l *gateway.Lane, flag flags.Targets, r *route.Route, scripted bool) error {
	for i, target := range flag {
		to, err := flags.Target(target)
		if err != nil {
			return fail.Usage("--forward-to %q: %w", flags.WithoutUser(target), err).
				Hint("--forward-to :3000 or http://localhost:3000/webhooks")
		}
		l.Targets = append(l.Targets, route.Target{URL: to, Mirror: i > 0})
	}
	if len(flag) == 0 && !scripted {
		l.Targets = r.Targets
	}
	return nil
}

// redirection describes how an app redirects from a path, or from a whole URL, to a URL.
func redirection(from, to string) string {
	led := to
	if u, err := url.Parse(to); err == nil && strings.HasPrefix(from, "/") {
		led = u.EscapedPath()
	}
	return fmt.Sprintf("the app redirects %s to %s; forward to %s", ui.Clip(from, 80), ui.Clip(led, 80), ui.Clip(to, 160))
}

// takeClients prepares the clients that webhooks are forwarded with.
func (g *listener) takeClients(o *listenOptions) error {
	g.clients.Options = deliver.Options{UserAgent: "barb/" + g.sh.Version, ConnectTimeout: o.ConnectIn, Env: g.sh.Getenv,
		MaxBody: 64 << 20, ReadLimit: 64 << 20, Room: listen.TakeRoom}
	return o.apps.Read(g.sh.In)
}

// takeUpstream sets how the apps of a lane are reached. The keys of a route are for its own apps.
func (g *listener) takeUpstream(ctx context.Context, l *gateway.Lane, o *listenOptions, r *route.Route) error {
	way, where := &r.Way, ""
	if len(o.ForwardTo) > 0 {
		way = &route.Way{}
	} else if r.Line > 0 {
		where = fmt.Sprintf("%s:%d: [[route]] ", g.sh.File.Path, r.Line)
	}
	connection, own, err := o.apps.Of(way, g.sh.Weight, g.sh.HeaderSecret(ctx))
	if err != nil {
		return err
	}
	for _, field := range own {
		g.sh.Redactor.AddField(field)
	}
	client, err := g.clients.For(connection)
	if err != nil {
		return fail.Usage("%s%w", where, err)
	}
	l.Upstream = gateway.Upstream{Client: client, Header: own}
	return nil
}

// destinations says where webhooks go, each with a comma before it.
func destinations(targets []route.Target) string {
	text := ""
	for i, t := range targets {
		switch {
		case t.Mirror:
			text += ", mirrored to "
		case i == 0:
			text += ", forwarded to "
		default:
			text += ", also to "
		}
		text += t.URL
	}
	return text
}

// forwardsToItself finds a lane whose app is this very listener: it would forward for ever.
func (g *listener) forwardsToItself(addr string) error {
	_, port, _ := net.SplitHostPort(addr)
	if port == "" { // a unix socket, which no forward can reach
		return nil
	}
	usual := map[string]string{"http": "80", "https": "443"}
	for _, l := range g.gate.All() {
		for _, t := range l.Targets {
			u, err := url.Parse(t.URL)
			if err != nil || cmp.Or(u.Port(), usual[u.Scheme]) != port {
				continue
			}
			if ip := net.ParseIP(u.Hostname()); deliver.IsLoopback(u.Hostname()) || ip != nil && ip.IsUnspecified() {
				return fail.Usage("--forward-to %s is this listener itself", t.URL).
					Hint("--forward-to :3000, where your app listens")
			}
		}
	}
	return nil
}

// waiting says how many webhooks wait in the queue, "" for none.
func (g *listener) waiting(ctx context.Context) string {
	if n := g.gate.Waiting(ctx); n > 0 {
		return waits(n, "webhook") + " in the queue"
	}
	return ""
}

// waits says how many things wait.
func waits(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing + " waits"
	}
	return fmt.Sprintf("%d %ss wait", n, thing)
}

// unattended says what waits in the queue that this listener does not work on, a line for each target.
func (g *listener) unattended(ctx context.Context) (lines []string) {
	for _, kind := range []store.QueueKind{store.Command, store.Forward} {
		if kind == store.Forward && g.gate.Queue == nil { // said already
			continue
		}
		targets, err := g.gate.History.QueueTargets(ctx, kind)
		if err != nil {
			return nil
		}
		for _, target := range targets {
			if g.gate.Queue != nil && g.gate.Queue.Delivers(target) {
				continue
			}
			if kind == store.Command {
				lines = append(lines, notRun(target))
				continue
			}
			app := flags.WithoutUser(target)
			lines = append(lines, "queued webhooks for "+app+" are not forwarded; barb listen --queue --forward-to "+app+
				" forwards them")
		}
	}
	return lines
}

// notRun returns the message for queued commands that this listener does not run.
func notRun(target string) string {
	program, details := gateway.CommandOf(target)
	if details == "" {
		return "queued commands for " + program +
			" are not run: an earlier barb did not record their folder; barb queue --kind command lists them"
	}
	return "queued commands are not run; barb listen --mode ack --exec '" + program + " …' with " + details +
		" and the same arguments runs them"
}
