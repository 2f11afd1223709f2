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

// draw counts the latencies of the exchanges that a filter selects, their number over time, and how they went.
func draw(ctx context.Context, history *store.Store, filter store.Filter) (d Drawn, c course, err error) {
	filter.Limit, filter.Bodies, c.Merge = 0, false, (*moment).merge
	for x, err := range history.List(ctx, filter) {
		if err != nil {
			return d, c, err
		}
		d.add(x)
		c.add(x)
	}
	return d, c, nil
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

// drawStats draws what was counted of a history.
func drawStats(sh *shell.Shell, d *Drawn) {
	sh.Stdout.Latencies("sent latency", &d.Sent)
	sh.Stdout.Latencies("received latency", &d.Received)
	sh.Stdout.Rate("exchanges", &d.Rate)
}
