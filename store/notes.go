package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"time"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/record"
)

// RecordMirror is Record for a forward to a mirror; of is the forward to the app.
func (s *Store) RecordMirror(ctx context.Context, x *record.Exchange, of int64) error {
	return s.doWith(ctx, &engine.AddMirror{Of: of}, x)
}

// CompareMirror notes whether a mirror answered as the app did.
func (s *Store) CompareMirror(ctx context.Context, id int64, same bool) error {
	return s.do(ctx, &engine.CompareMirror{ID: id, Same: same})
}

// Mirror returns the mirror with an exchange's id; ok is false for any other exchange.
func (s *Store) Mirror(ctx context.Context, id int64) (m Mirror, ok bool, err error) {
	m, ok, err = s.engine.Mirror(ctx, id)
	return m, ok, s.told(err)
}

// SetRemark makes the remark of a webhook durable. first is Exchange.First of any of its exchanges.
func (s *Store) SetRemark(ctx context.Context, first int64, r Remark) error {
	return s.do(ctx, &engine.SetRemark{First: first, Remark: r})
}

// Remarks returns the remarks of webhooks, by what SetRemark calls first. Most webhooks have none.
func (s *Store) Remarks(ctx context.Context, firsts []int64) (map[int64]Remark, error) {
	all, err := s.engine.Remarks(ctx, firsts)
	return all, s.told(err)
}

// Fingerprint returns a secret's name in this history: its HMAC-SHA256 under the history's random key.
func (s *Store) Fingerprint(ctx context.Context, secret []byte) (string, error) {
	key, err := s.engine.PinKey(ctx)
	if err != nil {
		return "", s.told(err)
	}
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write(secret)
	return string(mac.Sum(nil)), nil
}

// Pinned returns the schemes that secrets are pinned to on a route, by their fingerprints.
func (s *Store) Pinned(ctx context.Context, route string) (map[string]string, error) {
	schemes, err := s.engine.Pinned(ctx, route)
	return schemes, s.told(err)
}

// Pin pins a secret to a scheme, unless it is pinned to another than the one to be replaced. It returns the scheme that
// the secret is pinned to now, durably: another process may have been faster.
func (s *Store) Pin(ctx context.Context, p Pin, replaces string, now time.Time) (held string, err error) {
	pinned := &engine.AddPin{Pin: p, Replaces: replaces, Now: now}
	err = s.do(ctx, pinned)
	return pinned.Held, err
}

// CountPins returns how many pins Unpin would forget.
func (s *Store) CountPins(ctx context.Context, scheme string) (int64, error) {
	n, err := s.engine.CountPins(ctx, scheme)
	return n, s.told(err)
}

// Unpin forgets the pins to a scheme, in which * stands for any part, and returns how many there were.
func (s *Store) Unpin(ctx context.Context, scheme string) (int64, error) {
	u := &engine.Unpin{Scheme: scheme}
	err := s.do(ctx, u)
	return u.Forgotten, err
}
