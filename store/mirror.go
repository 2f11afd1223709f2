package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/barbhq/barb/store/record"
)

// Mirror describes an exchange that repeats a forward to another app.
type Mirror struct {
	Of       int64 // the forward to the app
	Compared bool  // both have ended
	Same     bool  // with the same status and body
}

// RecordMirror is Record for a forward to a mirror; of is the forward to the app.
func (s *Store) RecordMirror(ctx context.Context, x *record.Exchange, of int64) error {
	b, err := s.beginning(x)
	if err != nil {
		return err
	}
	return s.do(ctx, &mirror{of: of}, b)
}

// CompareMirror notes whether a mirror answered as the app did.
func (s *Store) CompareMirror(ctx context.Context, id int64, same bool) error {
	return s.do(ctx, &compareMirror{id: id, same: same})
}

// Mirror returns the mirror with an exchange's id; ok is false for any other exchange.
func (s *Store) Mirror(ctx context.Context, id int64) (m Mirror, ok bool, err error) {
	var same sql.NullBool
	err = s.db.QueryRowContext(ctx, "SELECT of, same FROM mirror WHERE id = ?", id).Scan(&m.Of, &same)
	if errors.Is(err, sql.ErrNoRows) {
		return m, false, nil
	}
	m.Compared, m.Same = same.Valid, same.Bool
	return m, err == nil, s.told(err)
}
