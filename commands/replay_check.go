package commands

import (
	"context"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/deliver/replay"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// check looks at what is to be replayed before the first is sent, so that a missing target or secret is found while
// nothing has been sent; each exchange is only read where it matters. What is replayed is what was there then: up to
// the last id.
func (r *replayer) check(ctx context.Context) (last int64, count int, err error) {
	filter, where, err := r.selection(ctx, r.options.selectors, &r.options.Filter)
	alike := where == nil && !r.options.dead && !r.options.exact && !r.options.dryRun && !r.options.Changed()
	if err == nil && alike {
		last, count, alike, err = r.checkSorts(ctx, filter)
	}
	if err == nil && !alike {
		last, count, err = r.checkEach(ctx)
	}
	switch {
	case err != nil || count > 0:
	case r.options.dead && (r.options.Failed || r.options.Status != ""):
		err = fail.Usage("no dead letter matches: --failed and --status are about attempts, a dead letter is " +
			"what was queued").Hint("barb queue dead lists them; choose by --endpoint, --event, --since or an id")
	case r.options.dead:
		err = fail.Usage("no dead letter matches").Hint("barb queue dead lists them")
	default:
		err = fail.Usage("nothing in the history matches").Hint("barb history lists what there is")
	}
	return last, count, err
}

// checkSorts is not enough where there are queued messages, each of which remembers its own secret, or webhooks of
// which the history does not keep all: then alike is false.
func (r *replayer) checkSorts(ctx context.Context, filter store.Filter) (last int64, count int, alike bool, err error) {
	sorts, err := r.history.Sorts(ctx, filter)
	for _, s := range sorts {
		r.masked = r.masked || r.redactor.IsMasked(s.Example)
		if r.masked || s.Example.Outcome() == record.Queued {
			return 0, 0, false, nil
		}
		if err := r.checkOne(ctx, replay.Item{Exchange: s.Example}, false); err != nil {
			return 0, 0, true, err
		}
		last, count = max(last, s.Last), count+s.Count
	}
	return last, count, true, err
}

func (r *replayer) checkEach(ctx context.Context) (last int64, count int, err error) {
	whole := r.masked || r.options.exact || r.options.dryRun || r.options.Changed()
	captured, err := r.captured(ctx, whole)
	if err != nil {
		return 0, 0, err
	}
	for c, err := range captured {
		if err != nil {
			return 0, 0, err
		}
		if err := r.checkOne(ctx, c, whole); err != nil {
			return 0, 0, err
		}
		last, count = c.ID, count+1
	}
	return last, count, nil
}

func (r *replayer) checkOne(ctx context.Context, captured replay.Item, whole bool) error {
	if err := wholeBody(captured.Exchange); err != nil {
		return err
	}
	if !whole {
		if _, err := r.target(captured); err != nil {
			return err
		}
		_, err := r.signerFor(ctx, captured)
		return err
	}
	x, s, err := r.plan(ctx, captured)
	if err == nil {
		err = s.Try(&x, r.Now())
	}
	if err != nil || !r.options.dryRun {
		return err
	}
	return r.announce(captured.Exchange, &x)
}
