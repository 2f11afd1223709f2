package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/barbhq/barb/store/record"
)

// maskRow is a mask as the table has it: without its piece.
type maskRow struct {
	Part     string `json:"p"`
	At       int    `json:"a,omitempty"`
	Shown    int    `json:"w,omitempty"`
	Size     int    `json:"z"`
	Name     string `json:"n"`
	Secret   string `json:"s,omitempty"`
	Proof    string `json:"h,omitempty"`
	Spelling string `json:"f,omitempty"`
	Skip     int    `json:"k,omitempty"`
}

// encodeMasks returns "" for none.
func encodeMasks(masks []record.Mask) (string, error) {
	if len(masks) == 0 {
		return "", nil
	}
	rows := make([]maskRow, len(masks))
	for i, m := range masks {
		rows[i] = maskRow{m.Part, m.At, m.Shown, m.Size, m.Name, m.Secret, m.Proof, m.Spelling, m.Skip}
	}
	text, err := json.Marshal(rows)
	return string(text), err
}

func decodeMasks(text string) ([]record.Mask, error) {
	if text == "" {
		return nil, nil
	}
	var rows []maskRow
	if err := json.Unmarshal([]byte(text), &rows); err != nil {
		return nil, fmt.Errorf("masks: %w", ErrCorrupt)
	}
	masks := make([]record.Mask, len(rows))
	for i, r := range rows {
		masks[i] = record.Mask{Part: r.Part, At: r.At, Shown: r.Shown, Size: r.Size, Name: r.Name, Secret: r.Secret, Proof: r.Proof,
			Spelling: r.Spelling, Skip: r.Skip}
	}
	return masks, nil
}

// keepPieces keeps what an entry's delivery needs beyond what the history has of its exchange: of masks the pieces that are no
// secret that barb was given.
func (w *writer) keepPieces(exchange int64, masks []record.Mask) error {
	if !slices.ContainsFunc(masks, isLoose) {
		return nil
	}
	pieces := make([][]byte, len(masks))
	for i, m := range masks {
		if isLoose(m) {
			pieces[i] = []byte(m.Piece)
		}
	}
	text, err := json.Marshal(pieces)
	if err != nil {
		return err
	}
	return w.conn.execute("INSERT OR REPLACE INTO kept (id, pieces) VALUES (?, ?)", exchange, text)
}

// isLoose reports whether only its bytes can put a piece back. Of an answer nothing is.
func isLoose(m record.Mask) bool {
	return m.Secret == "" && m.Proof == "" && m.Piece != "" && !strings.HasPrefix(m.Part, "answer ")
}

// Pieces puts into the masks of an exchange what the queue keeps of it, as long as an entry is to be delivered. It changes
// nothing where there is nothing.
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
