package commands

import (
	"context"
	"iter"
	"sync"
	"time"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/batch"
	"github.com/barbhq/barb/deliver/replay"
)

// many replays several at a time and says at the end what became of them. Their webhook ids are in the history already,
// so the attempts are recorded in groups when they end.
func (r *replayer) many(ctx context.Context, last int64, count int) error {
	captured, err := r.captured(ctx, true)
	if err != nil {
		return err
	}
	next, stop := iter.Pull2(captured)
	defer stop()
	var mu sync.Mutex
	take := func(ctx context.Context) (item replay.Item, ok bool, err error) {
		mu.Lock()
		defer mu.Unlock()
		if ctx.Err() != nil {
			return item, false, nil
		}
		item, err, ok = next()
		if !ok || ctx.Err() != nil || err == nil && item.ID > last {
			return item, false, nil
		}
		return item, true, err
	}
	tally, begun := batch.NewTally(false), time.Now()
	work := func(ctx context.Context, _ int) error {
		for {
			c, ok, err := take(ctx)
			if !ok || err != nil {
				return err
			}
			x, s, err := r.plan(ctx, c)
			if err != nil {
				return err
			}
			var ends batch.Ends
			o, _, err := r.send(ctx, c, x, s, func(a *deliver.Attempt) { ends.Add(a.Exchange) })
			if err != nil {
				return err
			}
			mu.Lock()
			tally.Add(&o, &ends)
			mu.Unlock()
		}
	}
	if err := batch.Pool(ctx, min(r.options.concurrency, count), work); err != nil {
		return err
	}
	sum := ui.NewBatch(tally, time.Since(begun), deliver.Rate{})
	sum.Total, sum.Interrupted = count, ctx.Err() != nil
	sum.DeadHint = "barb history --sent --failed --since " + begun.UTC().Format("2006-01-02T15:04:05.000Z") + " -n 0"
	if !r.json {
		r.out.Batch(sum)
	}
	return fail.Silent(codeOf(tally.Tally, sum.Interrupted))
}
