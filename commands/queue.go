package commands

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/queued"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/store"
)

// onlyFilters refuses arguments. An id is of barb queue show.
func onlyFilters(cmd *cobra.Command, given []string) error {
	if len(given) > 0 {
		if _, err := strconv.ParseUint(given[0], 10, 63); err == nil {
			return fail.Usage("barb queue lists entries, and takes no id").Hintf("barb queue show %s", given[0])
		}
	}
	return args(0, 0, "no arguments, only filters")(cmd, given)
}

func newQueue(sh *shell.Shell) *cobra.Command {
	var o flags.Queue
	cmd := &cobra.Command{
		Use:  "queue [list]",
		Args: onlyFilters,
		RunE: func(cmd *cobra.Command, _ []string) error { return runQueueList(cmd.Context(), sh, o) },
	}
	list := &cobra.Command{Use: "list",
		Args: onlyFilters,
		RunE: cmd.RunE}
	o.AddFlags(cmd)
	o.AddFlags(list)
	cmd.AddCommand(list, newQueueDead(sh), newQueueShow(sh))
	for _, change := range queued.Changes {
		cmd.AddCommand(newQueueChange(sh, change))
	}
	return cmd
}

// queueTarget selects the entries of a target: an address, or exec: and a program.
func queueTarget(text string, f *store.QueueFilter) (err error) {
	if program, isCommand := strings.CutPrefix(text, gateway.CommandPrefix); isCommand {
		f.Target, f.TargetGlob = text, commandGlob(program)
	} else if text != "" {
		if f.Target, err = flags.Target(text); err != nil {
			return fail.Usage("--target %q: %w", flags.WithoutUser(text), err)
		}
	}
	return nil
}

// commandGlob matches the targets of commands whose program has a name, or a path.
func commandGlob(program string) string {
	plain := strings.NewReplacer("[", "[[]", "*", "[*]", "?", "[?]").Replace(program)
	if !strings.HasPrefix(program, "/") {
		plain = "*/" + plain
	}
	return gateway.CommandPrefix + plain + gateway.CommandFolder + "*"
}

func runQueueList(ctx context.Context, sh *shell.Shell, o flags.Queue) error {
	filter, err := o.Parse(sh.Now(), queueTarget)
	if err != nil {
		return err
	}
	history, err := sh.ReadHistory(ctx)
	if err != nil {
		return err
	}
	entries, err := worker.Entries(ctx, history, filter, sh.Now())
	if err != nil {
		return err
	}
	if sh.JSON {
		for _, q := range entries {
			if err := sh.Emit(schema.NewQueued(q)); err != nil {
				return err
			}
		}
		return nil
	}
	if len(entries) == 0 {
		sh.Say("barb: %s", o.Nothing())
	}
	sh.Stdout.Queue(entries, sh.Now(), queued.Target)
	for _, text := range ui.Takers(entries, sh.Now()) {
		sh.Say("barb: %s", text)
	}
	return nil
}

func newQueueDead(sh *shell.Shell) *cobra.Command {
	return &cobra.Command{Use: "dead",
		Args: args(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runQueueList(cmd.Context(), sh, flags.Queue{States: []string{string(store.Dead)}})
		}}
}

func newQueueShow(sh *shell.Shell) *cobra.Command {
	return &cobra.Command{Use: "show ID", Args: args(1, 1, "the id of an entry"), ValidArgsFunction: sh.CompleteQueued,
		RunE: func(cmd *cobra.Command, args []string) error { return runQueueShow(cmd.Context(), sh, args[0]) }}
}

func runQueueShow(ctx context.Context, sh *shell.Shell, text string) error {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fail.Usage("%q is not the id of an entry", text).Hint("barb queue lists them")
	}
	history, err := sh.ReadHistory(ctx)
	if err != nil {
		return err
	}
	q, err := queued.Get(ctx, history, id, sh.Now())
	if err != nil {
		return err
	}
	if sh.JSON {
		return sh.Emit(schema.NewQueued(q))
	}
	attempts, err := queued.Attempts(ctx, history, q)
	if err != nil {
		return err
	}
	sh.Stdout.QueueEntry(q, sh.Now(), shownPlan(q.Policy), attempts)
	return nil
}

// newQueueChange makes a command that does something to the entries it is given, or to all that a filter selects.
func newQueueChange(sh *shell.Shell, change queued.Change) *cobra.Command {
	var o flags.Queue
	cmd := &cobra.Command{
		Use: change.Name + " ID…", ValidArgsFunction: sh.CompleteQueued,
		RunE: func(cmd *cobra.Command, ids []string) error {
			filter, err := o.Parse(sh.Now(), queueTarget)
			if err != nil {
				return err
			}
			if filter.IDs, err = queueIDs(ids); err != nil {
				return err
			}
			if len(ids) == 0 && !o.Given() {
				return fail.Usage("queue %s needs the ids of entries, or a filter", change.Name).Hintf(
					"barb queue lists the ids; barb queue %s --all takes every entry", change.Name)
			}
			if len(o.States) == 0 {
				filter.States = nil
			}
			return changeQueue(cmd.Context(), sh, filter, change)
		},
	}
	o.AddFlags(cmd)
	return cmd
}

func changeQueue(ctx context.Context, sh *shell.Shell, f store.QueueFilter, change queued.Change) error {
	history, err := sh.ReadHistory(ctx)
	if err != nil {
		return err
	}
	r, err := change.Apply(ctx, history, f, sh.Now())
	if err != nil {
		return err
	}
	for _, note := range r.Notes {
		sh.Say("barb: %s", note)
	}
	for _, hint := range r.Hints {
		sh.Say("hint: %s", hint)
	}
	if sh.JSON {
		line := map[string]any{"schema": 1, change.Done: r.Changed}
		if r.Behind > 0 {
			line["behind"] = r.Behind
		}
		return sh.Emit(line)
	}
	sh.Stdout.Printf("%d %s\n", r.Changed, change.Done)
	return nil
}

// queueIDs reads ids and ranges of the queue.
func queueIDs(texts []string) (ranges []store.Range, err error) {
	for _, text := range texts {
		sel, err := flags.ParseSelector(text)
		if err != nil || sel.IDs.From == 0 {
			return nil, fail.Usage("%q is not the id of an entry (3) or a range (3..7)", text).Hint("barb queue lists them")
		}
		ranges = append(ranges, sel.IDs)
	}
	return ranges, nil
}
