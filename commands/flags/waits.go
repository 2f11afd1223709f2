package flags

import (
	"cmp"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/provider"
)

// addWaits adds the flags that say by name instead of by number when a delivery is tried again.
func (f *Retry) addWaits(cmd *cobra.Command) {
	set := cmd.Flags()
	set.StringVar(&f.schedule, "schedule", "", "wait as this `provider` does (barb providers), or a list of "+
		"waits: 5s,5m,30m")
	f.policy.Speed = 1
	set.Var(Speed(&f.policy.Speed), "speed", "make every wait this much shorter: 1000x")
	set.BoolVar(&f.until2xx, "until-2xx", false, "try until a 2xx comes or --deadline ends")
	cmd.MarkFlagsMutuallyExclusive("schedule", "backoff")
	cmd.MarkFlagsMutuallyExclusive("until-2xx", "retries")
	Complete(cmd, "schedule", func(string) []string { return provider.ScheduleNames() })
	Complete(cmd, "speed", func(string) []string { return []string{"10x", "100x", "1000x", "100000x"} })
}

// Weights ranks where the value of a flag came from: 0 is its default, 1 barb.toml, 2 a BARB_ variable and 3 the
// command line.
type Weights func(flag string) int

// typedWeight is the weight of a flag that stands on the command line.
const typedWeight = 3

// variableWeight is the weight of a flag whose value is that of a variable.
const variableWeight = 2

// Overrules reports whether the value of one flag goes before what another one brings along: it was given, and not in a
// weaker place.
func (weight Weights) Overrules(flag, other string) bool {
	return weight(flag) > 0 && weight(flag) >= weight(other)
}

// schedulePolicy changes the policy of the single flags into that of the provider, the schedule and the speed.
func (f *Retry) schedulePolicy(weight Weights, p deliver.Policy) (deliver.Policy, error) {
	p, err := f.providerPolicy(weight, p)
	if err != nil {
		return p, err
	}
	if f.schedule != "" && (f.Provider == nil || weight.Overrules("schedule", "as")) {
		if err := f.takeSchedule(weight, &p); err != nil {
			return p, err
		}
	}
	if f.until2xx && weight("retries") <= weight("until-2xx") {
		f.takeUntil(weight, &p)
	}
	if p.Speed = f.policy.Speed; p.Speed == 1 {
		p.Speed = 0
	}
	return p, nil
}

// takeSchedule replaces the waits, and how many there are.
func (f *Retry) takeSchedule(weight Weights, p *deliver.Policy) error {
	if weight("backoff") > weight("schedule") {
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
	if !weight.Overrules("retries", "schedule") {
		p.Retries = len(waits)
	}
	if !weight.Overrules("deadline", "schedule") {
		p.Deadline = 0
	}
	return nil
}

func unknownSchedule(name string) error {
	if p, err := provider.Lookup(name); err == nil {
		return fail.Usage("--schedule %s: %s does not retry by itself", name,
			p.Title).Hint("--schedule 5s,5m,30m, or a provider that does; barb providers lists them")
	}
	return fail.Usage("unknown --schedule %q: name a provider or a list of waits", name).
		Hint(fail.DidYouMean("--schedule ", fail.Nearest(name, provider.ScheduleNames()), "")).
		Hint("--schedule 5s,5m,30m, or a name: " + strings.Join(provider.ScheduleNames(), ", "))
}

// takeUntil lets nothing but a 2xx, a deadline that was given or ^C end the delivery.
func (f *Retry) takeUntil(weight Weights, p *deliver.Policy) {
	p.Retries = math.MaxInt32
	if !weight.Overrules("retry-on", "until-2xx") {
		p.RetryOn = deliver.RetryOn{Any: true}
	}
	if !weight.Overrules("deadline", "until-2xx") {
		p.Deadline = 0
	}
}

// providerPolicy returns the policy of the provider of --as, with those values of p whose flags overrule --as.
func (f *Retry) providerPolicy(weight Weights, p deliver.Policy) (deliver.Policy, error) {
	if f.Provider == nil {
		return p, nil
	}
	played, err := f.Provider.Policy()
	if err == nil {
		err = f.Override.Apply(&played)
	}
	if err != nil {
		return p, err
	}
	overrule(weight, "as", p, &played)
	if within := cmp.Or(f.Override.Connect, f.Provider.Connect); within > 0 && !weight.Overrules("connect-timeout", "as") {
		f.ConnectIn = within
	}
	return played, nil
}

// overrule changes a policy that another flag brings along into what the flags of its own values say, as far as they
// overrule that one.
func overrule(weight Weights, other string, p deliver.Policy, brought *deliver.Policy) {
	for flag, take := range map[string]func(){
		"retries":   func() { brought.Retries = p.Retries },
		"base":      func() { brought.Base = p.Base },
		"max-delay": func() { brought.MaxDelay = p.MaxDelay },
		"jitter":    func() { brought.NoJitter = p.NoJitter },
		"retry-on":  func() { brought.RetryOn = p.RetryOn },
		"timeout":   func() { brought.Timeout = p.Timeout },
		"deadline":  func() { brought.Deadline = p.Deadline },
	} {
		if weight.Overrules(flag, other) {
			take()
		}
	}
	if weight.Overrules("backoff", other) {
		brought.Backoff, brought.Schedule, brought.Vary = p.Backoff, p.Schedule, 0
		if !weight.Overrules("retries", other) && p.Backoff == deliver.Schedule {
			brought.Retries = len(p.Schedule)
		}
	}
}
