package sqlite

import (
	"context"
	"database/sql"

	"github.com/barbhq/barb/store/engine"
)

// Remarks returns the remarks of webhooks, by what SetRemark calls first. Most webhooks have none.
func (s *Engine) Remarks(ctx context.Context, firsts []int64) (all map[int64]engine.Remark, err error) {
	all = map[int64]engine.Remark{}
	err = eachRow(ctx, s.db, func(rows *sql.Rows) error {
		var first int64
		var r engine.Remark
		err := rows.Scan(&first, &r.Pinned, &r.Note)
		all[first] = r
		return err
	}, "SELECT webhook, pinned, note FROM remark WHERE webhook IN (SELECT value FROM json_each(?))", jsonOf(firsts))
	return all, s.told(err)
}

// remarkOf selects the remark of a webhook of which no exchange but one is left.
const remarkOf = `remark WHERE webhook = (SELECT ifnull(webhook, id) FROM exchange WHERE id = ?1)
	AND NOT EXISTS (SELECT 1 FROM exchange x INDEXED BY exchange_webhook WHERE x.webhook = remark.webhook AND x.id <> ?1)
	AND (webhook = ?1 OR NOT EXISTS (SELECT 1 FROM exchange WHERE id = remark.webhook))`
