// Package diff is barb diff.
package diff

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/deliver/compare"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

type options struct {
	ignores []string
	answers bool
	ignore  compare.Ignored
}

// New makes the command.
func New(sh *shell.Shell) *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:               "diff A B",
		ValidArgsFunction: sh.CompleteIDs,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if len(args) != 2 {
				return fail.Usage("diff needs two webhooks").Hint("barb diff @-1 @ compares the newest with the one before it")
			}
			if o.ignore, err = Ignored(o.ignores); err != nil {
				return err
			}
			return runDiff(cmd.Context(), sh, &o, args)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.answers, "answers", false, "compare the answers, not the webhooks")
	f.StringArrayVar(&o.ignores, "ignore", nil, "do not compare this `path`, such as .meta.request_id, or header:NAME, "+
		"headers, status or body (repeatable)")
	return cmd
}

func runDiff(ctx context.Context, sh *shell.Shell, o *options, args []string) error {
	var sides [2]*record.Exchange
	for i, arg := range args {
		x, err := oneExchange(ctx, sh, arg)
		if err == nil && o.answers {
			x, err = answeredBy(ctx, sh, x)
		}
		if err != nil {
			return err
		}
		sides[i] = sh.History.Redacted(x)
	}
	message := compare.Request
	if o.answers {
		message = compare.Answer
	}
	all := compare.Messages(message(sides[0]), message(sides[1]), compare.Options{Ignore: o.ignore})
	if len(all) == 0 {
		sh.Say("barb: no difference")
		return nil
	}
	if !sh.JSON {
		sh.Stdout.Differences(all, sideName(sides[0]), sideName(sides[1]))
		return fail.Silent(fail.ExitFailed)
	}
	for _, line := range schema.NewDifferences(all) {
		if err := sh.Emit(line); err != nil {
			return err
		}
	}
	return fail.Silent(fail.ExitFailed)
}

// oneExchange returns the exchange that a selector names: an id is that of an attempt, too.
func oneExchange(ctx context.Context, sh *shell.Shell, arg string) (*record.Exchange, error) {
	s, err := sh.Selection(ctx, []string{arg}, &flags.Filter{})
	if err != nil {
		return nil, err
	}
	ids := s.Filter.IDs
	if len(ids) != 1 || ids[0].From != ids[0].To {
		return nil, fail.Usage("%s may be several webhooks; diff compares two", arg).Hint("barb diff 17 18")
	}
	return sh.History.Get(ctx, ids[0].From)
}

// answeredBy returns the exchange with the answer to a received webhook: its app's, or else its own.
func answeredBy(ctx context.Context, sh *shell.Shell, x *record.Exchange) (*record.Exchange, error) {
	if x.Kind != record.Received {
		return x, nil
	}
	w, err := webhooks.Get(ctx, sh.History, x.ID, sh.Now())
	if err != nil {
		return nil, err
	}
	if app := w.App(); app != nil {
		return sh.History.Get(ctx, app.ID)
	}
	return x, nil
}

// sideName names one of the two messages.
func sideName(x *record.Exchange) string {
	return strings.Join(strings.Fields(fmt.Sprintf("%d %s %s %s", x.ID, x.Kind, x.Scheme, x.Event())), " ")
}

// Ignored reads the values of --ignore.
func Ignored(texts []string) (compare.Ignored, error) {
	all, err := compare.ParseIgnored(texts)
	if err != nil {
		return all, fail.Usage("--ignore: %w", err).Hint("--ignore .meta.request_id --ignore header:location")
	}
	return all, nil
}
