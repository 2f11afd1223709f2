package commands

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store"
)

// queueOptions select entries of the queue.
type queueOptions struct {
	all          bool
	states       []string
	target, kind string
	since, until string
	limit        int
}

func newQueue(sh *shell) *cobra.Command {
	var o queueOptions
	cmd := &cobra.Command{
		Use:   "queue [list]",
		Short: "Show what waits to be delivered, and decide about it",
		Long: `Shows what is yet to be delivered, and what was given up (dead): messages of
barb send --queue, which barb deliver sends, and forwards of barb listen --queue or
--mode ack, which a listener with the same --forward-to sends. What is in the queue
survives the process that put it there.`,
		Example: `  barb queue
  barb queue show 3
  barb queue retry 3
  barb queue dead
  barb queue --kind message --target https://api.example.com/hooks
  barb queue cancel 3..7
  barb queue --all --json --jq 'select(.state == "dead") | .why'`,
		Args: args(0, 0, "no arguments, only filters"),
		RunE: func(cmd *cobra.Command, _ []string) error { return runQueueList(cmd.Context(), sh, o) },
	}
	list := &cobra.Command{Use: "list", Short: "List what waits, and what is dead",
		Args:    args(0, 0, "no arguments, only filters"),
		Example: "  barb queue list --state waiting --target localhost:3000", RunE: cmd.RunE}
	for _, c := range []*cobra.Command{cmd, list} {
		o.addFlags(c)
	}
	cmd.AddCommand(list, newQueueDead(sh), newQueueShow(sh),
		newQueueChange(sh, "retry", "Deliver entries at once, the dead and the cancelled ones anew", "retried",
			func(ctx context.Context, s *store.Store, f store.QueueFilter, now time.Time) (int64, error) {
				return s.Retry(ctx, f, now)
			}),
		newQueueChange(sh, "cancel", "Do not deliver entries", "cancelled",
			func(ctx context.Context, s *store.Store, f store.QueueFilter, now time.Time) (int64, error) {
				return s.Cancel(ctx, f, now)
			}),
		newQueueChange(sh, "purge", "Forget entries that have ended; the history keeps what was sent", "forgotten",
			func(ctx context.Context, s *store.Store, f store.QueueFilter, _ time.Time) (int64, error) {
				return s.Purge(ctx, f)
			}))
	return cmd
}

func (o *queueOptions) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&o.all, "all", false, "also what is done or was cancelled")
	f.StringSliceVar(&o.states, "state", nil, "only entries that are waiting, leased, done, dead or cancelled (a `list`)")
	f.StringVar(&o.kind, "kind", "", "only forwards, messages or commands: `forward|message|command`")
	f.StringVar(&o.target, "target", "", "only those for this `URL`, as it was asked for")
	f.StringVar(&o.since, "since", "", "only what was put in since this `time` or age: 1h, 7d, 2026-01-20")
	f.StringVar(&o.until, "until", "", "only what was put in until this `time` or age")
	f.IntVarP(&o.limit, "limit", "n", 0, "at most so many; 0 is all")
	flags.Complete(cmd, "state", func(string) []string { return stateNames() })
	flags.Complete(cmd, "kind", func(string) []string { return kindNames() })
}

func stateNames() []string {
	return []string{string(store.Waiting), string(store.Leased), string(store.Done), string(store.Dead),
		string(store.Cancelled)}
}

// filter checks the flags and returns them as the queue takes them.
func (o *queueOptions) filter(sh *shell) (f store.QueueFilter, err error) {
	f = store.QueueFilter{States: []store.QueueState{store.Waiting, store.Leased, store.Dead}, Limit: o.limit}
	if o.limit < 0 {
		return f, fail.Usage("-n %d is negative", o.limit)
	}
	if o.all {
		f.States = nil
	}
	if len(o.states) > 0 {
		f.States = nil
	}
	for _, name := range o.states {
		if !isState(name) {
			return f, fail.Usage("--state %q is none of waiting, leased, done, dead, cancelled",
				name).Hint(fail.DidYouMean("--state ", fail.Nearest(name, stateNames()), "--state dead"))
		}
		f.States = append(f.States, store.QueueState(name))
	}
	if f.Kind, err = parseKind(o.kind); err != nil {
		return f, err
	}
	f.Target = o.target
	if program, isCommand := strings.CutPrefix(o.target, commandPrefix); isCommand {
		f.TargetGlob = commandGlob(program)
	} else if o.target != "" {
		if f.Target, err = flags.Target(o.target); err != nil {
			return f, fail.Usage("--target %q: %w", flags.WithoutUser(o.target), err)
		}
	}
	for _, moment := range []struct {
		flag, text string
		at         *time.Time
	}{{"since", o.since, &f.Since}, {"until", o.until, &f.Until}} {
		if moment.text == "" {
			continue
		}
		if *moment.at, err = flags.ParsePast(moment.text, sh.Now()); err != nil {
			return f, fail.Usage("--%s %w", moment.flag, err)
		}
	}
	return f, nil
}

// commandGlob matches the targets of commands whose program has a name, or a path.
func commandGlob(program string) string {
	plain := strings.NewReplacer("[", "[[]", "*", "[*]", "?", "[?]").Replace(program)
	if !strings.HasPrefix(program, "/") {
		plain = "*/" + plain
	}
	return commandPrefix + plain + commandFolder + "*"
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
	return 0, fail.Usage("--kind %q is none of forward, message, command",
		s).Hint(fail.DidYouMean("--kind ", fail.Nearest(s, names), "--kind message"))
}

func isState(name string) bool {
	for _, s := range stateNames() {
		if s == name {
			return true
		}
	}
	return false
}

func runQueueList(ctx context.Context, sh *shell, o queueOptions) error {
	filter, err := o.filter(sh)
	if err != nil {
		return err
	}
	history, err := sh.readHistory(ctx)
	if err != nil {
		return err
	}
	entries, err := history.Queue(ctx, filter)
	if err != nil {
		return err
	}
	if sh.json {
		for _, q := range entries {
			if err := sh.emit(schema.NewQueued(q)); err != nil {
				return err
			}
		}
		return nil
	}
	if len(entries) == 0 {
		sh.say("barb: %s", o.nothing())
	}
	sh.queueTable(entries)
	return nil
}

// nothing says that no entry was selected. What was not asked for may be there.
func (o *queueOptions) nothing() string {
	switch {
	case o.target != "" || o.kind != "" || o.since != "" || o.until != "":
		return "nothing in the queue matches"
	case slices.Equal(o.states, []string{string(store.Dead)}):
		return "there are no dead letters"
	case len(o.states) > 0:
		return "nothing in the queue is " + strings.Join(o.states, " or ")
	case o.all:
		return "the queue is empty"
	}
	return "nothing waits in the queue"
}

func (sh *shell) queueTable(entries []*store.Queued) {
	now := sh.Now()
	rows := make([][]string, 0, len(entries))
	for _, q := range entries {
		rows = append(rows, []string{strconv.FormatInt(q.ID, 10), q.Kind.String(), strconv.FormatInt(q.Thread, 10),
			ui.When(q.Created, now), ui.EscapeLine(targetName(q.Kind, q.Target)),
			stateWord(q), strconv.Itoa(q.Attempts), whenDue(q, now), ui.Clip(q.Why, 60)})
	}
	sh.out.Table([]string{"ID", "KIND", "WEBHOOK", "SINCE", "TARGET", "STATE", "TRIES", "NEXT", "WHY"}, rows)
}

func stateWord(q *store.Queued) string {
	if q.State == store.Waiting && q.Blocked {
		return "waiting its turn"
	}
	return string(q.State)
}

// whenDue is when an entry that waits is tried next.
func whenDue(q *store.Queued, now time.Time) string {
	switch {
	case q.State == store.Leased && q.Due.After(now):
		return "now"
	case q.State != store.Waiting && q.State != store.Leased || q.Blocked:
		return ""
	case !q.Due.After(now):
		return "due"
	}
	return "in " + ui.Duration(q.Due.Sub(now))
}

func newQueueDead(sh *shell) *cobra.Command {
	return &cobra.Command{Use: "dead", Short: "List the dead letters: what will not be tried again",
		Args:    args(0, 0, "no arguments"),
		Example: "  barb queue dead\n  barb queue dead --json --jq .thread",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runQueueList(cmd.Context(), sh, queueOptions{states: []string{string(store.Dead)}})
		}}
}

func newQueueShow(sh *shell) *cobra.Command {
	return &cobra.Command{Use: "show ID", Short: "Show an entry and its attempts", Args: args(1, 1, "the id of an entry"),
		Example: "  barb queue show 3",
		RunE:    func(cmd *cobra.Command, args []string) error { return runQueueShow(cmd.Context(), sh, args[0]) }}
}

func runQueueShow(ctx context.Context, sh *shell, text string) error {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fail.Usage("%q is not the id of an entry", text).Hint("barb queue lists them")
	}
	history, err := sh.readHistory(ctx)
	if err != nil {
		return err
	}
	q, err := history.GetQueued(ctx, id)
	if err != nil {
		return err
	}
	if sh.json {
		return sh.emit(schema.NewQueued(q))
	}
	order := "with others, whenever it is due"
	if q.Order != "" {
		order = ui.Clip(q.Order, 200)
	}
	sh.out.Pairs([][2]string{
		{"id", strconv.FormatInt(q.ID, 10)},
		{"kind", q.Kind.String()},
		{"webhook", strconv.FormatInt(q.Thread, 10) + "  (barb show " + strconv.FormatInt(q.Thread, 10) + " --attempts)"},
		{"target", ui.EscapeLine(q.Target)},
		{"state", stateWord(q)},
		{"next", whenDue(q, sh.Now())},
		{"attempts", strconv.Itoa(q.Attempts)},
		{"why", ui.Clip(q.Why, 300)},
		{"since", q.Created.Local().Format("2006-01-02 15:04:05.000 -07:00")},
		{"in order", order},
		{"policy", ui.EscapeLine(shownPlan(q.Policy))},
	})
	return nil
}

// newQueueChange makes a command that does something to the entries it is given, or to all that a filter selects.
func newQueueChange(sh *shell, name, short, done string, do func(context.Context, *store.Store, store.QueueFilter,
	time.Time) (int64, error)) *cobra.Command {
	var o queueOptions
	cmd := &cobra.Command{
		Use: name + " ID…", Short: short,
		Example: "  barb queue " + name + " 3\n  barb queue " + name + " 3..7\n  barb queue " + name + " --state dead",
		RunE: func(cmd *cobra.Command, ids []string) error {
			filter, err := o.filter(sh)
			if err != nil {
				return err
			}
			if filter.IDs, err = queueIDs(ids); err != nil {
				return err
			}
			given := len(ids) > 0 || o.all || len(o.states) > 0 || o.target != "" || o.kind != "" || o.since != "" ||
				o.until != ""
			if !given {
				return fail.Usage("barb queue %s needs the ids of entries, or a filter", name).Hintf("barb queue %s --all", name)
			}
			if len(o.states) == 0 {
				filter.States = nil
			}
			return sh.changeQueue(cmd.Context(), filter, done, do)
		},
	}
	o.addFlags(cmd)
	return cmd
}

func (sh *shell) changeQueue(ctx context.Context, f store.QueueFilter, done string,
	do func(context.Context, *store.Store, store.QueueFilter, time.Time) (int64, error)) error {
	history, err := sh.readHistory(ctx)
	if err != nil {
		return err
	}
	for _, r := range f.IDs {
		if r.From == r.To {
			if _, err := history.GetQueued(ctx, r.From); err != nil {
				return err
			}
		}
	}
	n, err := do(ctx, history, f, sh.Now())
	if err != nil {
		return err
	}
	if sh.json {
		return sh.emit(map[string]any{"schema": 1, done: n})
	}
	sh.out.Printf("%d %s\n", n, done)
	return nil
}

// queueIDs reads ids and ranges of the queue.
func queueIDs(texts []string) (ranges []store.Range, err error) {
	for _, text := range texts {
		sel, err := flags.ParseSelector(text)
		if err != nil || sel.IDs.From == 0 {
			return nil, fail.Usage("%q is neither the id of an entry (3) nor a range (3..7)", text).Hint("barb queue lists them")
		}
		ranges = append(ranges, sel.IDs)
	}
	return ranges, nil
}
