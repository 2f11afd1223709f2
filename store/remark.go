package store

import (
	"context"
	"database/sql"
)

// Remark is what a person has said of a webhook.
type Remark struct {
	Pinned bool   // pruning leaves the webhook, whole
	Note   string // "": none
}

// SetRemark makes the remark of a webhook durable. first is Exchange.First of any of its exchanges.
func (s *Store) SetRemark(ctx context.Context, first int64, r Remark) error {
	return s.do(ctx, &remark{first: first, Remark: r})
}

// Remarks returns the remarks of webhooks, by what SetRemark calls first. Most webhooks have none.
func (s *Store) Remarks(ctx context.Context, firsts []int64) (all map[int64]Remark, err error) {
	all = map[int64]Remark{}
	err = eachRow(ctx, s.db, func(rows *sql.Rows) error {
		var first int64
		var r Remark
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
