package commands

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store"
)

type copyOptions struct {
	since   string
	waiting string
}

// waitingRule reads --waiting.
func waitingRule(asked string) (rule store.WaitingRule, ok bool) {
	switch asked {
	case "":
		return store.RefuseWaiting, true
	case "copy":
		return store.CopyWaiting, true
	case "leave":
		return store.LeaveWaiting, true
	}
	return 0, false
}

func newCopy(sh *shell.Shell) *cobra.Command {
	var o copyOptions
	cmd := &cobra.Command{
		Use: "copy FROM TO",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fail.Usage("copy needs two histories, FROM and TO").
					Hint("barb copy history.db postgres://barb@db.example.com/barb")
			}
			if cmd.Flags().Changed("db") {
				return fail.Usage("copy takes FROM and TO instead of --db").Hint("barb copy FROM TO")
			}
			for i, name := range []string{"FROM", "TO"} {
				if err := shell.CheckPlace(args[i], name); err != nil {
					return err
				}
			}
			return runCopy(cmd.Context(), sh, &o, args[0], args[1])
		},
	}
	cmd.Flags().StringVar(&o.since, "since", "", "only webhooks that began since this `time` or age: 1h, 7d, 2026-01-20")
	cmd.Flags().StringVar(&o.waiting, "waiting", "", "`what` to do with webhooks that wait in the queue: copy or leave")
	flags.Complete(cmd, "waiting", func(string) []string { return []string{"copy", "leave"} })
	return cmd
}

func runCopy(ctx context.Context, sh *shell.Shell, o *copyOptions, from, to string) error {
	rule, ok := waitingRule(o.waiting)
	if !ok {
		return fail.Usage("invalid --waiting %q: choose copy or leave", o.waiting)
	}
	c := &store.Copy{Now: sh.Now(), Waiting: rule}
	if o.since != "" {
		var err error
		if c.Since, err = flags.ParsePast(o.since, c.Now); err != nil {
			return fail.Usage("--since %w", err)
		}
	}
	ctx, stop := sh.Interruptible(ctx)
	defer stop()
	sh.UseHistory(from)
	history, err := sh.ReadHistory(ctx)
	if err != nil {
		return err
	}
	end := func() {}
	if hasFooter(sh) {
		end = startFooter(ctx, sh, func() string {
			return fmt.Sprintf("copied %d of %d exchanges", c.Exchanges.Load(), c.Total.Load())
		})
	}
	err = c.Run(ctx, history, to)
	end()
	if e, ok := errors.AsType[*store.WaitingError](err); ok {
		return waitingInTheWay(e)
	}
	if errors.Is(err, store.ErrFull) {
		return fail.Local("%w", err).Hint("TO is empty as before: make room where it is and copy again, or copy less with " +
			"--since 7d")
	}
	if err != nil {
		return err
	}
	return copied(sh, c, history.Path())
}

// waitingInTheWay tells a person what a copy needs to know, since each of two histories would deliver.
func waitingInTheWay(e *store.WaitingError) error {
	if e.Leased > 0 {
		return fail.Usage("%s; nothing was copied", counted(e.Leased, "webhook of the queue is being delivered",
			"webhooks of the queue are being delivered")).
			Hint("stop barb deliver and barb listen of FROM, wait half a minute, and copy again; " +
				"--waiting leave copies the rest now")
	}
	return fail.Usage("%s; nothing was copied",
		counted(e.Waiting, "webhook waits in the queue", "webhooks wait in the queue")).
		Hint("--waiting copy has the workers of TO deliver them: stop those of FROM first, or each is delivered twice; " +
			"--waiting leave copies the rest")
}

func counted(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}

func copied(sh *shell.Shell, c *store.Copy, from string) error {
	if sh.JSON {
		return sh.Emit(map[string]any{"schema": 1, "from": from, "to": c.To, "exchanges": c.Exchanges.Load(),
			"webhooks": c.Webhooks.Load(), "queue": c.Queued.Load(), "waiting": c.Open.Load(), "left": c.Left.Load(),
			"runs": c.Runs.Load(), "pins": c.Pins.Load(), "notes": c.Notes.Load()})
	}
	sh.Stdout.Printf("copied %s to %s\n", ui.WebhooksOf(c.Webhooks.Load(), c.Exchanges.Load()), ui.EscapeLine(c.To))
	var besides []string
	for _, b := range []struct {
		n         int64
		one, many string
	}{{c.Queued.Load() - c.Open.Load(), "ended entry of the queue", "ended entries of the queue"},
		{c.Open.Load(), "webhook that waits in it", "webhooks that wait in it"}, {c.Runs.Load(), "run", "runs"},
		{c.Pins.Load(), "pinned secret", "pinned secrets"}, {c.Notes.Load(), "note or pin", "notes and pins"}} {
		if b.n > 0 {
			besides = append(besides, counted(b.n, b.one, b.many))
		}
	}
	if len(besides) > 0 {
		sh.Stdout.Printf("with %s\n", strings.Join(besides, ", "))
	}
	if n := c.Left.Load(); n > 0 {
		sh.Say("barb: left in the queue of %s: %s", ui.EscapeLine(from), ui.Count(int(n), "webhook"))
	}
	return nil
}
