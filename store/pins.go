package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"time"

	"github.com/barbhq/barb/store/sqlite"
)

// Pin says which scheme a secret verifies on a route.
type Pin struct {
	Route  string // its path, "" for the paths that no route covers
	Secret string // what Fingerprint returns for the secret
	Scheme string
}

// Fingerprint returns a secret's name in this history: its HMAC-SHA256 under the history's random key.
func (s *Store) Fingerprint(ctx context.Context, secret []byte) (string, error) {
	var key []byte
	if err := s.db.QueryRowContext(ctx, "SELECT pin_key FROM history").Scan(&key); err != nil {
		return "", s.told(err)
	}
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write(secret)
	return string(mac.Sum(nil)), nil
}

// Pinned returns the schemes that secrets are pinned to on a route, by their fingerprints.
func (s *Store) Pinned(ctx context.Context, route string) (schemes map[string]string, err error) {
	schemes = map[string]string{}
	err = eachRow(ctx, s.db, func(rows *sql.Rows) error {
		var secret, scheme string
		err := rows.Scan(&secret, &scheme)
		schemes[secret] = scheme
		return err
	}, "SELECT secret, scheme FROM pin WHERE route = ?", route)
	return schemes, s.told(err)
}

// Pin pins a secret to a scheme, unless it is pinned to another than the one to be replaced. It returns the scheme that
// the secret is pinned to now, durably: another process may have been faster.
func (s *Store) Pin(ctx context.Context, p Pin, replaces string, now time.Time) (held string, err error) {
	pinned := &pin{Pin: p, replaces: replaces, now: now}
	err = s.do(ctx, pinned)
	return pinned.held, err
}

func (w *writer) pin(p *pin) error {
	if err := w.conn.Exec(`INSERT INTO pin (route, secret, scheme, since) VALUES (?, ?, ?, ?)
		ON CONFLICT (route, secret) DO UPDATE SET scheme = excluded.scheme, since = excluded.since WHERE scheme = ?`,
		p.Route, []byte(p.Secret), p.Scheme, p.now.UnixNano(), p.replaces); err != nil {
		return err
	}
	return w.conn.QueryRow("SELECT scheme FROM pin WHERE route = ? AND secret = ?",
		sqlite.Arguments(driver.Value(p.Route), []byte(p.Secret)), &p.held)
}

// CountPins returns how many pins Unpin would forget.
func (s *Store) CountPins(ctx context.Context, scheme string) (n int64, err error) {
	err = s.db.QueryRowContext(ctx, "SELECT count(*) FROM pin WHERE scheme GLOB ?", globOf(scheme)).Scan(&n)
	return n, s.told(err)
}

// Unpin forgets the pins to a scheme, in which * stands for any part, and returns how many there were.
func (s *Store) Unpin(ctx context.Context, scheme string) (n int64, err error) {
	u := &unpin{scheme: scheme}
	err = s.do(ctx, u)
	return u.forgotten, err
}
