package flags

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/store/record"
)

// WhereTimeout is how long --where may take for one webhook, which is the user's expression over a stranger's body.
// Reading the body as JSON does not count: --max-body bounds that.
const WhereTimeout = time.Second

// HookFilter says which webhooks are handed on.
type HookFilter struct {
	Events   Globs
	Where    string
	Unlisted bool // --no-record-filtered
}

// AddFlags adds the flags to a command. events completes the types of events.
func (f *HookFilter) AddFlags(cmd *cobra.Command, events func(prefix string) []string) {
	set := cmd.Flags()
	set.VarP(&f.Events, "event", "e", "process only events of this `type`, and answer others 200; * matches any part "+
		"(repeatable)")
	set.Var(Word(&f.Where), "where", "process only webhooks for which this jq `expression` is true (barb help "+
		"expressions)")
	set.BoolVar(&f.Unlisted, "no-record-filtered", false, "do not record what --event and --where leave out")
	Complete(cmd, "event", events)
}

// Condition returns --where as a function, nil without it.
func (f *HookFilter) Condition() (func(*record.Exchange) (bool, error), error) {
	switch {
	case f.Where != "":
		where, err := jq.Compile(f.Where)
		if err != nil {
			return nil, fail.Usage("--where: %w", err).Hint(jq.Hint(err, "--where '.body.amount > 1000'"))
		}
		return func(x *record.Exchange) (bool, error) {
			ok, err := where.True(x, WhereTimeout)
			if err != nil && !errors.Is(err, context.DeadlineExceeded) {
				err = fmt.Errorf("--where fails on the webhook, which is processed all the same: %w", err)
			}
			return ok, err
		}, nil
	case f.Unlisted && len(f.Events) == 0:
		return nil, fail.Usage("--no-record-filtered needs --event or --where").Hint("barb listen --event 'invoice.*' " +
			"--no-record-filtered")
	}
	return nil, nil
}
