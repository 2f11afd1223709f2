package commands

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/deliver/signer"
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

// resumed is a run that is resumed.
type resumed struct {
	run  store.Run
	plan runPlan
}

// changeable are the flags that may be given anew when a run goes on: they decide how it is sent, not what.
var changeable = []string{"resume", "skip-bad", "secret", "concurrency", "rate", "burst", "output", "with-body",
	"with-url", "with-headers",
	"retries", "backoff", "base", "max-delay", "jitter", "retry-on", "timeout", "connect-timeout", "deadline",
	"insecure", "cacert", "cert", "key", "resolve", "unix-socket", "proxy", "http1.1", "http2"}

// planOf is the command line as a run remembers it: every flag that does not have its default.
func planOf(sh *shell, cmd *cobra.Command, o *sendOptions) (runPlan, error) {
	if o.resumed != nil {
		return o.resumed.plan, nil
	}
	// short enough to be typed again
	p := runPlan{URL: o.url, Dir: sh.Dir, IDs: signer.NewID(), Seed: 1 + uint64(sh.Rand()*1e6),
		Flags: map[string][]string{}}
	if o.seed.Seed != nil {
		p.Seed = *o.seed.Seed
	}
	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		from := sh.settings["send."+strings.ReplaceAll(f.Name, "-", "_")]
		if f.Changed || f.Value.String() != f.DefValue || from != "" && from != "default" {
			p.keep(f)
		}
	})
	if name, isFile := strings.CutPrefix(o.data, "@"); isFile && name == "" {
		return p, fail.Usage(`-d "@" names no file`).Hint("-d @payload.json, or -d @- for stdin")
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
		return value != "-" && (!secret.IsReference(value) || strings.HasPrefix(value, "cmd:"))
	case "proxy":
		return strings.Contains(value, "@")
	}
	return false
}

// resumeRun takes the command line of a run that was interrupted, and the run for itself.
func (o *sendOptions) resumeRun(ctx context.Context, sh *shell, cmd *cobra.Command) error {
	r, err := sh.runOf(ctx, o.resume)
	if err != nil {
		return err
	}
	o.resumed = &resumed{run: r}
	if err := json.Unmarshal([]byte(r.Options), &o.resumed.plan); err != nil {
		return fail.Local("run %d: %w", r.ID, err)
	}
	p := o.resumed.plan
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
			return store.Run{}, fail.Usage("--resume %q is not the number of a run",
				text).Hint("--resume 3, or --resume @ for the newest")
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
		return r, fail.Usage("there is no run in the history %s",
			history.Path()).Hint("barb send URL -d @events.ndjson begins one; --db PATH names another history")
	}
	return r, fail.Usage("there is no run %d", id).Hintf("barb send --resume %d is the newest", newest.ID)
}

// fits refuses what cannot be changed, and what is missing because it was not kept.
func (p *runPlan) fits(sh *shell, cmd *cobra.Command, id int64) error {
	for name := range givenFlags(cmd) {
		if !slices.Contains(changeable, name) {
			return fail.Usage("--%s cannot change in a run that goes on", name).Hintf("barb send --resume %d", id)
		}
	}
	if p.Dir != sh.Dir {
		return fail.Usage("run %d was begun in %s, where its files and barb.toml are", id,
			p.Dir).Hintf("cd %s && barb send --resume %d", p.Dir, id)
	}
	for _, name := range p.Withheld {
		if !cmd.Flag(name).Changed {
			return fail.Usage("run %d had a --%s whose value is kept nowhere", id, name).Hintf("barb send --resume %d --%s …",
				id, name)
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
			return fail.Usage("run %d was begun by another version of barb: there is no --%s", id, name)
		}
		if err := setFlag(cmd, f, values); err != nil {
			return fail.Usage("run %d: --%s: %w", id, name, err)
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
