package sqlite

import (
	"context"
	"math"

	"github.com/barbhq/barb/store/ahead"
	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/sqlite/raw"
)

// partsQuery selects the exchanges that are removed together: whether each keeps them all, and the bytes that it takes.
// The columns of the narrow table would say too much where a body was cut and too little where a head is large. SQLite
// knows the length of a value without reading it.
const partsQuery = `SELECT e.id, e.start >= ?2 OR e.start >= ?3 AND (e.ended = 0 OR NOT ` + ahead.WasAnswered + `)
		OR EXISTS (SELECT 1 FROM queue q WHERE q.thread = e.id AND q.state = 1)
		OR EXISTS (SELECT 1 FROM remark m WHERE m.webhook = ifnull(e.webhook, e.id) AND m.pinned),
		ifnull(octet_length(r.head), 0) + ifnull(octet_length(r.fields), 0) + ifnull(octet_length(r.trailer), 0)
		+ ifnull(octet_length(r.body), 0) + ifnull(octet_length(r.chunks), 0)
		+ ifnull(octet_length(a.head), 0) + ifnull(octet_length(a.body), 0)
	FROM exchange e LEFT JOIN request r ON r.id = e.id LEFT JOIN response a ON a.id = e.id WHERE e.id IN (@ids)`

const (
	// oldestLeft selects one exchange of each webhook.
	oldestLeft = `(e.webhook IS NULL OR NOT EXISTS (SELECT 1 FROM exchange p WHERE p.id = e.webhook)
		AND NOT EXISTS (SELECT 1 FROM exchange x INDEXED BY exchange_webhook WHERE x.webhook = e.webhook AND x.id < e.id))`
	// allOf selects all exchanges of the webhook of one. Without the plus SQLite prepares it anew for each id, which takes
	// ten times as long.
	allOf = `SELECT ifnull(webhook, id) FROM exchange WHERE id = +?1
		UNION ALL SELECT x.id FROM exchange w CROSS JOIN exchange x INDEXED BY exchange_webhook
			ON x.webhook = ifnull(w.webhook, w.id) WHERE w.id = +?1`
)

// partsOf returns the exchanges that are removed with one, and about how many bytes they take; none when they stay.
func (p *pruner) partsOf(id int64) (ids []int64, bytes int64, err error) {
	open := int64(math.MaxInt64)
	if !p.rule.Open.IsZero() {
		open = p.rule.Open.UnixNano()
	}
	rows, err := p.parts.QueryContext(context.Background(), raw.Arguments(id, p.until, open))
	if err != nil {
		return nil, 0, err
	}
	stay := false
	err = raw.EachOf(rows, func(row engine.Row) error {
		ids = append(ids, row.Number())
		stay = row.Yes() || stay
		bytes += row.Number() + rowBytes
		return nil
	})
	if stay {
		return nil, 0, err
	}
	return ids, bytes, err
}
