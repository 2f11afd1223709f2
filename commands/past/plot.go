package past

import (
	"context"

	"github.com/barbhq/barb/commands/plot"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// drawStats draws the latencies of the exchanges that a filter selects, and their number over time.
func drawStats(ctx context.Context, sh *shell.Shell, filter store.Filter) error {
	filter.Limit, filter.Bodies = 0, false
	var sent, received plot.Latencies
	var rate plot.Rate
	for x, err := range sh.History.List(ctx, filter) {
		if err != nil {
			return err
		}
		rate.Add(x.Start)
		if x.Kind == record.Received {
			received.Add(x.Took, 1)
		} else {
			sent.Add(x.Took, 1)
		}
	}
	sh.Stdout.Latencies("sent latency", &sent)
	sh.Stdout.Latencies("received latency", &received)
	sh.Stdout.Rate("exchanges", &rate)
	return nil
}
