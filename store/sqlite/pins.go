package sqlite

import (
	"context"
	"database/sql"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/sqlite/raw"
)

// PinKey returns the random key of the history, under which secrets have fingerprints.
func (s *Engine) PinKey(ctx context.Context) (key []byte, err error) {
	err = s.db.QueryRowContext(ctx, "SELECT pin_key FROM history").Scan(&key)
	return key, s.told(err)
}

// Pinned returns the schemes that secrets are pinned to on a route, by their fingerprints.
func (s *Engine) Pinned(ctx context.Context, route string) (schemes map[string]string, err error) {
	schemes = map[string]string{}
	err = eachRow(ctx, s.db, func(rows *sql.Rows) error {
		var secret, scheme string
		err := rows.Scan(&secret, &scheme)
		schemes[secret] = scheme
		return err
	}, "SELECT secret, scheme FROM pin WHERE route = ?", route)
	return schemes, s.told(err)
}

func (w *writer) pin(p *engine.AddPin) error {
	if err := w.conn.Exec(`INSERT INTO pin (route, secret, scheme, since) VALUES (?, ?, ?, ?)
		ON CONFLICT (route, secret) DO UPDATE SET scheme = excluded.scheme, since = excluded.since WHERE scheme = ?`,
		p.Route, []byte(p.Secret), p.Scheme, p.Now.UnixNano(), p.Replaces); err != nil {
		return err
	}
	return w.conn.QueryRow("SELECT scheme FROM pin WHERE route = ? AND secret = ?",
		raw.Arguments(p.Route, []byte(p.Secret)), &p.Held)
}

// CountPins returns how many pins Unpin would forget.
func (s *Engine) CountPins(ctx context.Context, scheme string) (n int64, err error) {
	err = s.db.QueryRowContext(ctx, "SELECT count(*) FROM pin WHERE scheme GLOB ?", globOf(scheme)).Scan(&n)
	return n, s.told(err)
}
