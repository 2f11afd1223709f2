package flags

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/deliver/provider"
	"github.com/barbhq/barb/listen/script"
)

// Answers says which responses senders get instead of 200, and which limits and delays apply.
type Answers struct {
	Respond  string
	FailRate float64 // from 0 to 1
	FailWith string
	Seed     *uint64
	Latency  script.Span
	As       string
	Platform string
}

// AddFlags adds the flags to a command.
func (f *Answers) AddFlags(cmd *cobra.Command) {
	set := cmd.Flags()
	set.StringVar(&f.Respond, "respond", "", "answer with this `script`: a status, or answers in turn: 503,503,200 "+
		"(barb help respond)")
	set.Var(Percent(&f.FailRate), "fail-rate", "fail this part of the webhooks, whatever the app answers: 10%")
	set.StringVar(&f.FailWith, "fail-with", "500", "how the webhooks of --fail-rate fail: a `script` as for --respond")
	set.Var(Seed(&f.Seed), "seed", "repeat the random choices of another run (default: a new seed, which is printed)")
	set.Var(Span(&f.Latency), "latency", "delay every answer: 200ms, or at random 50ms..2s")
	set.StringVar(&f.As, "as", "", "mark answers that are too slow for this `provider`: "+strings.Join(provider.Names(),
		", "))
	set.StringVar(&f.Platform, "platform", "", "apply the limits of this `platform` to bodies and to the app: "+
		strings.Join(platformNames(), ", "))
	Complete(cmd, "respond", func(string) []string {
		return []string{"500", "503,503,200", "429;retry-after=2,200", "reset", "hang", "truncate"}
	})
	Complete(cmd, "as", func(string) []string { return provider.Names() })
	Complete(cmd, "platform", func(string) []string { return platformNames() })
}

func platformNames() (names []string) {
	for _, p := range script.Platforms() {
		names = append(names, p.Name)
	}
	return names
}

// ScriptError is the usage error for a script, with the names that look like the wrong one.
func ScriptError(where string, err error) error {
	if f, ok := errors.AsType[*fail.Error](err); ok {
		return f
	}
	f := fail.Usage("%s: %w", where, err)
	if e, ok := errors.AsType[*script.Error](err); ok && e.Word != "" {
		return f.Hint(fail.DidYouMean("", fail.Nearest(e.Word, e.Known), "--respond '500x3,429;retry-after=2,200;delay=3s'"))
	}
	return f
}

// PlatformLimits returns the limits of --platform.
func (f *Answers) PlatformLimits() (*script.Platform, error) {
	p, ok := script.LookupPlatform(f.Platform)
	if !ok {
		return nil, fail.Usage("unknown --platform %q", f.Platform).Hint(fail.DidYouMean("--platform ",
			fail.Nearest(f.Platform, platformNames()), "--platform "+strings.Join(platformNames(), ", ")))
	}
	return &p, nil
}
