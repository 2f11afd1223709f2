// Package remark is barb pin, barb unpin, barb note: the words of a person about webhooks.
package remark

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/act"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/infile"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/webhooks"
)

// NewPin makes barb pin.
func NewPin(sh *shell.Shell) *cobra.Command { return newPinning(sh, "pin", true) }

// NewUnpin makes barb unpin.
func NewUnpin(sh *shell.Shell) *cobra.Command { return newPinning(sh, "unpin", false) }

func newPinning(sh *shell.Shell, name string, pinned bool) *cobra.Command {
	var chosen flags.Filter
	cmd := &cobra.Command{
		Use:               name + " SELECTOR…",
		ValidArgsFunction: sh.CompleteIDs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && !chosen.Given() {
				return fail.Usage("%s needs to know which webhooks", name).Hintf("barb %s @ is the newest one", name)
			}
			return pin(cmd.Context(), sh, args, &chosen, pinned)
		},
	}
	chosen.AddFlags(cmd, sh.SchemeNames, sh.CompleteEvents)
	return cmd
}

// pin pins the webhooks that are chosen, or unpins them.
func pin(ctx context.Context, sh *shell.Shell, selectors []string, chosen *flags.Filter, pinned bool) error {
	found, err := sh.ChosenWebhooks(ctx, selectors, chosen, func(f *store.Filter) { f.OldestFirst = true })
	if err != nil {
		return err
	}
	var ids []int64 // read whole first: a list that is read while it is changed may repeat rows
	for w, err := range found {
		if err != nil {
			return err
		}
		ids = append(ids, w.ID)
	}
	if len(ids) == 0 {
		return fail.Usage("nothing in the history matches").Hint("barb history lists what there is")
	}
	actions := act.Actions{Shell: sh}
	for _, id := range ids {
		if err := actions.Pin(ctx, id, pinned); err != nil {
			return err
		}
		if err := done(ctx, sh, id, map[bool]string{true: "pinned", false: "unpinned"}[pinned]); err != nil {
			return err
		}
	}
	return nil
}

// done says what was done with a webhook. JSON is the webhook as it is now.
func done(ctx context.Context, sh *shell.Shell, id int64, what string) error {
	if !sh.JSON {
		sh.Stdout.Printf("%s %d\n", what, id)
		return nil
	}
	w, err := webhooks.Get(ctx, sh.History, id, sh.Now())
	if err != nil {
		return err
	}
	return sh.EmitWebhook(ctx, w, export.With{})
}

// NewNote makes barb note.
func NewNote(sh *shell.Shell) *cobra.Command {
	remove := false
	cmd := &cobra.Command{
		Use:               "note SELECTOR [TEXT]",
		ValidArgsFunction: sh.CompleteIDs,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0 || len(args) > 2:
				return fail.Usage("note needs a webhook and a text in quotes").Hint(`barb note @ "retry after the fix"`)
			case remove && len(args) == 2:
				return fail.Usage("--remove goes without a text").Hint("barb note " + args[0] + " --remove")
			}
			return note(cmd.Context(), sh, args, remove)
		},
	}
	cmd.Flags().BoolVar(&remove, "remove", false, "remove the note")
	return cmd
}

// note writes, removes or prints the note on one webhook.
func note(ctx context.Context, sh *shell.Shell, args []string, remove bool) error {
	w, err := one(ctx, sh, args[0])
	if err != nil {
		return err
	}
	switch {
	case len(args) == 1 && !remove && sh.JSON:
		return done(ctx, sh, w.ID, "")
	case len(args) == 1 && !remove && w.Remark.Note == "":
		return fail.Usage("webhook %d has no note", w.ID).Hintf(`barb note %d "TEXT" writes one`, w.ID)
	case len(args) == 1 && !remove:
		sh.Stdout.Line(ui.Escape(w.Remark.Note))
		return nil
	}
	text, what := "", "removed the note on"
	if !remove {
		if text, what = args[1], "noted"; text == "-" {
			all, err := infile.ReadAll(sh.In, act.MaxNote, "stdin")
			if err != nil {
				return err
			}
			text = string(all)
		}
	}
	if err := (&act.Actions{Shell: sh}).Note(ctx, w.ID, text); err != nil {
		return err
	}
	return done(ctx, sh, w.ID, what)
}

// one returns the webhook that a selector names.
func one(ctx context.Context, sh *shell.Shell, selector string) (*webhooks.Webhook, error) {
	found, err := sh.ChosenWebhooks(ctx, []string{selector}, &flags.Filter{}, func(*store.Filter) {})
	if err != nil {
		return nil, err
	}
	var chosen *webhooks.Webhook
	for w, err := range found {
		switch {
		case err != nil:
			return nil, err
		case chosen != nil:
			return nil, fail.Usage("%s is several webhooks; a note is on one", selector).Hint(`barb note @ "TEXT"`)
		}
		chosen = w
	}
	if chosen == nil {
		return nil, fail.Usage("there is no webhook %s", selector).Hint("barb history lists what there is")
	}
	return chosen, nil
}
