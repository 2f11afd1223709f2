package commands

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/store/record"
)

// whereTimeout is how long --where may take for one webhook, which is the user's expression over a stranger's body.
// Reading the body as JSON does not count: --max-body bounds that.
const whereTimeout = time.Second

// hookFilterFlags say which webhooks are handed on.
type hookFilterFlags struct {
	events   flags.Globs
	where    flags.Word
	unlisted bool // --no-record-filtered
}

func (f *hookFilterFlags) addFlags(sh *shell, cmd *cobra.Command) {
	set := cmd.Flags()
	set.Var(&f.events, "event", "hand on only events of this `type`, others are answered 200; * matches any part "+
		"(repeatable, or with commas)")
	set.Var(&f.where, "where", "hand on only webhooks for which this jq `expression` over the JSON form, with the "+
		"parsed body as .body, is true")
	set.BoolVar(&f.unlisted, "no-record-filtered", false, "do not keep what --event and --where leave out")
	flags.Complete(cmd, "event", sh.completeEvents)
}

func (g *listener) takeFilters(o hookFilterFlags) error {
	g.gate.Filter.Unlisted, g.gate.Filter.Event = o.unlisted, o.events.Match
	if o.unlisted && len(o.events) == 0 && o.where == "" {
		return fail.Usage("--no-record-filtered needs --event or --where").Hint("barb listen --event 'invoice.*' " +
			"--no-record-filtered")
	}
	if o.where != "" {
		where, err := flags.CompileJQ(string(o.where))
		if err != nil {
			return fail.Usage("--where %w", err).Hint("--where '.body.amount > 1000'")
		}
		g.gate.Filter.Where = func(x *record.Exchange) (bool, error) { return where.Where(x, whereTimeout) }
	}
	return nil
}
