package commands

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/act"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/webhooks"
	"github.com/barbhq/barb/units"
)

type eventsSaveOptions struct {
	selector        string
	as              string
	template, force bool
}

func newEventsSave(sh *shell.Shell) *cobra.Command {
	var o eventsSaveOptions
	cmd := &cobra.Command{
		Use:               "save SELECTOR",
		Args:              args(1, 1, "one selector"),
		ValidArgsFunction: sh.CompleteIDs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.selector = args[0]
			return runEventsSave(cmd.Context(), sh, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.as, "as", "", "the name of the sample, `NAME:TYPE`")
	f.BoolVar(&o.template, "template", false, "the body is a template: fill in its {{…}} when it is sent, except "+
		"{{env NAME}}")
	f.BoolVar(&o.force, "force", false, "replace your sample of that name, or hide a built-in one")
	return cmd
}

func runEventsSave(ctx context.Context, sh *shell.Shell, o eventsSaveOptions) error {
	if o.as == "" {
		return fail.Usage("events save needs --as, the name of the event").Hintf("barb events save %s --as "+
			"acme:order.created",
			o.selector)
	}
	actions := act.Actions{Shell: sh}
	sample := act.Sample{Name: o.as, Template: o.template, Force: o.force}
	if err := actions.CheckSample(sample, o.selector); err != nil {
		return err
	}
	w, err := oneCaptured(ctx, sh, o.selector)
	if err != nil {
		return err
	}
	e, err := actions.Sample(ctx, w.ID, sample)
	if err != nil {
		return err
	}
	if sh.JSON {
		return sh.Emit(schema.NewEvent(&e.Event, e.Path))
	}
	sh.Stdout.Line("saved  " + o.as + "  " + units.RoundSize(int64(len(e.Source))) + "  " + ui.EscapeLine(e.Path))
	sh.Say("barb: barb send :3000 --event %s sends it", o.as)
	return nil
}

// oneCaptured returns the webhook of a selector, which must choose one only.
func oneCaptured(ctx context.Context, sh *shell.Shell, selector string) (*webhooks.Webhook, error) {
	found, err := sh.ChosenWebhooks(ctx, []string{selector}, &flags.Filter{}, func(f *store.Filter) { f.Limit = 2 })
	if err != nil {
		return nil, err
	}
	var one *webhooks.Webhook
	for w, err := range found {
		switch {
		case err != nil:
			return nil, err
		case one != nil:
			return nil, fail.Usage("%s selects several webhooks, and an event is made from one",
				selector).Hint("barb events save @ --as acme:order.created")
		}
		one = w
	}
	if one == nil {
		return nil, fail.Usage("nothing in the history matches").Hint("barb history lists what there is")
	}
	return one, nil
}
