// Package store keeps exchanges in one history. It gathers what several callers write into groups, makes rows of it,
// and hands both to an engine: a SQLite file. What was acknowledged is still there after a kill, a power cut or a full
// disk. The package does not know who calls and prints nothing.
package store

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres"
	"github.com/barbhq/barb/store/postgres/address"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/retain"
	"github.com/barbhq/barb/store/sqlite"
)

// Store is an open history. Its methods may be called from many goroutines.
type Store struct {
	// Redact is applied to every exchange before it is written, and returns it unchanged or a masked copy. Set it before
	// the first write; nil: exchanges are stored as they are.
	Redact func(*record.Exchange) *record.Exchange

	// Observe is called for each commit, one at a time, with the time until it was durable, in which the writer also
	// waits for other processes; err is nil when it is durable. Set it before the first write; it may be nil.
	Observe func(took time.Duration, err error)

	engine    engine.Engine
	retention *retain.Retention    // nil: it does not prune itself
	answered  atomic.Pointer[told] // the head of an answer that was written last; see parsedAnswer

	mu     sync.Mutex
	writer *writer // nil until the first write
	closed bool
}

// Open opens the history at path and makes it when there is none: the file with mode 0600, folders that are missing
// with 0700, whatever the umask. An older schema is brought up to date. A history that is already there is not written
// to, but loses the modes that let other users read or write it. Errors: ErrForeign, ErrOwner and ErrNewer before
// anything is touched, ErrCorrupt, ErrReadOnly, ErrFull, and ErrLocked after 5 s.
func Open(ctx context.Context, path string) (*Store, error) {
	return open(ctx, path, true)
}

// OpenExisting opens a history to read in it, also where the file or its folder cannot be written. It never makes one:
// where there is none, or only an empty file, the error is ErrNotExist. Writing works too where it is allowed.
func OpenExisting(ctx context.Context, path string) (*Store, error) {
	return open(ctx, path, false)
}

func open(ctx context.Context, path string, create bool) (*Store, error) {
	if IsServer(path) {
		e, err := postgres.Open(ctx, path, create)
		if err == nil && create && e.Refused() != nil {
			err = errors.Join(e.Refused(), e.Close())
		}
		if err != nil {
			return nil, err
		}
		return &Store{engine: e}, nil
	}
	e, err := sqlite.Open(ctx, path, create)
	if err != nil {
		return nil, err
	}
	return &Store{engine: e}, nil
}

// IsServer reports whether a place of a history is the address of a PostgreSQL server, not the path of a file.
func IsServer(place string) bool {
	scheme, _, ok := strings.Cut(strings.ToLower(place), "://")
	return ok && (scheme == "postgres" || scheme == "postgresql")
}

// NameOf returns the place of a history as it may be shown: the address of a server without its password.
func NameOf(place string) string {
	if !IsServer(place) {
		return place
	}
	name, err := address.Name(place)
	if err != nil { // nobody knows where its password ends
		return "postgres://…"
	}
	return name
}

// Limits bound a history that prunes itself.
type Limits = retain.Limits

// Retain prunes the history by limits until it is closed; see package retain. It never removes open entries of the
// queue. It is called once, before the history is used by several goroutines.
func (s *Store) Retain(limits Limits) {
	s.retention = retain.New(limits, s.Size, func(ctx context.Context, olderThan time.Time, maxBytes int64) error {
		_, err := s.Prune(ctx, PruneRule{OlderThan: olderThan, MaxBytes: maxBytes})
		return err
	})
	s.retention.Start()
}

// Prune removes exchanges, overwrites their bytes and shrinks the file. After an error, earlier removals remain. Ids
// are not given again. Open entries of the queue stay; ended ones go with their exchange.
func (s *Store) Prune(ctx context.Context, rule PruneRule) (PruneResult, error) {
	result, err := s.engine.Prune(ctx, rule, s.retention)
	return result, s.told(err)
}

// WouldPrune returns what Prune would remove by a rule, without Bytes, and removes nothing. By age the numbers are
// exact; by size they are near it, since SQLite frees whole pages.
func (s *Store) WouldPrune(ctx context.Context, rule PruneRule) (PruneResult, error) {
	result, err := s.engine.WouldPrune(ctx, rule)
	return result, s.told(err)
}

// Redacted returns an exchange as it is stored and may be shown: x itself when nothing is masked.
func (s *Store) Redacted(x *record.Exchange) *record.Exchange {
	if s.Redact == nil {
		return x
	}
	return s.Redact(x)
}

// Path returns the path of the file, absolute and without links.
func (s *Store) Path() string { return s.engine.Name() }

// Network reports whether the file is on a network file system: it has no write-ahead log there, and locks may not hold
// between machines.
func (s *Store) Network() bool { return s.engine.Network() }

// Size returns the bytes that the history takes on disk, its log included.
func (s *Store) Size() int64 { return s.engine.Size() }

// Close makes every Answer durable and closes the history; its error says what was lost. The last process to close it
// leaves one file, without a log.
func (s *Store) Close() error {
	s.mu.Lock()
	w, closed := s.writer, s.closed
	s.closed = true
	s.mu.Unlock()
	if closed {
		return nil
	}
	s.retention.Stop()
	var lost error
	if w != nil {
		lost = w.stop()
	}
	return errors.Join(lost, s.engine.Close())
}

// told returns an error of the engine for callers: after Close there is only one.
func (s *Store) told(err error) error {
	if err == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return s.fault(ErrClosed)
	}
	return err
}

// fault is an error of this history.
func (s *Store) fault(err error) error { return engine.Fault(s.engine.Name(), err) }
