package commands

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/webhooks"
)

const (
	followEvery = 200 * time.Millisecond // how often history -f looks
	// followBack is how many of the newest exchanges may still change what is shown; an answer that takes longer than
	// this many further exchanges is not followed.
	followBack = 500
)

// follower prints each webhook when it comes and when its state changes.
type follower struct {
	sh     *shell
	o      *historyOptions
	filter store.Filter
	where  *jq.Expr
	lines  *ui.HistoryLines
	began  int64 // the newest exchange when it began
	shown  map[int64]version
}

// version is what was printed of a webhook.
type version struct {
	newest int64
	state  webhooks.State
}

// runFollow prints the newest webhooks, the oldest of them first, and then what comes until ^C.
func runFollow(ctx context.Context, sh *shell, o *historyOptions) error {
	ctx, stop := sh.Interruptible(ctx)
	defer stop()
	filter, where, err := sh.selection(ctx, o.selectors, &o.Filter)
	if err != nil {
		return err
	}
	f := &follower{sh: sh, o: o, filter: filter, where: where, lines: sh.out.HistoryLines(o.columns),
		shown: map[int64]version{}}
	sh.judgements.unending = true
	if f.began, err = sh.history.Newest(ctx, 0); err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	filter.Limit = o.limit
	if err := f.print(ctx, filter); err != nil {
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
		newest, err := sh.history.Newest(ctx, 0)
		if err != nil { // nothing is there yet, or ctx has ended
			continue
		}
		recent := f.filter
		recent.Limit = followBack
		if len(recent.IDs) == 0 {
			recent.IDs = []store.Range{{From: max(newest-followBack, 1), To: newest}}
		}
		if err := f.print(ctx, recent); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// print prints the webhooks of a filter that are new or have changed, the oldest first.
func (f *follower) print(ctx context.Context, filter store.Filter) error {
	var changed []*webhooks.Webhook
	seen := map[int64]version{}
	for w, err := range f.sh.webhooks(ctx, filter, f.where) {
		if err != nil {
			return err
		}
		now := version{w.Newest().ID, w.State}
		seen[w.ID] = now
		if f.isNews(w, now, filter.Limit) {
			changed = append(changed, w)
		}
	}
	for id, v := range f.shown { // one that a filter leaves out for a while is not printed again unchanged
		if _, ok := seen[id]; !ok && v.newest > f.began-followBack {
			seen[id] = v
		}
	}
	f.shown = seen
	for _, w := range slices.Backward(changed) {
		if !f.sh.json {
			f.lines.Write(w, f.sh.Now())
			continue
		}
		if err := f.sh.emitWebhook(ctx, w, f.o.With); err != nil {
			return err
		}
	}
	return nil
}

// isNews reports whether a webhook is printed: it is one of the first, it came after them, or it has changed since.
// What it still waits for will come as another line.
func (f *follower) isNews(w *webhooks.Webhook, now version, limit int) bool {
	last, known := f.shown[w.ID]
	switch {
	case !known:
		return limit != followBack || now.newest > f.began
	case last.state != now.state:
		return true
	}
	return last.newest != now.newest && w.State != webhooks.Pending
}
