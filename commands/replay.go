package commands

import (
	"context"
	"strconv"
	"sync"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/deliver/replay"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
)

type replayOptions struct {
	flags.Filter
	flags.Signing
	flags.JSON
	flags.Retry
	flags.Client
	deadFlags
	flags.Change
	flags.Headers
	to            string
	exact, resign bool
	newID, dryRun bool
	concurrency   int
	selectors     []string
	policy        deliver.Policy
}

func newReplay(sh *shell) *cobra.Command {
	var o replayOptions
	cmd := &cobra.Command{
		Use:   "replay SELECTOR…",
		Short: "Send captured webhooks again",
		Long: `Sends exchanges of the history again, oldest first. What was signed is signed anew
with the secret of the route or of --secret, since an old timestamp would be refused;
--exact sends the very bytes that came. Replays keep the webhook id and are recorded
as part of the same thread. Exit code 0 when each was answered 2xx.

--dead sends the dead letters of the queue again, now and from here: a message with
the secret, certificates and proxy that it was queued with. barb queue retry leaves it
to barb deliver or to the listener instead.
` + flags.SelectorHelp,
		Example: `  barb replay @ --to http://localhost:3000/webhooks
  barb replay 40..47 --to :3000 --secret env:WHSEC
  barb replay --received --failed --since 1h --to :3000
  barb replay 17 --exact --to :3000
  barb replay --dead --endpoint api.example.com
  barb replay 17 --set data.amount=1200 --to :3000 --secret env:WHSEC`,
		ValidArgsFunction: sh.completeIDs,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			o.selectors = args
			if len(args) == 0 && !o.Filter.Given() && !o.dead {
				return fail.Usage("replay needs a selector").Hint("barb replay @ --to http://localhost:3000, or a filter such " +
					"as --failed --since 1h")
			}
			if o.concurrency < 1 {
				return fail.Usage("--concurrency %d must be at least 1", o.concurrency)
			}
			if o.policy, err = o.Policy(sh.weight); err != nil {
				return err
			}
			return runReplay(cmd.Context(), sh, o)
		},
	}
	o.Filter.AddFlags(cmd, sh.schemeNames, sh.completeEvents)
	f := cmd.Flags()
	f.StringVar(&o.to, "to", "", "send to this `URL` or :PORT; without a path the captured one is kept")
	f.BoolVar(&o.exact, "exact", false, "send the very bytes that came, old signature and all")
	f.BoolVar(&o.resign, "resign", false, "sign anew (the default when a secret is known); an error when none is")
	f.BoolVar(&o.newID, "new-id", false, "give each replay a new webhook id")
	f.IntVar(&o.concurrency, "concurrency", 1, "how many at a time; more than 1 does not keep their order")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would be sent and send nothing")
	f.StringArrayVar(&o.Secrets, "secret", nil, "a secret `reference` to sign with: env:NAME, file:PATH, cmd:COMMAND, "+
		"keyring:NAME or - (repeatable)")
	f.StringArrayVar(&o.Params, "param", nil, "a `name=value` the scheme signs that is not in the request (repeatable)")
	o.Change.AddFlags(cmd)
	o.Headers.AddFlags(cmd)
	o.Retry.AddFlags(cmd)
	o.Client.AddFlags(cmd)
	o.addFlags(cmd)
	o.JSON.AddFlags(cmd)
	for _, changing := range []string{"set", "edit", "header", "resign", "new-id", "dead"} {
		cmd.MarkFlagsMutuallyExclusive("exact", changing)
	}
	return cmd
}

func runReplay(ctx context.Context, sh *shell, o replayOptions) error {
	ctx, stop := sh.Interruptible(ctx)
	defer stop()
	if o.to != "" {
		to, err := flags.Target(o.to)
		if err != nil {
			return fail.Usage("--to %q: %w", flags.WithoutUser(o.to), err).Hint("--to http://localhost:3000/webhooks")
		}
		o.to = to
	}
	client, err := o.NewClient(sh.version, sh.Getenv, o.ConnectIn)
	if err != nil {
		return err
	}
	defer client.Close()
	r := &replayer{shell: sh, options: o, client: client, signers: map[string]*signing{}, plans: &plans{sh: sh}}
	defer r.plans.close()
	if err := r.prepare(ctx); err != nil {
		return err
	}
	last, count, err := r.check(ctx)
	if err != nil || o.dryRun {
		return err
	}
	if o.concurrency > 1 {
		return r.many(ctx, last, count)
	}
	return r.oneByOne(ctx, last)
}

// replayer sends exchanges again, with one signer for each scheme it meets.
type replayer struct {
	*shell
	options replayOptions
	client  *deliver.Client
	mu      sync.Mutex
	signers map[string]*signing
	letters replay.Letters // with --dead; nil: what the history has
	plans   *plans         // of queued messages
	replays replay.Plan
	masked  bool // something that is selected is not kept exactly
}

// announce says what would be sent.
func (r *replayer) announce(captured, x *record.Exchange) error {
	if r.json {
		x.Attempt = 1 // as it would be
		return r.emitExchange(x, export.With{URL: true, Headers: true})
	}
	r.out.Replaying(captured, x.Request.URL)
	return nil
}

// oneByOne replays in the order of the history, each after the one before it has come to its end.
func (r *replayer) oneByOne(ctx context.Context, last int64) error {
	captured, err := r.captured(ctx, true)
	if err != nil {
		return err
	}
	var tally journal.Tally
	for c, err := range captured {
		if err != nil {
			return err
		}
		if c.ID > last || ctx.Err() != nil {
			break
		}
		x, s, err := r.plan(ctx, c)
		if err != nil {
			return err
		}
		if !r.json {
			r.out.Replaying(c.Exchange, x.Request.URL)
		}
		o, summary, err := r.send(ctx, c, x, s, nil)
		if err != nil {
			return err
		}
		if !r.json {
			r.out.Delivery(summary)
		}
		tally.Add(&o)
	}
	return fail.Silent(codeOf(tally, ctx.Err() != nil))
}

// plan makes the first attempt of the replay of a captured exchange, and returns what signs it.
func (r *replayer) plan(ctx context.Context, captured replay.Item) (x record.Exchange, s *signing, err error) {
	if err := wholeBody(captured.Exchange); err != nil {
		return x, nil, err
	}
	target, err := r.target(captured)
	if err != nil {
		return x, nil, err
	}
	s = &signing{}
	if !r.options.exact || r.redactor.IsMasked(captured.Exchange) {
		if s, err = r.signerFor(ctx, captured); err != nil {
			return x, nil, err
		}
	}
	plain := *captured.Exchange
	plain.EventType = gateway.EventToSend(captured.EventType)
	x, err = r.replays.Exchange(ctx, &plain, target, &s.Signer, r.Now())
	if r.options.exact {
		s = &signing{}
	}
	return x, s, err
}

// wholeBody is the error for an exchange whose body was kept only in part: what is left can be shown, but neither
// checked nor sent.
func wholeBody(x *record.Exchange) error {
	if _, cut := x.Marked(record.Truncated); !cut {
		return nil
	}
	return fail.Usage("of %d only the first 64 KiB of the body were kept, since its signature was bad", x.ID).
		Hint("barb listen --keep-invalid records whole bodies; barb show " + strconv.FormatInt(x.ID, 10) +
			" shows what there is")
}

// target is --to, the app of the route, or where it was sent before.
func (r *replayer) target(captured replay.Item) (string, error) {
	if r.options.to != "" {
		return r.options.to, nil
	}
	if q := captured.Letter; q != nil {
		return q.Target, nil
	}
	if captured.Kind == record.Sent {
		return captured.Request.URL, nil
	}
	if row := r.file.Routes.Covering(urlPath(captured.Request.URL)); row != nil && row.ForwardTo() != "" {
		return flags.Target(row.ForwardTo())
	}
	return "", fail.Usage("%d was received; where should it go?",
		captured.ID).Hintf("barb replay %d --to http://localhost:3000", captured.ID)
}

// isTimed reports whether a scheme's signature grows old.
func (r *replayer) isTimed(scheme string) bool {
	s, ok := r.file.Catalog().Lookup(scheme)
	return ok && s.Time.Unit != ""
}

// signerFor is the signer of the scheme a captured exchange had. Without a secret it goes out as it came.
func (r *replayer) signerFor(ctx context.Context, captured replay.Item) (*signing, error) {
	switch p, err := r.remembered(ctx, captured); {
	case err != nil:
		return nil, err
	case p != nil && len(r.options.Secrets) == 0:
		return p.signer, nil
	}
	path := urlPath(captured.Request.URL)
	r.mu.Lock()
	defer r.mu.Unlock()
	if s, ok := r.signers[captured.Scheme+" "+path]; ok {
		return s, nil
	}
	s := &signing{}
	row := r.file.Routes.ForScheme(captured.Scheme, path)
	known := len(r.secretRefs(r.options.Secrets, row)) > 0
	switch {
	case captured.Scheme != "" && known:
		var err error
		flags := flags.Signing{Scheme: captured.Scheme, Secrets: r.options.Secrets, Params: r.options.Params}
		if s, err = r.signer(ctx, &flags, &captured.Request); err != nil {
			return nil, err
		}
	case captured.Scheme != "" && r.options.Changed():
		return nil, r.mustSign(captured.Exchange)
	case r.options.resign && captured.Scheme == "":
		return nil, fail.Usage("%d has no known scheme to sign with", captured.ID).Hintf("barb replay %d --exact",
			captured.ID)
	case r.options.resign:
		return nil, fail.Usage("no secret is known for scheme %s", captured.Scheme).Hint(secret.Help)
	case r.isTimed(captured.Scheme):
		r.warn("no secret is known for scheme %s: the old signature is sent, which the receiver may find too old; "+
			"--secret signs anew", captured.Scheme)
	}
	r.signers[captured.Scheme+" "+path] = s
	return s, nil
}
