package commands

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/barbhq/barb/commands/act"
	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/live"
	"github.com/barbhq/barb/commands/past"
	"github.com/barbhq/barb/commands/queued"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/commands/web"
	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/listen/dedupe"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/store/disk"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/units"
)

type listenOptions struct {
	flags.Signing
	flags.JSON
	flags.Metrics
	flags.ListenOn
	flags.Answers
	flags.Forward
	apps      flags.Apps
	ui        web.Flag
	addr      string
	publicURL string
	tolerance *time.Duration
	strict    bool
	maxBody   int64 // bytes
	inflight  int64 // bytes
	keep      bool  // --keep-invalid
	count     int
	duration  time.Duration
	readyFile string
	handshake flags.Handshake
	learn     string
	dedupe    bool
	flags.HookFilter
	flags.Exec
}

func newListen(sh *shell.Shell) *cobra.Command {
	var o listenOptions
	cmd := &cobra.Command{
		Use:  "listen",
		Args: listenArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runListen(cmd.Context(), sh, o) },
	}
	o.addFlags(cmd, sh)
	markListen(cmd.Flags())
	return cmd
}

// addFlags adds the flags to a command and sets the options to their defaults.
func (o *listenOptions) addFlags(cmd *cobra.Command, sh *shell.Shell) {
	o.maxBody, o.inflight = 10<<20, 256<<20
	o.Signing.AddFlags(cmd, "verify with this `scheme`, or auto to find it from the headers", sh.SchemeNames)
	o.JSON.AddFlags(cmd)
	o.Metrics.AddFlags(cmd)
	o.ui.AddFlag(cmd)
	cmd.Flag("with-body").Usage = "show the bodies (also in the JSON)"
	cmd.Flag("with-headers").Usage = "show the headers (also in the JSON)"
	f := cmd.Flags()
	f.StringVar(&o.addr, "addr", "127.0.0.1:4242", "listen on this `address`; :0 picks a free port")
	o.Forward.AddFlags(cmd)
	o.apps.AddFlags(cmd)
	o.Answers.AddFlags(cmd)
	f.StringVar(&o.publicURL, "public-url", "", "the `URL` that senders use, for schemes that sign it")
	f.BoolVar(&o.strict, "strict", false, "reject signatures in a form that the provider's own SDK rejects")
	f.Var(flags.OptionalDuration(&o.tolerance), "tolerance",
		"the largest difference between a timestamp and now (default: that of the scheme)")
	f.Var(flags.Size(&o.maxBody), "max-body", "the largest body; a larger one is answered 413")
	f.Var(flags.Size(&o.inflight), "max-inflight", "the most memory for unanswered webhooks; beyond it they are "+
		"answered 503")
	f.BoolVar(&o.keep, "keep-invalid", false, "record the whole body of a rejected webhook (default: its first "+
		"64 KiB)")
	f.IntVar(&o.count, "count", 0, "stop after `N` accepted webhooks")
	f.Var(flags.Duration(&o.duration), "for", "stop after this time; with --count, exit 4 when fewer came")
	o.handshake.AddFlag(cmd)
	f.StringVar(&o.learn, "learn", "", "save the secret from a handshake to keyring:NAME or file:`PATH`")
	f.StringVar(&o.readyFile, "ready-file", "", "write the URL to this `file` once barb is listening")
	o.ListenOn.AddFlags(cmd)
	f.BoolVar(&o.dedupe, "dedupe", false, "answer redeliveries 200 and do not forward them again")
	o.HookFilter.AddFlags(cmd, sh.CompleteEvents)
	o.Exec.AddFlags(cmd)
	cmd.MarkFlagsMutuallyExclusive("forward-to", "respond")
	flags.Complete(cmd, "learn", func(string) []string { return []string{"file:", "keyring:"} })
}

// listenArgs takes no arguments. The value of --handshake may be left out, so it needs an =, which is easily forgotten.
func listenArgs(cmd *cobra.Command, given []string) error {
	if len(given) > 0 && cmd.Flag("handshake").Changed && new(flags.Handshake).Set(given[0]) == nil {
		return fail.Usage("--handshake takes its value after an =: --handshake=off").Hint("--handshake=" + given[0])
	}
	if len(given) == 1 {
		if target, err := flags.Target(given[0]); err == nil && strings.ContainsAny(given[0], ":0123456789") {
			_, host, _ := strings.Cut(target, "://")
			host, _, _ = strings.Cut(host, "/")
			return fail.Usage("%q: to listen there, or to forward there?", flags.WithoutUser(given[0])).
				Hint("barb listen --addr " + strings.Replace(host, "127.0.0.1:", ":", 1)).
				Hint("barb listen --forward-to " + given[0])
		}
	}
	return args(0, 0, "no arguments")(cmd, given)
}

// markListen says which flags are settings.
func markListen(f *pflag.FlagSet) {
	config.Mark(f, "", "scheme")
	config.Mark(f, "listen", "addr", "tolerance", "forward-to", "respond", "max-body", "max-inflight", "keep-invalid",
		"public-url", "handshake", "metrics", "tls", "tls-cert", "tls-key", "unix-socket", "allow-ip", "rate-limit",
		"fail-rate", "fail-with", "seed", "latency", "as", "platform", "event", "where", "dedupe", "mode", "queue",
		"concurrency", "ordered", "breaker", "retries", "backoff", "base", "max-delay", "jitter", "retry-on", "timeout",
		"connect-timeout", "deadline", "schedule", "speed", "until-2xx", "proxy", "cacert", "insecure", "cert", "key",
		"forward-header")
}

func runListen(ctx context.Context, sh *shell.Shell, o listenOptions) error {
	ctx, stop := sh.Interruptible(ctx)
	defer stop()
	// Of --respond and --forward-to the stronger source holds: a flag before a variable before barb.toml.
	switch a, f := sh.Weight("respond"), sh.Weight("forward-to"); {
	case a > f:
		o.ForwardTo = nil
	case f > a:
		o.Respond = ""
	}
	g, err := newListener(ctx, sh, o)
	if err != nil {
		return err
	}
	g.quit = stop
	defer g.clients.Close()
	ln, err := g.open(ctx, &o)
	if err != nil {
		return err
	}
	defer g.port.Serve(g.metrics)()
	actions := &act.Actions{Shell: sh, Forward: o.ForwardTo, Scheme: o.Scheme, Secrets: o.Secrets}
	if g.page, err = o.ui.Open(ctx, g.gate.History, g.endpoint.URL(ln.Addr()), actions); err != nil {
		_ = ln.Close()
		return err
	}
	defer g.page.Serve()()
	g.viewed = &viewPage{actions: actions, listening: g.endpoint.URL(ln.Addr()), page: g.page}
	defer g.viewed.end()
	if err := g.announce(ln.Addr(), o); err != nil {
		_ = ln.Close()
		return err
	}
	if o.readyFile != "" {
		defer os.Remove(o.readyFile) // a stale one would say there is a listener where there is none
	}
	return g.serve(ctx, ln, o)
}

// open opens the history and the address to listen on.
func (g *listener) open(ctx context.Context, o *listenOptions) (_ net.Listener, err error) {
	sh := g.sh
	own := func() (tls.Certificate, string, error) { return ownCertificate(sh) }
	if g.endpoint, err = o.Endpoint(ctx, o.addr, sh.Weight, own); err != nil {
		return nil, err
	}
	g.gate.Hosts = g.hosts()
	if o.readyFile != "" {
		if info, err := os.Stat(filepath.Dir(o.readyFile)); err != nil || !info.IsDir() {
			return nil, fail.Usage("--ready-file %s: no such folder", o.readyFile)
		}
	}
	if g.gate.History, err = sh.WriteHistory(ctx); err != nil {
		return nil, err
	}
	if g.gate.Queue != nil {
		if err := queued.MayWork(ctx, g.gate.History); err != nil {
			return nil, err
		}
	}
	if r := g.gate.Runner; r != nil { // a barb in the command uses this history
		r.Environ = append(r.Environ, "BARB_DB="+sh.HistoryForChild())
	}
	if err := g.gate.Prepare(ctx); err != nil {
		return nil, err
	}
	if err := g.openMetrics(ctx, &o.Metrics); err != nil {
		return nil, err
	}
	ln, err := g.endpoint.Listen(ctx)
	if err != nil {
		return nil, err
	}
	if err = g.forwardsToItself(ln.Addr().String()); err != nil {
		_ = ln.Close()
		return nil, err
	}
	return ln, nil
}

// server returns the server of the gateway.
func (g *listener) server(o listenOptions) *listen.Server {
	return &listen.Server{Receive: func(x *record.Exchange) listen.Hook { return g.gate.Receive(x) },
		Allow: g.endpoint.Guard.Allow, Admit: g.endpoint.Guard.Admit, Refused: g.refused, TLS: g.endpoint.Config,
		MaxBody: g.gate.Answers.MaxBody(o.maxBody), Budget: g.gate.Budget, Limit: o.count}
}

// serve runs until ^C, --count or --for.
func (g *listener) serve(ctx context.Context, ln net.Listener, o listenOptions) error {
	defer boundMemory(g.sh, o.inflight)()
	if !g.sh.OutTerminal { // what else a terminal shows is drawn beside the lines
		defer g.sh.Stdout.Gather(g.sh.Stderr)()
	}
	server := g.server(o)
	interrupted, end := ctx, g.gate.Start(ctx)
	if o.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.duration)
		defer cancel()
	}
	stop := g.startFooter(ctx, &o)
	defer stop() // also of a panic
	through := live.Awaited(interrupted, g.gate.UnderWay, sayAwaited(g.sh))
	err := server.Serve(ctx, ln)
	g.refusals.End()
	end(err != nil || interrupted.Err() != nil)
	through()
	stop()
	if err != nil {
		return fail.Local("%w", err)
	}
	err = g.gate.History.Flush(context.WithoutCancel(ctx))
	g.summary(context.WithoutCancel(ctx))
	past.SaySenders(ctx, g.sh, g.watch.Repeated())
	if err != nil {
		return err
	}
	n := g.watch.Counts()
	if g.sh.Broken != nil || n.Accepted >= o.count || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return g.sh.Broken
	}
	text := fmt.Sprintf("%d of %s arrived in %s", n.Accepted, ui.Count(o.count, "webhook"),
		units.FormatDuration(o.duration))
	if n.Invalid > 0 {
		text += fmt.Sprintf("; %d with a bad signature did not count", n.Invalid)
	}
	if n.Beside > 0 {
		text += fmt.Sprintf("; %d on paths %s did not count", n.Beside, g.besideWords())
	}
	return &fail.Error{Code: fail.ExitTimedOut, Err: errors.New(text)}
}

// announce says where it listens: on stderr, as the first object of --json, and in the ready file.
func (g *listener) announce(addr net.Addr, o listenOptions) error {
	address := g.endpoint.URL(addr)
	if tcp, ok := addr.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		g.sh.Warn("%s can be reached from other machines", addr)
	}
	if g.sh.JSON {
		begun := map[string]any{"schema": 1, "event": "listening", "url": address, "pid": os.Getpid()}
		if at := g.port.URL(); at != "" {
			begun["metrics_url"] = at
		}
		if at := g.page.URL(); at != "" {
			begun["ui"] = at
		}
		if g.gate.Answers.Ordered() {
			begun["seed"] = g.gate.Answers.Random.Seed
		}
		if err := g.sh.Emit(begun); err != nil {
			return err
		}
	}
	g.sh.Stderr.Printf("barb: listening on %s\n", address)
	sayMetrics(g.sh, g.port)
	g.page.Say(g.sh)
	for _, line := range append(g.endpoint.Describe(addr), g.describe()...) {
		g.sh.Say("barb: %s", line)
	}
	if o.readyFile == "" {
		return nil
	}
	if err := disk.Replace(o.readyFile, []byte(address+"\n")); err != nil {
		return fail.Local("%s: %w", o.readyFile, err)
	}
	return nil
}

// newListener wires what a listener needs; everything wrong with the options ends here.
func newListener(ctx context.Context, sh *shell.Shell, o listenOptions) (*listener, error) {
	if o.count < 0 {
		return nil, fail.Usage("--count %d is negative", o.count)
	}
	if err := o.checkSizes(sh); err != nil {
		return nil, err
	}
	g := &listener{sh: sh, with: o.With, watch: ui.NewWatch(), lines: ui.HookLines{P: sh.Stdout, Columns: sh.Columns}}
	sh.Judgements.Unending = true
	g.refusals = g.newRefusals()
	g.gate = &gateway.Gateway{Schemes: sh.File.Catalog(), Redactor: sh.Redactor, KeepInvalid: o.keep,
		Window: dedupe.New(), Once: o.dedupe, Now: sh.Now, Rand: sh.Rand, Tell: g.tell}
	var err error
	if g.gate.PublicURL, err = g.publicBase("--public-url", o.publicURL); err != nil {
		return nil, err
	}
	if err := g.takeAnswers(o); err != nil {
		return nil, err
	}
	g.gate.Filter.Unlisted, g.gate.Filter.Event = o.Unlisted, o.Events.Match
	if g.gate.Filter.Where, err = o.Condition(); err != nil {
		return nil, err
	}
	if err := g.takeExec(ctx, &o.Exec); err != nil {
		return nil, err
	}
	if err := g.learning.CheckNew(o.learn); err != nil {
		return nil, err
	}
	if o.learn != "" {
		g.gate.Keep = g.learning.Keep
	}
	if err := g.takeClients(&o); err != nil {
		return nil, err
	}
	if err := g.takeRoutes(ctx, o); err != nil {
		return nil, err
	}
	if err := g.checkExec(); err != nil {
		return nil, err
	}
	if err := g.takeForwarding(o); err != nil {
		return nil, err
	}
	g.gate.Budget = listen.NewBudget(o.inflight)
	return g, nil
}

// checkSizes makes sure that the budget of all webhooks has room for the largest one beside small ones.
func (o *listenOptions) checkSizes(sh *shell.Shell) error {
	if o.maxBody == 0 {
		return fail.Usage("--max-body 0 would accept no webhook").Hint("--max-body 10MiB")
	}
	least := 2 * o.maxBody
	if o.inflight >= least {
		return nil
	}
	if sh.Weight("max-inflight") > 0 {
		return fail.Usage("--max-inflight %s is less than two bodies of --max-body %s", units.FormatSize(o.inflight),
			units.FormatSize(o.maxBody)).Hint("--max-inflight " + units.FormatSize(least))
	}
	o.inflight = least
	return nil
}
