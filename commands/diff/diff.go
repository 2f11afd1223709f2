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
	"github.com/barbhq/barb/commands/pick"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/deliver/compare"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

type options struct {
	ignores     []string
	answers     bool
	allowEmpty  bool
	withSecrets bool
	ignore      compare.Ignored
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
	f.BoolVar(&o.withSecrets, "with-secrets", false, "show stored credentials, cookies and tokens")
	f.StringArrayVar(&o.ignores, "ignore", nil, "do not compare this `path`, such as .meta.request_id, or header:NAME, "+
		"headers, status or body (repeatable)")
	return cmd
}

func runDiff(ctx context.Context, sh *shell.Shell, o *options, args []string) error {
	sides, err := chosen(ctx, sh, o, args)
	_, missing := errors.AsType[*flags.NoWebhookError](err)
	if o.allowEmpty && (missing || errors.Is(err, pick.ErrNoReplay)) {
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
		if !o.withSecrets {
			all = WithoutCredentials(all)
		}
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

// chosen returns what is compared: two exchanges, or a webhook and its latest replay. With --answers those that have
// the answers.
func chosen(ctx context.Context, sh *shell.Shell, o *options, args []string) (sides [2]*record.Exchange, err error) {
	for i, arg := range args {
		if sides[i], err = oneExchange(ctx, sh, arg); err != nil {
			return sides, err
		}
	}
	if len(args) == 1 {
		return pick.WithReplay(ctx, sh.History, sides[0], o.answers)
	}
	for i := 0; i < len(sides) && o.answers && err == nil; i++ {
		sides[i], err = pick.AnsweredBy(ctx, sh.History, sides[i], sh.Now())
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

// WithoutCredentials returns differences in which the values of credentials are replaced.
func WithoutCredentials(all []compare.Difference) []compare.Difference {
	out := slices.Clone(all)
	for i, d := range out {
		if d.Part != compare.Header {
			continue
		}
		if d.Old != nil {
			out[i].Old = new(redact.Hide(d.Name, *d.Old))
		}
		if d.New == nil {
			continue
		}
		now := redact.Hide(d.Name, *d.New)
		if out[i].New = &now; d.Old != nil && *out[i].Old == now {
			*out[i].New = "another " + now
		}
	}
	return out
}
