package store

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

// Pieces puts what the queue keeps into the masks of an exchange, as long as an entry is to be delivered.
func (s *Store) Pieces(ctx context.Context, x *record.Exchange) error {
	if len(x.Masks) == 0 {
		return nil
	}
	var text []byte
	err := s.db.QueryRowContext(ctx, "SELECT pieces FROM kept WHERE id = ?", x.ID).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return s.told(err)
	}
	var pieces [][]byte
	if err := json.Unmarshal(text, &pieces); err != nil {
		return s.told(err)
	}
	for i := range min(len(pieces), len(x.Masks)) {
		x.Masks[i].Piece = string(pieces[i])
	}
	return nil
}
