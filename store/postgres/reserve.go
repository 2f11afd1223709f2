package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/record"
)

// reserved is what a group is given before its transaction: ids, which it then holds nobody up with, and what it has
// to know. A reservation need not be durable. After a crash the server may give the same ids again: then the group
// fails by its keys and gets others.
type reserved struct {
	exchanges, entries, runs []int64
	webhooks                 map[int64]int64 // of threads: the first exchange of their webhooks
	now                      int64           // by the server's clock
	disorder, removed        int64           // of the table history
}

// The ids of a sequence are given in the order of time, to all processes.
const reserveIDs = `SELECT array(SELECT nextval('barb.exchange_id') FROM generate_series(1, $1::bigint)),
	array(SELECT nextval('barb.queue_id') FROM generate_series(1, $2::bigint)),
	array(SELECT nextval('barb.run_id') FROM generate_series(1, $3::bigint)),
	` + serverNow + `, h.disorder, h.names_removed, s.off
	FROM barb.history h, (SELECT set_config('synchronous_commit', 'off', true) AS off) s`

// reserve asks for what a group needs.
func (w *writer) reserve(ctx context.Context, g *engine.Group) (r reserved, err error) {
	exchanges, entries, runs, threads := needs(g)
	asked := w.engine.now()
	var off string
	b := &pgx.Batch{}
	b.Queue(reserveIDs, exchanges, entries, runs).QueryRow(func(row pgx.Row) error {
		return row.Scan(&r.exchanges, &r.entries, &r.runs, &r.now, &r.disorder, &r.removed, &off)
	})
	if len(threads) > 0 {
		b.Queue("SELECT id, coalesce(webhook, id) FROM barb.exchange WHERE id = ANY($1)", threads).Query(
			func(rows pgx.Rows) error {
				var id, webhook int64
				r.webhooks = map[int64]int64{}
				_, err := pgx.ForEachRow(rows, []any{&id, &webhook}, func() error {
					r.webhooks[id] = webhook
					return nil
				})
				return err
			})
	}
	if err := w.send(ctx, b); err != nil {
		return r, err
	}
	w.engine.clock.set(r.now, asked, w.engine.now())
	if len(r.exchanges) > 0 {
		err = w.ready(ctx, r.exchanges[0], r.exchanges[len(r.exchanges)-1])
	}
	return r, err
}

// needs counts the ids that a group needs, and lists the exchanges whose webhooks have to be known.
func needs(g *engine.Group) (exchanges, entries, runs int, threads []int64) {
	for _, e := range g.Writes {
		exchanges += len(e.Begin)
		for _, b := range e.Begin {
			if wantsWebhook(b.X) {
				threads = append(threads, b.X.Thread)
			}
		}
		switch t := e.Work.(type) {
		case *engine.Enqueue:
			entries += len(t.Entries)
		case *engine.Complete:
			entries += len(t.Next)
		case *engine.StartRun:
			runs++
		}
	}
	return exchanges, entries, runs, threads
}

// wantsWebhook reports whether an exchange belongs to the webhook of its thread.
func wantsWebhook(x *record.Exchange) bool {
	return x.Webhook == 0 && x.Thread != 0 && x.Role != record.Copy
}

// webhookOf is the first exchange of the webhook that x belongs to; 0 when that is x itself.
func (r *reserved) webhookOf(x *record.Exchange) int64 {
	if !wantsWebhook(x) {
		return x.Webhook
	}
	if first, ok := r.webhooks[x.Thread]; ok {
		return first
	}
	return x.Thread
}

// timeline watches how far the ids stray from the order of the starts: queries bisect the ids by time.
type timeline struct {
	newest int64 // the highest id that this process gave
	latest int64 // the latest start among those up to newest
}

// margin covers how long an id is on its way between the server's clock and the group.
const margin = int64(time.Second)

// disorder is how much earlier an exchange of a group starts than one before it in the order of ids, at most. Between
// ids that follow one's own directly no other process has any. Elsewhere there may be exchanges of others that are not
// visible yet: each of them, as those here, started as far from its place in time as its process has noted.
func (t *timeline) disorder(begun []*engine.Beginning, r *reserved) (worst int64) {
	for i, b := range begun {
		start := record.Nanos(b.X.Start)
		if r.exchanges[i] != t.newest+1 {
			t.latest = max(t.latest, r.now+margin)
			worst = max(worst, margin+abs(start-r.now))
		}
		worst = max(worst, t.latest-start)
		t.latest, t.newest = max(t.latest, start), r.exchanges[i]
	}
	return worst
}
