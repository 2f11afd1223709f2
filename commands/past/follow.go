package past

import (
	"context"
	"errors"
	"time"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/pick"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/webhooks"
)

// followEvery is how often history -f looks.
const followEvery = 200 * time.Millisecond

// follower prints each webhook when it comes and when its state changes.
type follower struct {
	sh    *shell.Shell
	o     *historyOptions
	news  pick.News
	lines *ui.HistoryLines
}

// runFollow prints the newest webhooks, the oldest of them first, and then what comes until ^C.
func runFollow(ctx context.Context, sh *shell.Shell, o *historyOptions) error {
	ctx, stop := sh.Interruptible(ctx)
	defer stop()
	chosen, err := sh.Selection(ctx, o.selectors, &o.Filter)
	if err != nil {
		return err
	}
	f := &follower{sh: sh, o: o, news: pick.News{Chosen: chosen}, lines: sh.Stdout.HistoryLines(o.columns)}
	sh.Judgements.Unending = true
	if f.news.Began, err = sh.History.Newest(ctx, 0); err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	rows, err := f.news.First(ctx, o.limit, sh.Now())
	if err == nil {
		err = f.print(ctx, rows)
	}
	if err != nil {
		return err
	}
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return fail.Silent(fail.ExitInterrupted)
		case <-tick.C:
		}
		newest, err := sh.History.Newest(ctx, 0)
		switch {
		case errors.Is(err, store.ErrReplaced):
			return err
		case err != nil: // nothing is there yet, or ctx has ended
			continue
		}
		rows, err := f.news.Next(ctx, newest, sh.Now())
		if err == nil {
			err = f.print(ctx, rows)
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
}

func (f *follower) print(ctx context.Context, rows []*webhooks.Webhook) error {
	for _, w := range rows {
		if !f.sh.JSON {
			f.lines.Write(w, f.sh.Now())
			continue
		}
		if err := f.sh.EmitWebhook(ctx, w, f.o.With); err != nil {
			return err
		}
	}
	return nil
}
