package commands

import (
	"math"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/provider"
)

// scheduleLong is what the help of the commands that deliver says of them.
const scheduleLong = `
--schedule takes the waits of a provider (barb providers lists them) or a list of one's own,
and the deadline of all attempts only where one is given. --speed 1000x makes each wait so
many times shorter, that of a Retry-After too, but no timeout and no deadline; both times are
printed, retry in +5m (300ms). What is signed is the real time, which the receiver compares
with its own. --until-2xx goes on, with the last wait, until a 2xx, ^C or --deadline; whatever
else comes is tried again, but for a 410, a bad certificate and what --retry-on leaves out.`

// scheduleFlags say when a delivery is tried again, by name instead of by number.
type scheduleFlags struct {
	schedule string
	speed    flags.Speed
	until2xx bool

	// provider is the one of --as, nil without; override is what the endpoint's URL changes in its policy.
	provider *provider.Provider
	override provider.Override
}

func (f *scheduleFlags) addFlags(cmd *cobra.Command) {
	set := cmd.Flags()
	set.StringVar(&f.schedule, "schedule", "", "wait as this `provider` does (barb providers), or a list of "+
		"waits: 5s,5m,30m")
	f.speed = 1
	set.Var(&f.speed, "speed", "make every wait so many times shorter, e.g. 1000x")
	set.BoolVar(&f.until2xx, "until-2xx", false, "try until a 2xx comes, or --deadline")
	cmd.MarkFlagsMutuallyExclusive("schedule", "backoff")
	cmd.MarkFlagsMutuallyExclusive("until-2xx", "retries")
	flags.Complete(cmd, "schedule", func(string) []string { return provider.ScheduleNames() })
	flags.Complete(cmd, "speed", func(string) []string { return []string{"10x", "100x", "1000x", "100000x"} })
}

// sourceOf is where the value of a flag of this command came from.
func (sh *shell) sourceOf(flag string) source {
	for _, s := range settings {
		if from := sh.settings[s.key()]; s.flag == flag && from != "" {
			return from
		}
	}
	return ""
}

// overrules reports whether the value of one flag goes before what another one brings along: it was given, and not in a
// weaker place.
func (sh *shell) overrules(flag, other string) bool {
	from := sh.sourceOf(flag)
	return from.weight() > 0 && from.weight() >= sh.sourceOf(other).weight()
}

// schedulePolicy changes the policy of the single flags into that of the provider, the schedule and the speed.
func (f *retryFlags) schedulePolicy(sh *shell, p deliver.Policy) (deliver.Policy, error) {
	p, err := f.providerPolicy(sh, p)
	if err != nil {
		return p, err
	}
	if f.schedule != "" && (f.provider == nil || sh.overrules("schedule", "as")) {
		if err := f.takeSchedule(sh, &p); err != nil {
			return p, err
		}
	}
	if f.until2xx && sh.sourceOf("retries").weight() <= sh.sourceOf("until-2xx").weight() {
		f.takeUntil(sh, &p)
	}
	if p.Speed = float64(f.speed); p.Speed == 1 {
		p.Speed = 0
	}
	return p, nil
}

// takeSchedule replaces the waits, and how many there are.
func (f *retryFlags) takeSchedule(sh *shell, p *deliver.Policy) error {
	if sh.sourceOf("backoff").weight() > sh.sourceOf("schedule").weight() {
		return nil
	}
	waits, vary, known := provider.LookupSchedule(f.schedule)
	if !known {
		backoff, list, err := deliver.ParseBackoff(f.schedule)
		if err != nil || backoff != deliver.Schedule {
			return unknownSchedule(f.schedule)
		}
		waits, vary = list, 0
	}
	p.Backoff, p.Schedule, p.Vary = deliver.Schedule, waits, vary
	if !sh.overrules("retries", "schedule") {
		p.Retries = len(waits)
	}
	if !sh.overrules("deadline", "schedule") {
		p.Deadline = 0
	}
	return nil
}

func unknownSchedule(name string) error {
	if p, err := provider.Lookup(name); err == nil {
		return fail.Usage("--schedule %s: %s does not retry by itself", name,
			p.Title).Hint("--schedule 5s,5m,30m, or a provider that does; barb providers lists them")
	}
	return fail.Usage("--schedule %q is neither a provider nor a list of waits", name).
		Hint(fail.DidYouMean("--schedule ", fail.Nearest(name, provider.ScheduleNames()), "")).
		Hint("--schedule 5s,5m,30m, or a name: " + strings.Join(provider.ScheduleNames(), ", "))
}

// takeUntil lets nothing but a 2xx, a deadline that was given or ^C end the delivery.
func (f *retryFlags) takeUntil(sh *shell, p *deliver.Policy) {
	p.Retries = math.MaxInt32
	if !sh.overrules("retry-on", "until-2xx") {
		p.RetryOn = deliver.RetryOn{Any: true}
	}
	if !sh.overrules("deadline", "until-2xx") {
		p.Deadline = 0
	}
}
