package commands

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"path/filepath"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/store"
)

// takeForwarding reads how webhooks get to the app.
func (g *listener) takeForwarding(o listenOptions) (err error) {
	if err = o.Check(); err != nil {
		return err
	}
	if g.gate.Policy, err = o.Policy(g.sh.weight); err != nil || !o.Queues() {
		return err
	}
	asked := g.sh.settings["queue"] == "flag" || g.sh.settings["mode"] == "flag"
	ack := o.Mode == flags.ModeAck
	switch {
	case len(g.gate.Targets()) > 0 || ack && g.gate.Runner != nil:
		g.gate.Queue = &gateway.Queue{Ack: ack, Concurrency: o.Concurrency, Order: o.Ordered.Of,
			Limits: (&flags.Limits{Breaker: o.Breaker}).NewLimits(g.sh.tellResting)}
	case asked:
		return fail.Usage("there is no app to queue webhooks for").Hint("barb listen --forward-to :3000 --queue")
	} // else barb.toml says how webhooks are forwarded, where they are
	g.watch.Depth = func() int64 { return g.gate.Waiting(context.Background()) }
	return nil
}

// forwardsToItself finds a lane whose app is this very listener: it would forward for ever.
func (g *listener) forwardsToItself(addr string) error {
	_, port, _ := net.SplitHostPort(addr)
	if port == "" { // a unix socket, which no forward can reach
		return nil
	}
	for _, l := range g.gate.All() {
		for _, t := range l.Targets {
			u, err := url.Parse(t.URL)
			if err != nil || u.Port() != port {
				continue
			}
			if ip := net.ParseIP(u.Hostname()); u.Hostname() == "localhost" || ip != nil &&
				(ip.IsLoopback() || ip.IsUnspecified()) {
				return fail.Usage("--forward-to %s is this listener itself",
					t.URL).Hint("--forward-to :3000, where your app listens")
			}
		}
	}
	return nil
}

// waiting says how many webhooks wait in the queue, "" for none.
func (g *listener) waiting(ctx context.Context) string {
	switch n := g.gate.Waiting(ctx); n {
	case 0:
		return ""
	case 1:
		return "1 webhook waits in the queue"
	default:
		return fmt.Sprintf("%d webhooks wait in the queue", n)
	}
}

// unattended says what waits in the queue, put there by another listener, that this one does not work on.
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
			line := "what waits there for " + ui.EscapeLine(flags.WithoutUser(target)) +
				" is not forwarded; barb listen --queue --forward-to " + ui.EscapeLine(flags.WithoutUser(target)) + " does that"
			if kind == store.Command {
				line = notRun(target)
			}
			lines = append(lines, line)
		}
	}
	return lines
}

// notRun says of a command's target that what waits for it is not run here.
func notRun(target string) string {
	program, details := gateway.CommandOf(target)
	if details == "" {
		return "commands that wait there for " + ui.EscapeLine(program) +
			" are not run: an earlier barb did not note their folder; barb queue --kind command lists them"
	}
	return "commands that wait there are not run; barb listen --mode ack --exec '" + ui.EscapeLine(program) + " …' with " +
		ui.EscapeLine(details) + " and the same arguments runs them"
}

// targetName is the target of an entry as a table shows it.
func targetName(kind store.QueueKind, target string) string {
	if kind == store.Command {
		program, _ := gateway.CommandOf(target)
		return "exec " + filepath.Base(program)
	}
	return domainOf(target)
}
