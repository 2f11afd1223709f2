package commands

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/schema"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store"
)

type statsOptions struct {
	flags.Filter
	flags.Thresholds
	check, senders bool
}

func newStats(sh *shell) *cobra.Command {
	var o statsOptions
	cmd := &cobra.Command{
		Use:   "stats",
		Short: "Summarise deliveries, latencies, retries and bad signatures",
		Long: `Summarises the history: how many deliveries got a 2xx, how long attempts took, how
often they were repeated, which came to nothing, and how many signatures were bad.

Below stand six figures of the last five minutes (--over) with their thresholds, which
the flags and [stats] in barb.toml set. Of the deliveries that ended, the part that got
a 2xx; the latency that 99 of 100 attempts do not exceed; how many wait in the queue; of
the signatures checked, the part that is bad; of the attempts, the part that are
retries; and how many died in the queue. Interrupted attempts count for none of them.
--check prints the breaches only, reads nothing but that time, and exits 1 when there is
one: for cron and CI. docs/monitoring.md has the definitions, and rules for Prometheus.

With --senders it judges those who delivered here: whether they came again after a
failure and when, honoured Retry-After, kept the webhook id and the body, signed each
attempt anew, and stopped at a 2xx and at a 410. That grades a delivery service under
test: let barb listen --respond refuse it a few times, then look.`,
		Example: "  barb stats\n  barb stats --since 1h --endpoint api.example.com\n  barb stats --json --jq " +
			".success_rate\n  barb stats --check --over 10m --min-success 99% --max-p99 2s\n  barb stats --check --endpoint " +
			"api.example.com || notify-send webhooks\n  barb stats --senders --since 1h",
		Args: args(0, 0, "no arguments, only filters"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.validate(sh); err != nil {
				return err
			}
			switch {
			case o.senders:
				return runSenders(cmd.Context(), sh, &o.Filter)
			case o.check:
				return runCheck(cmd.Context(), sh, o)
			}
			return runStats(cmd.Context(), sh, o)
		},
	}
	o.Filter.AddFlags(cmd, sh.schemeNames, sh.completeEvents)
	o.Thresholds.AddFlags(cmd)
	cmd.Flags().BoolVar(&o.check, "check", false, "say which of the six figures are a breach, and exit 1 when one is")
	cmd.Flags().BoolVar(&o.senders, "senders", false, "judge how those who delivered here behaved")
	config.Mark(cmd.Flags(), "stats", "over", "min-samples", "min-success", "max-p99", "max-queue",
		"max-signature-failures", "max-retry-rate", "max-dead-letters")
	return cmd
}

func runStats(ctx context.Context, sh *shell, o statsOptions) error {
	filter, none, err := sh.narrowed(ctx, &o.Filter)
	if err != nil {
		return err
	}
	var s store.Stats
	if !none {
		s, err = sh.history.Stats(ctx, filter)
	}
	if err != nil {
		return err
	}
	depth, err := sh.history.QueueDepth(ctx)
	if err != nil {
		return err
	}
	r, err := o.figures(ctx, sh)
	if err != nil {
		return err
	}
	if sh.json {
		return sh.emit(schema.NewStats(s, depth, &r))
	}
	sh.out.Pairs(append(ui.StatsPairs(s), [2]string{"queue", ui.QueueLine(depth)}))
	sh.out.Line("")
	sh.out.Figures(&r)
	return nil
}
