package commands

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/advice"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver/fixture"
	"github.com/barbhq/barb/deliver/payload"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
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
	name, eventType, ok := payload.ParseName(o.as)
	switch {
	case o.as == "":
		return fail.Usage("events save needs --as, the name of the event").Hintf("barb events save %s --as "+
			"acme:order.created",
			o.selector)
	case !ok:
		return fail.Usage("--as %q is not NAME:TYPE: letters, digits, dots, hyphens, and in the type slashes",
			o.as).Hint("--as acme:order.created")
	}
	if err := checkFree(sh, o, name, eventType); err != nil {
		return err
	}
	x, err := oneCaptured(ctx, sh, o.selector)
	if err != nil {
		return err
	}
	meta, err := envelope(sh, x, o)
	if err != nil {
		return err
	}
	e, err := sh.Samples().Save(name, eventType, x.Request.Body, meta, o.force)
	if err != nil {
		return err
	}
	if sh.JSON {
		return sh.Emit(schema.NewEvent(&e.Event, e.Path))
	}
	sh.Stdout.Line("saved  " + o.as + "  " + units.RoundSize(int64(len(x.Request.Body))) + "  " + ui.EscapeLine(e.Path))
	sh.Say("barb: barb send :3000 --event %s sends it", o.as)
	return nil
}

// checkFree refuses a name that an own or a built-in event has.
func checkFree(sh *shell.Shell, o eventsSaveOptions, name, eventType string) error {
	if o.force {
		return nil
	}
	taken, isOwn, err := sh.Samples().Load(name, eventType)
	switch {
	case err != nil:
		return err
	case isOwn:
		return fail.Usage("%s already exists: %s", o.as, taken.Path).Hintf("barb events save %s --as %s-2, or --force",
			o.selector, o.as)
	}
	if _, found := fixture.Find(name, eventType); found {
		return fail.Usage("%s is a built-in event", o.as).Hintf("barb events save %s --as %s:my-%s, or "+
			"--force to use yours instead", o.selector, name, filepath.Base(eventType))
	}
	return nil
}

// oneCaptured returns the exchange of a selector, which must choose one only.
func oneCaptured(ctx context.Context, sh *shell.Shell, selector string) (*record.Exchange, error) {
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
	return sh.History.Get(ctx, one.Last().ID)
}

// envelope returns what is kept of a captured webhook besides its body.
func envelope(sh *shell.Shell, x *record.Exchange, o eventsSaveOptions) (payload.Meta, error) {
	if err := advice.Whole(x); err != nil {
		return payload.Meta{}, err
	}
	scheme, _ := sh.File.Catalog().Lookup(x.Scheme)
	inBody := func(m record.Mask) bool { return m.Part == "body" }
	proving := func(m record.Mask) bool { return m.Part == "body" && m.Proof != "" }
	switch {
	case sh.Redactor.IsMaskedOld(x) && scheme.InBody() || slices.ContainsFunc(x.Masks, proving):
		return payload.Meta{}, fail.Usage("webhook %d contains the secret itself in its body, which the history "+
			"does not store", x.ID)
	case slices.ContainsFunc(x.Masks, inBody):
		return payload.Meta{}, fail.Usage("the history does not store the whole body of webhook %d: barb show %d says "+
			"what is missing", x.ID, x.ID)
	}
	meta := payload.MetaOf(x, record.EventToSend(x.EventType), scheme)
	if o.template {
		if err := meta.AsTemplate(x.Request.Body); err != nil {
			return meta, fail.Usage("the body of %d is not a valid template: %w", x.ID,
				err).Hint("without --template it is sent unchanged")
		}
	}
	return meta, nil
}
