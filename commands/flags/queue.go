package flags

import (
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/store"
)

// Queue selects entries of the queue.
type Queue struct {
	all          bool
	States       []string
	target, kind string
	since, until string
	limit        int
}

// AddFlags adds the flags to a command.
func (o *Queue) AddFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&o.all, "all", false, "also entries that are done or cancelled")
	f.StringSliceVar(&o.States, "state", nil, "only these `states`: waiting, leased, done, dead or cancelled")
	f.StringVar(&o.kind, "kind", "", "only this `kind`: forward, message or command")
	f.StringVar(&o.target, "target", "", "only entries for this `URL`")
	f.StringVar(&o.since, "since", "", "only what was queued since this `time` or age: 1h, 7d, 2026-01-20")
	f.StringVar(&o.until, "until", "", "only what was queued until this `time` or age")
	f.IntVarP(&o.limit, "limit", "n", 0, "at most `N` entries; 0: all")
	Complete(cmd, "state", func(string) []string { return stateNames() })
	Complete(cmd, "kind", func(string) []string { return kindNames() })
}

func stateNames() []string {
	return []string{string(store.Waiting), string(store.Leased), string(store.Done), string(store.Dead),
		string(store.Cancelled)}
}

// Parse checks the flags and returns them as the queue takes them. target reads --target into the filter.
func (o *Queue) Parse(now time.Time, target func(string, *store.QueueFilter) error) (f store.QueueFilter,
	err error) {
	f = store.QueueFilter{States: []store.QueueState{store.Waiting, store.Leased, store.Dead}, Limit: o.limit}
	if o.limit < 0 {
		return f, fail.Usage("-n %d is negative", o.limit)
	}
	if o.all || len(o.States) > 0 {
		f.States = nil
	}
	for _, name := range o.States {
		if !slices.Contains(stateNames(), name) {
			return f, fail.Usage("invalid --state %q: choose waiting, leased, done, dead or cancelled",
				name).Hint(fail.DidYouMean("--state ", fail.Nearest(name, stateNames()), "--state dead"))
		}
		f.States = append(f.States, store.QueueState(name))
	}
	if f.Kind, err = parseKind(o.kind); err != nil {
		return f, err
	}
	if err := target(o.target, &f); err != nil {
		return f, err
	}
	f.Since, f.Until, err = parseSpan(o.since, o.until, now)
	return f, err
}

// kindNames returns the names of the kinds of entries, in the order of the kinds.
func kindNames() []string {
	return []string{store.Forward.String(), store.Message.String(), store.Command.String()}
}

// parseKind returns the kind of a name, 0 for "".
func parseKind(s string) (store.QueueKind, error) {
	names := kindNames()
	switch i := slices.Index(names, s); {
	case s == "":
		return 0, nil
	case i >= 0:
		return store.Forward + store.QueueKind(i), nil
	}
	return 0, fail.Usage("invalid --kind %q: choose forward, message or command",
		s).Hint(fail.DidYouMean("--kind ", fail.Nearest(s, names), "--kind message"))
}

// Nothing returns the message for an empty selection. It claims nothing of entries that were not asked for.
func (o *Queue) Nothing() string {
	switch {
	case o.target != "" || o.kind != "" || o.since != "" || o.until != "":
		return "nothing in the queue matches"
	case slices.Equal(o.States, []string{string(store.Dead)}):
		return "there are no dead letters"
	case len(o.States) > 0:
		return "nothing in the queue is " + strings.Join(o.States, " or ")
	case o.all:
		return "the queue is empty"
	}
	return "nothing is waiting in the queue"
}

// Given reports whether the flags select entries, rather than all that is not done.
func (o *Queue) Given() bool {
	return o.all || len(o.States) > 0 || o.target != "" || o.kind != "" || o.since != "" || o.until != ""
}
