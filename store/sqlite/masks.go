package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

	"github.com/barbhq/barb/store/record"
)

// keepPieces keeps what a delivery needs and the history masks: the pieces that are no secret given to barb.
func (w *writer) keepPieces(exchange int64, masks []record.Mask) error {
	if !slices.ContainsFunc(masks, record.Mask.IsLoose) {
		return nil
	}
	pieces := make([][]byte, len(masks))
	for i, m := range masks {
		if m.IsLoose() {
			pieces[i] = []byte(m.Piece)
		}
	}
	return w.conn.Exec("INSERT OR REPLACE INTO kept (id, pieces) VALUES (?, ?)", exchange, []byte(jsonOf(pieces)))
}

// Pieces returns the pieces of the masks of an exchange, in their order; nil when the queue keeps none.
func (s *Engine) Pieces(ctx context.Context, exchange int64) (pieces [][]byte, err error) {
	var text []byte
	err = s.db.QueryRowContext(ctx, "SELECT pieces FROM kept WHERE id = ?", exchange).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &pieces)
	}
	return pieces, s.told(err)
}
