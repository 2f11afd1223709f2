package commands

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/deliver/batch"
	"github.com/barbhq/barb/deliver/signer"
	"github.com/barbhq/barb/store"
)

// runPlan is what a run remembers to go on: the command line, and how to know again what it reads. It holds no secret.
type runPlan struct {
	URL string `json:"url"`
	Dir string `json:"dir"` // where barb.toml and relative names were looked for
	batch.Plan
	flags.CommandLine
}

// changeable are the flags that may be given anew when a run goes on: they decide how it is sent, not what.
var changeable = []string{"resume", "skip-bad", "secret", "concurrency", "rate", "burst", "output", "plot", "with-body",
	"with-url", "with-headers",
	"retries", "backoff", "base", "max-delay", "jitter", "retry-on", "timeout", "connect-timeout", "deadline",
	"insecure", "cacert", "cert", "key", "resolve", "unix-socket", "proxy", "http1.1", "http2"}

// isMany tells a run from one message.
func (o *sendOptions) isMany() bool { return o.resumed != nil || o.IsRun() || o.listed() }

// listed reports whether the payload is a list of events rather than one.
func (o *sendOptions) listed() bool { return o.Listed(o.data) }

// given checks the flags for many messages and notes what a run remembers of the command line.
func (o *sendOptions) given(ctx context.Context, sh *shell.Shell, cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		o.url = args[0]
	}
	if o.Resume != "" {
		if err := o.resumeRun(ctx, sh, cmd); err != nil {
			return err
		}
	}
	if err := o.CheckMany(cmd, o.listed()); err != nil || !o.isMany() {
		return err
	}
	if o.data == "@" {
		return fail.Usage(`-d "@" names no file`).Hint("-d @payload.json, or -d @- for stdin")
	}
	if o.resumed == nil {
		seed := 1 + uint64(sh.Rand()*1e6) // short enough to be typed again
		o.kept = runPlan{URL: o.url, Dir: sh.Dir, CommandLine: flags.Save(cmd, sh.Weight, secret.IsWithheld),
			Plan: batch.Plan{IDs: signer.NewID(), Seed: *cmp.Or(o.Seed, &seed), Now: sh.Now().UTC().Round(0)}}
	}
	o.Seed = &o.kept.Seed
	return nil
}

// clock returns the time that it is for templates and headers: for a run the time at which it began.
func (o *sendOptions) clock(sh *shell.Shell) time.Time {
	if o.kept.Now.IsZero() { // one message, or a run of an older barb
		return sh.Now()
	}
	return o.kept.Now
}

// sameAsBegun finds whether a resumed run still sends what it began to send, as far as that does not come from the
// events. A new run notes it.
func (o *sendOptions) sameAsBegun(sh *shell.Shell) error {
	print, err := o.content.Print(time.Unix(0, 0).UTC())
	switch {
	case err != nil:
		return err
	case o.resumed == nil:
		o.kept.Shared = print
		return nil
	case o.kept.Shared != "" && o.kept.Shared != print:
		return fail.Usage("the headers or the values of --set that run %d sends have changed", o.resumed.ID).
			Hint("send it as a new run: barb send URL -d …")
	case !o.kept.Now.IsZero():
		return nil
	}
	timed, err := o.content.IsTimed()
	if err == nil && (timed || o.Provider != nil && o.Provider.IsTimed()) {
		sh.Warn("run %d was started by an older barb, which did not record the time it filled in: messages sent "+
			"again have the same id and another time in them", o.resumed.ID)
	}
	return err
}

// resumeRun takes the command line of a run that was interrupted, and the run for itself.
func (o *sendOptions) resumeRun(ctx context.Context, sh *shell.Shell, cmd *cobra.Command) error {
	r, err := runOf(ctx, sh, o.Resume)
	if err != nil {
		return err
	}
	o.resumed = &r
	p := &o.kept
	if err := json.Unmarshal([]byte(r.Options), p); err != nil {
		return fail.Local("run %d: %w", r.ID, err)
	}
	if r.Ended {
		return nil
	}
	if err := p.fits(sh, cmd, r.ID); err != nil {
		return err
	}
	o.url = p.URL
	return p.restore(sh, cmd, r.ID)
}

// runOf finds a run by its number.
func runOf(ctx context.Context, sh *shell.Shell, text string) (store.Run, error) {
	id := int64(0)
	if text != "@" {
		n, err := strconv.ParseUint(text, 10, 63)
		if err != nil || n == 0 {
			return store.Run{}, fail.Usage("--resume %q is not the number of a run",
				text).Hint("--resume 3, or --resume @ for the newest run with messages left")
		}
		id = int64(n)
	}
	history, err := sh.ReadHistory(ctx)
	if err != nil {
		return store.Run{}, err
	}
	r, err := history.GetRun(ctx, id)
	if !errors.Is(err, store.ErrNotFound) {
		return r, err
	}
	newest, err := history.GetRun(ctx, 0)
	if err != nil {
		return r, fail.Usage("there is no run in the history %s",
			history.Path()).Hint("barb send URL -d @events.ndjson starts one; --db PATH names another history")
	}
	if newest.Ended {
		return r, fail.Usage("there is no run %d", id).Hintf("run %d is the newest, and it is complete", newest.ID)
	}
	return r, fail.Usage("there is no run %d", id).Hintf("barb send --resume %d", newest.ID)
}

// sayComplete says that a run has nothing left to send, and which one has.
func sayComplete(ctx context.Context, sh *shell.Shell, id int64) {
	sh.Say("barb: run %d is complete; nothing to resume", id)
	history, err := sh.ReadHistory(ctx)
	if err != nil {
		return
	}
	if open, err := history.GetRun(ctx, 0); err == nil && !open.Ended {
		sh.Say("hint: barb send --resume %d", open.ID)
	}
}

// fits refuses what cannot be changed, and what is missing because it was not kept.
func (p *runPlan) fits(sh *shell.Shell, cmd *cobra.Command, id int64) error {
	for name := range flags.Given(cmd) {
		if name == "user" {
			name = "header" // which -u sets
		}
		if !slices.Contains(changeable, name) && !slices.Contains(p.Withheld, name) {
			return fail.Usage("--%s cannot change when a run is resumed", name).Hintf("barb send --resume %d", id)
		}
	}
	if ref := p.foreign(sh); ref != "" && !flags.Given(cmd)["secret"] {
		return fail.Usage("run %d is in a shared history and names %s, which [deliver] allow of barb.toml does not list", id,
			ref).Hintf("barb send --resume %d --secret env:NAME", id)
	}
	if p.Dir != sh.Dir {
		return fail.Usage("run %d started in %s, where its files and barb.toml are", id,
			p.Dir).Hintf("cd %s && barb send --resume %d", p.Dir, id)
	}
	for _, name := range p.Withheld {
		if !cmd.Flag(name).Changed {
			return fail.Usage("run %d had a --%s whose value was not recorded", id, name).Hintf("barb send --resume %d --%s …",
				id, name)
		}
	}
	return nil
}

// foreign returns a command or a file that a run of a shared history would have this machine use, though its owner has
// not listed it; "" for none. Who wrote the run is not known. What --secret says anew does not count.
func (p *runPlan) foreign(sh *shell.Shell) string {
	if !sh.IsShared() {
		return ""
	}
	for _, ref := range p.Flags["secret"] {
		if !sh.MayUse(ref) && !slices.Contains(sh.File.Allowed, ref) {
			return ref
		}
	}
	return ""
}

// restore sets the flags as they were, but for those that are given anew. What a variable or barb.toml says by now does
// not matter.
func (p *runPlan) restore(sh *shell.Shell, cmd *cobra.Command, id int64) error {
	given := flags.Given(cmd)
	if given["rate"] || given["burst"] {
		given["rate"], given["burst"] = true, true
	}
	err := p.Restore(cmd, given, sh.Weight, func(flag string, weight int) {
		if sh.Settings[flag] != "" {
			sh.Settings[flag] = shell.Sources[weight]
		}
	})
	if missing, ok := errors.AsType[*flags.UnknownFlagError](err); ok {
		return fail.Usage("run %d was started by another version of barb: there is no --%s", id, missing.Name)
	}
	if err != nil {
		return fail.Usage("run %d: %w", id, err)
	}
	return nil
}
