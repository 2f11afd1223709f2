// Package diff is barb diff.
package diff

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	ignores    []string
	answers    bool
	allowEmpty bool
	ignore     compare.Ignored
}

// New makes the command.
func New(sh *shell.Shell) *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:               "diff A [B]",
		ValidArgsFunction: sh.CompleteIDs,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if len(args) == 0 || len(args) > 2 {
				return fail.Usage("diff needs two webhooks, or one that was replayed").
					Hint("barb diff @-1 @ compares the newest with the one before it; barb diff @ with its latest replay")
			}
			if o.ignore, err = Ignored(o.ignores); err != nil {
				return err
			}
			return runDiff(cmd.Context(), sh, &o, args)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.answers, "answers", false, "compare the answers, not the webhooks")
	f.BoolVar(&o.allowEmpty, "allow-empty", false, "succeed when there is nothing to compare")
	f.StringArrayVar(&o.ignores, "ignore", nil, "do not compare this `path`, such as .meta.request_id, or header:NAME, "+
		"headers, status or body (repeatable)")
	return cmd
}

func runDiff(ctx context.Context, sh *shell.Shell, o *options, args []string) error {
	sides, err := chosen(ctx, sh, o, args)
	if _, missing := errors.AsType[*flags.NoWebhookError](err); o.allowEmpty && (missing || errors.Is(err, errNoReplay)) {
		sh.Say("barb: nothing to compare")
		return nil
	}
	if err != nil {
		return err
	}
	for i := range sides {
		sides[i] = sh.History.Redacted(sides[i])
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

// errNoReplay is the error for a webhook that was not replayed.
var errNoReplay = errors.New("no replay")

// chosen returns what is compared: two exchanges, or a webhook and its latest replay. With --answers those that have
// the answers.
func chosen(ctx context.Context, sh *shell.Shell, o *options, args []string) (sides [2]*record.Exchange, err error) {
	for i, arg := range args {
		if sides[i], err = oneExchange(ctx, sh, arg); err != nil {
			return sides, err
		}
	}
	if len(args) == 1 {
		return withReplay(ctx, sh, o, sides[0])
	}
	for i := 0; i < len(sides) && o.answers && err == nil; i++ {
		sides[i], err = answeredBy(ctx, sh, sides[i])
	}
	return sides, err
}

// withReplay returns an exchange and the latest replay of its webhook. A replay is compared with what it repeats, and
// its answer with that to the forward before it, if there is one.
func withReplay(ctx context.Context, sh *shell.Shell, o *options, x *record.Exchange) (sides [2]*record.Exchange,
	err error) {
	isReplay := func(x *record.Exchange) bool {
		return x.Role == record.Replay || x.Role == record.Elsewhere || x.Role == record.Copy
	}
	repeated, replay := x.ID, int64(0)
	if isReplay(x) {
		repeated, replay = x.Thread, x.ID
	}
	thread, err := sh.History.Thread(ctx, repeated)
	if err != nil {
		return sides, err
	}
	for _, one := range slices.Backward(thread) {
		switch {
		case replay == 0 && isReplay(one):
			replay = one.ID
		case o.answers && one.Role == record.Forward && one.ID < replay && repeated < one.ID:
			repeated = one.ID
		}
	}
	if replay == 0 {
		return sides, fail.Usage("webhook %d has %w to compare it with", x.ID, errNoReplay).
			Hintf("barb replay %d --to http://localhost:3000, or name two: barb diff %d @", x.ID, x.ID)
	}
	if sides[0], err = sh.History.Get(ctx, repeated); err == nil {
		sides[1], err = sh.History.Get(ctx, replay)
	}
	return sides, err
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
