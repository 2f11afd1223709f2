package past

import (
	"context"

	"github.com/barbhq/barb/commands/plot"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// Drawn is what barb stats --plot draws.
type Drawn struct {
	Sent, Received plot.Latencies
	Rate           plot.Rate
}

// Draw counts the latencies of the exchanges that a filter selects, and their number over time.
func Draw(ctx context.Context, history *store.Store, filter store.Filter) (d Drawn, err error) {
	filter.Limit, filter.Bodies = 0, false
	for x, err := range history.List(ctx, filter) {
		if err != nil {
			return d, err
		}
		d.add(x)
	}
	return d, nil
}

func (d *Drawn) add(x *record.Exchange) {
	if x.Outcome() == record.Queued { // nothing was sent yet
		return
	}
	d.Rate.Add(x.Start)
	switch {
	case !x.Ended:
	case x.Kind == record.Received:
		d.Received.Add(x.Took, 1)
	default:
		d.Sent.Add(x.Took, 1)
	}
}

func drawStats(ctx context.Context, sh *shell.Shell, filter store.Filter) error {
	d, err := Draw(ctx, sh.History, filter)
	if err != nil {
		return err
	}
	sh.Stdout.Latencies("sent latency", &d.Sent)
	sh.Stdout.Latencies("received latency", &d.Received)
	sh.Stdout.Rate("exchanges", &d.Rate)
	return nil
}
