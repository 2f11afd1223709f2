package commands

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver/fixture"
	"github.com/barbhq/barb/deliver/payload"
	"github.com/barbhq/barb/sign/catalog"
)

type eventsShowOptions struct {
	name      string
	template  bool
	seed      *uint64
	timestamp string
}

func newEvents(sh *shell) *cobra.Command {
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

func runEventsList(sh *shell, args []string) error {
	events, err := sh.listedEvents(args)
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
		if sh.json {
			if err := sh.emit(schema.NewEvent(&e.Event, e.Path)); err != nil {
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
	if !sh.json {
		sh.out.Table(head, rows)
	}
	return nil
}

// listedEvents returns the sample events of a provider, or all: the user's own first. An own event hides the built-in
// event of the same name.
func (sh *shell) listedEvents(args []string) ([]payload.Sample, error) {
	name, providers := "", fixture.Providers()
	if len(args) > 0 {
		name = sh.samples().Provider(args[0])
		if _, _, ok := payload.ParseName(name + ":x"); !ok {
			return nil, fail.Usage("%q is not the name of a provider", name).Hint(nearestEventHint(name))
		}
		providers = []string{name}
	}
	own, err := sh.ownEvents(name)
	if err != nil {
		return nil, err
	}
	names := eventNames(own)
	events := slices.DeleteFunc(payload.BuiltIn(providers...),
		func(e payload.Sample) bool { return slices.Contains(names, e.String()) })
	if len(own)+len(events) == 0 {
		all, err := sh.ownEvents("")
		if err != nil {
			return nil, err
		}
		return nil, sh.noProvider(name, all)
	}
	return slices.Concat(own, events), nil
}

func nearestEventHint(text string) string {
	if strings.Contains(text, ":") {
		return "barb events show " + text
	}
	return "barb events lists them"
}

func newEventsShow(sh *shell) *cobra.Command {
	var o eventsShowOptions
	cmd := &cobra.Command{
		Use:               "show PROVIDER:TYPE",
		Args:              args(1, 1, "one PROVIDER:TYPE"),
		ValidArgsFunction: completeOne(sh.sampleNames),
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

func runEventsShow(sh *shell, o eventsShowOptions) error {
	e, err := sh.findEvent(o.name)
	if err != nil {
		return err
	}
	if o.template {
		return sh.printEvent(e, fixture.Payload{Body: e.Source, Header: e.Header}, nil)
	}
	values := (&flags.Change{Seed: o.seed}).Values(sh.Now(), sh.Rand, sh.templateEnv)
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
	return sh.printEvent(e, p, seed)
}

// printEvent prints a payload, to a terminal escaped and with a line break behind it.
func (sh *shell) printEvent(e payload.Sample, p fixture.Payload, seed *uint64) error {
	if sh.json {
		out := schema.NewEvent(&e.Event, e.Path)
		out.Render(&p, seed)
		return sh.emit(out)
	}
	if sh.OutTerminal {
		sh.out.Line(ui.Escape(strings.TrimRight(string(p.Body), "\r\n")))
		return nil
	}
	sh.out.Printf("%s", p.Body)
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

// sampleNames completes PROVIDER:TYPE.
func (sh *shell) sampleNames(prefix string) (names []string) {
	own, _ := sh.ownEvents("") // a completion shows no error
	for _, e := range slices.Concat(own, payload.BuiltIn(fixture.Providers()...)) {
		if strings.HasPrefix(e.String(), prefix) {
			names = append(names, e.String()+"\t"+cmp.Or(e.About, e.Scheme))
		}
	}
	return names
}

// samples finds sample events: the user's own are in the folder of the configuration.
func (sh *shell) samples() payload.Samples {
	return payload.Samples{Dir: filepath.Join(sh.configHome(), "barb", "events"), Lookup: catalog.Lookup}
}

// ownEvents returns the user's own sample events of a provider, or of all with "".
func (sh *shell) ownEvents(provider string) ([]payload.Sample, error) {
	own, err := sh.samples().Own(provider)
	if err != nil {
		return nil, fail.Local("%w", err)
	}
	return own, nil
}

// findEvent finds PROVIDER:TYPE: the user's own sample event, else the built-in one.
func (sh *shell) findEvent(text string) (payload.Sample, error) {
	name, eventType, ok := payload.ParseName(text)
	if provider := sh.samples().Provider(text); !ok && slices.Contains(fixture.Providers(), provider) {
		names := eventNames(payload.BuiltIn(provider))
		return payload.Sample{}, fail.Usage("--event %s: which event of %s?", text, provider).
			Hint("--event " + strings.Join(names, ", "))
	}
	if !ok {
		return payload.Sample{}, fail.Usage("%q is not PROVIDER:TYPE",
			text).Hint("barb events lists them; with -d, --event is the event type")
	}
	e, found, err := sh.samples().Find(name, eventType)
	if err == nil && !found {
		err = sh.noEvent(text, sh.samples().Provider(name))
	}
	return e, err
}

// noEvent returns the error for an unknown sample event, with the nearest names.
func (sh *shell) noEvent(text, provider string) error {
	own, err := sh.ownEvents("")
	if err != nil {
		return err
	}
	known := eventNames(slices.Concat(own, payload.BuiltIn(fixture.Providers()...)))
	if p, ok := fixture.Lookup(provider); ok {
		return fail.Usage("%s: there is no such sample event of %s", text, p.Title).
			Hint(fail.DidYouMean("", fail.Nearest(text, known), "barb events "+provider+" lists them"))
	}
	name, _, _ := strings.Cut(text, ":")
	return sh.noProvider(name, own)
}

// noProvider returns the error for a provider without sample events, with the nearest names.
func (sh *shell) noProvider(name string, own []payload.Sample) error {
	known := fixture.Providers()
	for _, e := range own {
		known = append(known, e.Provider)
	}
	slices.Sort(known)
	return fail.Usage("there are no sample events of %q", name).
		Hint(fail.DidYouMean("barb events ", fail.Nearest(strings.ToLower(name), slices.Compact(known)),
			"barb events lists them; with -d, --event is the event type"))
}

func eventNames(events []payload.Sample) []string {
	names := make([]string, len(events))
	for i, e := range events {
		names[i] = e.String()
	}
	return names
}
