package commands

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver/fixture"
	"github.com/barbhq/barb/deliver/payload"
)

type eventsShowOptions struct {
	name      string
	template  bool
	seed      *uint64
	timestamp string
}

func newEvents(sh *shell.Shell) *cobra.Command {
	cmd := &cobra.Command{
		Use:               "events [PROVIDER]",
		Args:              args(0, 1, "one provider at most"),
		ValidArgsFunction: completeOne(func(string) []string { return fixture.Providers() }),
		RunE:              func(_ *cobra.Command, args []string) error { return runEventsList(sh, args) },
	}
	list := &cobra.Command{Use: "list [PROVIDER]", Args: cmd.Args,
		ValidArgsFunction: cmd.ValidArgsFunction,
		RunE:              cmd.RunE}
	cmd.AddCommand(list, newEventsShow(sh), newEventsSave(sh))
	return cmd
}

func runEventsList(sh *shell.Shell, args []string) error {
	events, err := sh.Samples().Listed(args)
	if err != nil {
		return err
	}
	own := slices.ContainsFunc(events, payload.Sample.IsOwn)
	head := []string{"EVENT", "SCHEME", "ABOUT"}
	if own {
		head = append(head, "SOURCE")
	}
	var rows [][]string
	for _, e := range events {
		if sh.JSON {
			if err := sh.Emit(schema.NewEvent(&e.Event, e.Path)); err != nil {
				return err
			}
			continue
		}
		row := []string{e.String(), ui.EscapeLine(e.Scheme), e.About}
		if own {
			row = append(row, map[bool]string{true: "own", false: "barb"}[e.IsOwn()])
		}
		rows = append(rows, row)
	}
	if !sh.JSON {
		sh.Stdout.Table(head, rows)
	}
	return nil
}

func newEventsShow(sh *shell.Shell) *cobra.Command {
	var o eventsShowOptions
	cmd := &cobra.Command{
		Use:               "show PROVIDER:TYPE",
		Args:              args(1, 1, "one PROVIDER:TYPE"),
		ValidArgsFunction: completeOne(func(prefix string) []string { return sh.Samples().Complete(prefix) }),
		RunE: func(_ *cobra.Command, args []string) error {
			o.name = args[0]
			return runEventsShow(sh, o)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.template, "template", false, "print the template itself")
	f.Var(flags.Seed(&o.seed), "seed", "repeat the random values of another run (default: a new seed)")
	f.StringVar(&o.timestamp, "timestamp", "now", "take this `time` for now: RFC 3339, Unix seconds or now")
	return cmd
}

func runEventsShow(sh *shell.Shell, o eventsShowOptions) error {
	e, err := sh.Samples().Named(o.name)
	if err != nil {
		return err
	}
	if o.template {
		return printEvent(sh, e, fixture.Payload{Body: e.Source, Header: e.Header}, nil)
	}
	values := (&flags.Change{Seed: o.seed}).Values(sh.Now(), sh.Rand, sh.TemplateEnv())
	if values.Now, err = flags.ParseTime(o.timestamp, sh.Now()); err != nil {
		return fail.Usage("--timestamp %w", err)
	}
	if !e.MayReadEnv() {
		values.Env = nil
	}
	draft, err := e.Draft()
	if err != nil {
		return fail.Usage("%s: %w", e.Origin(), err)
	}
	p, err := draft.Render(values)
	if err != nil {
		return fail.Usage("%s: %w", e.Origin(), err)
	}
	seed := &values.Seed
	if e.Plain {
		seed = nil
	}
	return printEvent(sh, e, p, seed)
}

// printEvent prints a payload, to a terminal escaped and with a line break behind it.
func printEvent(sh *shell.Shell, e payload.Sample, p fixture.Payload, seed *uint64) error {
	if sh.JSON {
		out := schema.NewEvent(&e.Event, e.Path)
		out.Render(&p, seed)
		return sh.Emit(out)
	}
	if sh.OutTerminal {
		sh.Stdout.Line(ui.Escape(strings.TrimRight(string(p.Body), "\r\n")))
		return nil
	}
	sh.Stdout.Printf("%s", p.Body)
	return nil
}

// completeOne completes the first argument, which has no other behind it.
func completeOne(names func(prefix string) []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, given []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if len(given) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return names(prefix), cobra.ShellCompDirectiveNoFileComp
	}
}
