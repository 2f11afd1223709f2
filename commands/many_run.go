package commands

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/barbhq/barb/store"
)

// runPlan is what a run remembers to go on: the command line, and how to know again what it reads. It holds no secret.
type runPlan struct {
	URL      string              `json:"url"`
	Dir      string              `json:"dir"`   // where barb.toml and relative names were looked for
	IDs      string              `json:"ids"`   // what the ids of its messages begin with
	Seed     uint64              `json:"seed"`  // chosen, where none was given
	Events   string              `json:"event"` // digest of what is sent; "": it came as a stream
	Flags    map[string][]string `json:"flags"`
	Withheld []string            `json:"withheld,omitempty"` // flags whose values are or hold secrets
}

// resumed is a run that goes on.
type resumed struct {
	run  store.Run
	plan runPlan
}

// changeable are the flags that may be given anew when a run goes on: they decide how it is sent, not what.
var changeable = []string{"resume", "secret", "concurrency", "rate", "burst", "output", "with-body", "with-url", "with-headers",
	"retries", "backoff", "base", "max-delay", "jitter", "retry-on", "timeout", "connect-timeout", "deadline",
	"insecure", "cacert", "cert", "key", "resolve", "unix-socket", "proxy", "http1.1", "http2"}

// planOf is the command line as a run remembers it: every flag that does not have its default.
func planOf(sh *shell, cmd *cobra.Command, o *sendOptions) (runPlan, error) {
	if o.went != nil {
		return o.went.plan, nil
	}
	p := runPlan{URL: o.url, Dir: sh.Dir, IDs: newWebhookID(), Seed: 1 + uint64(sh.Rand()*1e6), Flags: map[string][]string{}} // short enough to be typed again
	if o.seed.seed != nil {
		p.Seed = *o.seed.seed
	}
	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		from := sh.settings["send."+strings.ReplaceAll(f.Name, "-", "_")]
		if f.Changed || f.Value.String() != f.DefValue || from != "" && from != "default" {
			p.keep(f)
		}
	})
	if name, isFile := strings.CutPrefix(o.data, "@"); isFile && name == "" {
		return p, usage(`-d "@" names no file`).hint("-d @payload.json, or -d @- for stdin")
	}
	return p, nil
}

func (p *runPlan) keep(f *pflag.Flag) {
	values := []string{f.Value.String()}
	if list, ok := f.Value.(pflag.SliceValue); ok {
		values = list.GetSlice()
	}
	if slices.ContainsFunc(values, func(v string) bool { return isWithheld(f.Name, v) }) {
		p.Withheld = append(p.Withheld, f.Name)
		return
	}
	p.Flags[f.Name] = values
}

// isWithheld tells the values that no history may have. A command line may hold a secret, too.
func isWithheld(flag, value string) bool {
	switch flag {
	case "secret":
		return value != "-" && (!isReference(value) || strings.HasPrefix(value, "cmd:"))
	case "proxy":
		return strings.Contains(value, "@")
	}
	return false
}

// goOn takes the command line of a run that was interrupted, and the run for itself.
func (o *sendOptions) goOn(ctx context.Context, sh *shell, cmd *cobra.Command) error {
	r, err := sh.runOf(ctx, o.resume)
	if err != nil {
		return err
	}
	o.went = &resumed{run: r}
	if err := json.Unmarshal([]byte(r.Options), &o.went.plan); err != nil {
		return local("run %d: %w", r.ID, err)
	}
	p := o.went.plan
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
func (sh *shell) runOf(ctx context.Context, text string) (store.Run, error) {
	id := int64(0)
	if text != "@" {
		n, err := strconv.ParseUint(text, 10, 63)
		if err != nil || n == 0 {
			return store.Run{}, usage("--resume %q is not the number of a run", text).hint("--resume 3, or --resume @ for the newest")
		}
		id = int64(n)
	}
	history, err := sh.readHistory(ctx)
	if err != nil {
		return store.Run{}, err
	}
	r, err := history.GetRun(ctx, id)
	if !errors.Is(err, store.ErrNotFound) {
		return r, err
	}
	newest, err := history.GetRun(ctx, 0)
	if err != nil {
		return r, usage("there is no run in the history %s", history.Path()).hint("barb send URL -d @events.ndjson begins one; --db PATH names another history")
	}
	return r, usage("there is no run %d", id).hintf("barb send --resume %d is the newest", newest.ID)
}

// fits refuses what cannot be changed, and what is missing because it was not kept.
func (p *runPlan) fits(sh *shell, cmd *cobra.Command, id int64) error {
	for name := range givenFlags(cmd) {
		if !slices.Contains(changeable, name) {
			return usage("--%s cannot change in a run that goes on", name).hintf("barb send --resume %d", id)
		}
	}
	if p.Dir != sh.Dir {
		return usage("run %d was begun in %s, where its files and barb.toml are", id, p.Dir).hintf("cd %s && barb send --resume %d", p.Dir, id)
	}
	for _, name := range p.Withheld {
		if !cmd.Flag(name).Changed {
			return usage("run %d had a --%s whose value is kept nowhere", id, name).hintf("barb send --resume %d --%s …", id, name)
		}
	}
	return nil
}

// restore sets the flags as they were, but for those that are given anew. What a variable or barb.toml says by now does
// not matter.
func (p *runPlan) restore(sh *shell, cmd *cobra.Command, id int64) error {
	given := givenFlags(cmd)
	if given["rate"] || given["burst"] {
		given["rate"], given["burst"] = true, true
	}
	for name := range sh.settings {
		flag := strings.ReplaceAll(strings.TrimPrefix(name, "send."), "_", "-")
		if f := cmd.LocalNonPersistentFlags().Lookup(flag); f != nil && !f.Changed && f.Value.String() != f.DefValue {
			_ = f.Value.Set(f.DefValue) // its own default
			sh.settings[name] = "default"
		}
	}
	for name, values := range p.Flags {
		f := cmd.LocalNonPersistentFlags().Lookup(name)
		switch {
		case given[name]:
			continue
		case f == nil:
			return usage("run %d was begun by another version of barb: there is no --%s", id, name)
		}
		if err := setFlag(cmd, f, values); err != nil {
			return usage("run %d: --%s: %w", id, name, err)
		}
		if key := "send." + strings.ReplaceAll(name, "-", "_"); sh.settings[key] != "" {
			sh.settings[key] = "flag"
		}
	}
	return nil
}

// givenFlags are those of the command line.
func givenFlags(cmd *cobra.Command) map[string]bool {
	given := map[string]bool{}
	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Changed {
			given[f.Name] = true
		}
	})
	return given
}

func setFlag(cmd *cobra.Command, f *pflag.Flag, values []string) error {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		f.Changed = true
		return list.Replace(values)
	}
	return cmd.Flags().Set(f.Name, values[0])
}

// A run is written down so often, and its owner is taken for gone when it did not for so long.
const (
	noteEvery = 20 * time.Millisecond
	lifeEvery = 2 * time.Second
	goneAfter = 5 * lifeEvery
)

// keeper writes down how far a run is.
type keeper struct {
	history *store.Store
	run     store.Run
	now     func() time.Time
	feed    *feed
	seen    int64
	noted   time.Time
	err     error
}

// begin makes a new run durable, or takes over one that goes on.
func (k *keeper) begin(ctx context.Context, o *sendOptions) error {
	owner := newOwner("send")
	now := k.now()
	if o.went == nil {
		options, err := json.Marshal(o.kept)
		if err != nil {
			return local("run: %w", err)
		}
		k.run = store.Run{Created: now, Options: string(options), Total: k.feed.end, Owner: owner}
		return k.history.StartRun(ctx, &k.run)
	}
	k.run = o.went.run
	before := k.run.Owner
	if before != "" && now.Sub(k.run.Changed) < goneAfter && !ownerIsGone(before) {
		return usage("run %d is being sent right now", k.run.ID).hint("one barb at a time sends a run")
	}
	k.run.Owner, k.run.Changed = owner, now
	taken, err := k.history.TakeRun(ctx, k.run, before)
	if err == nil && !taken {
		err = usage("run %d is being sent right now", k.run.ID).hint("one barb at a time sends a run")
	}
	return err
}

// keep writes it down until done is closed.
func (k *keeper) keep(ctx context.Context, done <-chan struct{}) {
	tick := time.NewTicker(noteEvery)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			k.note(ctx)
		}
	}
}

func (k *keeper) note(ctx context.Context) {
	seen, moved := k.feed.note(&k.run, k.seen)
	if !moved && time.Since(k.noted) < lifeEvery {
		return
	}
	k.seen, k.noted, k.run.Changed = seen, time.Now(), k.now()
	if err := k.history.NoteRun(ctx, k.run); err != nil && k.err == nil {
		k.err = err
	}
}

// end gives the run back. What is open of it can be gone on with.
func (k *keeper) end(ctx context.Context) error {
	k.seen = -1
	_, _ = k.feed.note(&k.run, k.seen)
	k.run.Owner, k.run.Changed = "", k.now()
	k.run.Ended = len(k.run.Open) == 0 && (k.feed.dried || k.run.Total > 0 && k.run.Next >= k.run.Total)
	return errors.Join(k.err, k.history.NoteRun(ctx, k.run))
}
