// Package again is barb replay.
package again

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/files"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/queued"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/tell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/deliver/replay"
	"github.com/barbhq/barb/deliver/signer"
	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
)

type options struct {
	flags.Filter
	flags.Signing
	flags.JSON
	flags.Retry
	flags.Client
	flags.Change
	flags.Headers
	checks
	order
	dead          bool
	to            string
	exact, resign bool
	newID, dryRun bool
	concurrency   int
	selectors     []string
	files         []string // cassettes instead of the history
	policy        deliver.Policy
}

// New makes the command.
func New(sh *shell.Shell) *cobra.Command {
	return newCommand(sh, new(options))
}

func newCommand(sh *shell.Shell, o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:               "replay SELECTOR…|FILE…",
		ValidArgsFunction: sh.CompleteIDsAndFiles,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if o.selectors, o.files, err = files.Split(args); err != nil {
				return err
			}
			if len(o.files) > 0 && o.dead {
				return fail.Usage("--dead sends entries of the queue, and the files have none")
			}
			if err = o.checkScheme(sh); err != nil {
				return err
			}
			if len(args) == 0 && !o.Filter.Given() && !o.dead {
				return fail.Usage("replay needs a selector").Hint("barb replay @ for the newest, or a filter: barb replay " +
					"--received --failed --since 1h")
			}
			if o.concurrency < 1 {
				return fail.Usage("--concurrency %d must be at least 1", o.concurrency)
			}
			if o.policy, err = o.Policy(sh.Weight); err != nil {
				return err
			}
			if err = o.order.read(o.concurrency); err != nil {
				return err
			}
			if err = o.checks.read(); err != nil {
				return err
			}
			if o.answers, err = openAnswers(sh, o); err != nil {
				return err
			}
			return runReplay(cmd.Context(), sh, *o)
		},
	}
	o.Signing.AddFlags(cmd, "sign with this `scheme` (default: the one the webhook came with)", sh.SchemeNames)
	o.Filter.AddFlags(cmd, sh.SchemeNames, sh.CompleteEvents)
	f := cmd.Flags()
	f.StringVar(&o.to, "to", "", "send to this `URL` or :PORT; without a path the captured one is kept")
	f.BoolVar(&o.exact, "exact", false, "send the recorded bytes with the old signature")
	f.BoolVar(&o.resign, "resign", false, "sign again, and fail when no secret is known")
	f.BoolVar(&o.newID, "new-id", false, "give each replay a new webhook id")
	f.IntVar(&o.concurrency, "concurrency", 1, "send `N` at the same time; more than 1 loses their order")
	f.BoolVar(&o.dryRun, "dry-run", false, "print what would be sent and send nothing")
	o.Change.AddFlags(cmd)
	o.Headers.AddFlags(cmd)
	o.Once = true
	o.Retry.AddFlags(cmd)
	o.Client.AddFlags(cmd)
	f.BoolVar(&o.dead, "dead", false, "send the dead letters of the queue that the filters choose, each to the URL "+
		"it was queued for")
	o.JSON.AddFlags(cmd)
	o.checks.addFlags(cmd)
	o.order.addFlags(cmd)
	for _, changing := range []string{"set", "edit", "header", "resign", "new-id", "dead", "scheme"} {
		cmd.MarkFlagsMutuallyExclusive("exact", changing)
	}
	return cmd
}

func runReplay(ctx context.Context, sh *shell.Shell, o options) error {
	ctx, stop := sh.Interruptible(ctx)
	defer stop()
	sh.Judgements.Strict = true
	if len(o.files) > 0 {
		done, err := files.Load(ctx, sh, o.files)
		defer done()
		if err != nil {
			return err
		}
	}
	r, err := newReplayer(sh, &o)
	if err != nil {
		return err
	}
	defer r.close()
	if err := r.prepare(ctx); err != nil {
		return err
	}
	var dryRun func(*replay.Replay) error
	if o.dryRun {
		dryRun = r.wouldSend
	}
	count, err := r.run.Check(ctx, dryRun)
	if e, ok := errors.AsType[*replay.MaskedError](err); ok {
		e.Files = o.files
	}
	switch {
	case err != nil:
	case count > 0:
		r.tellRefused()
	case sh.Judgements.Failures() > 0:
		return nil // said already
	default:
		err = r.noneMatches(ctx)
	}
	if err == nil && !o.dryRun {
		err = r.consent()
	}
	if err != nil || o.dryRun {
		return err
	}
	return r.send(ctx, count)
}

// replayer gives a replay what the flags, barb.toml and the queue say, and prints how it goes.
type replayer struct {
	sh      *shell.Shell
	options *options
	run     replay.Run
	client  *deliver.Client // of the flags
	plans   *worker.Plans   // of queued messages
	signers map[signed]*signer.Signer
	clients flags.Clients   // of the apps of routes
	said    map[string]bool // which secrets were named on stderr

	judge *judge // nil: nothing is checked

	hosts     map[string]string // by address of a received webhook: the public host that it goes to, "" for none
	leaving   int               // received webhooks that go to public hosts
	leavingTo string            // one of them
	skipped   int               // webhooks without an answer to compare with
	refused   int               // webhooks with a bad signature, which were left out
	refusedID int64             // one of them
}

// newReplayer returns a replayer that is to be closed. No history is open yet.
func newReplayer(sh *shell.Shell, o *options) (*replayer, error) {
	if o.to != "" {
		to, err := flags.Target(o.to)
		if err != nil {
			return nil, fail.Usage("--to %q: %w", flags.WithoutUser(o.to), err).Hint("--to http://localhost:3000/webhooks")
		}
		o.to = to
	}
	client, err := o.NewClient(sh.Version, sh.Getenv, o.ConnectIn)
	if err != nil {
		return nil, err
	}
	r := &replayer{sh: sh, options: o, client: client, plans: queued.Plans(sh), signers: map[signed]*signer.Signer{},
		said: map[string]bool{}}
	r.clients.Options = deliver.Options{UserAgent: "barb/" + sh.Version, ConnectTimeout: o.ConnectIn, Env: sh.Getenv}
	r.run = replay.Run{To: o.to, AtOnce: o.concurrency, Now: sh.Now, Whole: r.whole, Way: r.way,
		Route:      func(x *record.Exchange) (string, error) { return RouteOf(sh.File, x) },
		Nowhere:    r.nowhere,
		Signer:     r.signer,
		Sender:     deliver.Sender{Client: client, Policy: o.policy, Rand: sh.Rand},
		Remembered: r.remembered, Policy: r.policyOf, Aim: r.aim, Wait: replay.Pacer(o.speed)}
	if r.run.Map, err = r.readMap(); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func (r *replayer) close() {
	r.clients.Close()
	r.plans.Close()
	r.client.Close()
}

// prepare opens the history and makes the plan of the flags. It refuses --edit for more than one webhook before an
// editor opens.
func (r *replayer) prepare(ctx context.Context) (err error) {
	sh, o, p := r.sh, r.options, &r.run.Plan
	p.Redactor, p.Lookup, p.Exact, p.NewID = sh.Redactor, sh.File.Catalog().Lookup, o.exact, o.newID
	p.Values = o.Values(sh.Now(), sh.Rand, sh.TemplateEnv())
	if p.Header, err = o.Header(sh.In); err != nil {
		return err
	}
	if p.Changes, err = o.Changes(); err != nil {
		return err
	}
	if err := r.choose(ctx); err != nil {
		return err
	}
	p.Pieces, r.run.Journal.History = sh.History.Pieces, sh.History
	if !o.Edit {
		return nil
	}
	p.Edit = func(body []byte, contentType string) ([]byte, error) { return sh.EditPayload(body, contentType) }
	return r.checkEdit(ctx)
}

// checkEdit refuses --edit for more than one webhook.
func (r *replayer) checkEdit(ctx context.Context) error {
	n := 0
	for _, err := range r.run.Selected(ctx) {
		if err != nil {
			return err
		}
		if n++; n > 1 {
			return fail.Usage("--edit changes one webhook, and several are selected").
				Hint("barb replay @ --edit, or --set for all of them")
		}
	}
	return nil
}

// wouldSend says what would be sent.
func (r *replayer) wouldSend(planned *replay.Replay) error {
	if r.sh.JSON {
		planned.X.Attempt = 1 // as it would be
		return r.sh.EmitExchange(r.sh.History.Redacted(&planned.X), export.With{URL: true, Headers: true})
	}
	r.tellBegun(planned)
	return nil
}

// tellBegun says what is replayed, and where it goes.
func (r *replayer) tellBegun(planned *replay.Replay) {
	webhook := *planned.Exchange
	webhook.ID = planned.First()
	r.sh.Stdout.Replaying(&webhook, r.sh.History.Redacted(&planned.X).Request.URL)
}

// send replays what was checked. One at a time it prints each attempt; several at a time it prints what became of all.
func (r *replayer) send(ctx context.Context, count int) error {
	sh, o := r.sh, r.options
	p := &tell.Attempts{Shell: sh, With: o.With, Policy: o.policy, Silent: o.concurrency > 1 && !sh.Verbose}
	r.run.Journal.WithIDs = sh.JSON || !p.Silent
	r.run.Tell = func(planned *replay.Replay, a *deliver.Attempt) error { return p.Show(planned.Signer, a) }
	if o.concurrency == 1 && !sh.JSON {
		r.run.Begin = r.tellBegun
		r.run.End = func(_ *replay.Replay, o *journal.Outcome, took time.Duration) { r.ended(p.Summary(o, took)) }
	}
	begun := time.Now()
	if r.judge != nil {
		return r.sendJudged(ctx, begun)
	}
	tally, err := r.run.Send(ctx)
	if err != nil {
		return err
	}
	if o.concurrency > 1 && !sh.JSON {
		sh.Stdout.Batch(ui.Batch{Tally: tally, Total: int64(count), Took: time.Since(begun), Interrupted: ctx.Err() != nil,
			DeadHint: o.deadHint(begun)})
	}
	return fail.Silent(shell.CodeOf(tally.Tally, ctx.Err() != nil))
}

// ended says what became of one webhook. Attempts of webhooks of files are in no history.
func (r *replayer) ended(s ui.Summary) {
	if len(r.options.files) > 0 {
		s.Last = 0
	}
	r.sh.Stdout.Delivery(s)
}

// sendJudged replays what was checked, judges each answer and reports.
func (r *replayer) sendJudged(ctx context.Context, begun time.Time) error {
	running, stop := context.WithCancel(ctx)
	defer stop()
	r.judge.stop = stop
	if r.run.Begin == nil {
		r.judge.begun = r.tellBegun
	}
	r.run.End = func(planned *replay.Replay, o *journal.Outcome, _ time.Duration) { r.judge.end(ctx, planned, o) }
	_, err := r.run.Send(running)
	return errors.Join(err, r.judge.finish(ctx.Err() != nil, begun))
}

// deadHint is the command that lists the replays that were given up. A replay to the webhook's own target changes its
// state, one with a new id is a webhook, and any other is an attempt only.
func (o *options) deadHint(begun time.Time) string {
	switch {
	case len(o.files) > 0:
		return ""
	case o.newID:
		return tell.HistorySince(begun, "--sent --failed")
	case o.to != "":
		return tell.HistorySince(begun, `--all --sent --where '.outcome == "failed"'`)
	}
	return tell.HistorySince(begun, "--failed")
}
