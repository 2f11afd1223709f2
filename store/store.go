// Package store keeps exchanges in one SQLite file. Several processes share the file, and what was acknowledged is
// still there after a kill, a power cut or a full disk. The package does not know who calls, prints nothing, and lets
// no type of SQLite through its signatures, so that another engine can take its place.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/barbhq/barb/store/disk"
	"github.com/barbhq/barb/store/migrations"
	"github.com/barbhq/barb/store/others"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/retain"
	"github.com/barbhq/barb/store/sqlite"
	"github.com/barbhq/barb/store/words"
)

// Store is an open history. Its methods may be called from many goroutines.
type Store struct {
	// Redact is applied to every exchange before it is written, and returns it unchanged or a masked copy. Set it before
	// the first write; nil: exchanges are stored as they are.
	Redact func(*record.Exchange) *record.Exchange

	// Observe is called for each commit, one at a time, with the time until it was durable, in which the writer also
	// waits for other processes; err is nil when it is durable. Set it before the first write; it may be nil.
	Observe func(took time.Duration, err error)

	path    string
	file    disk.FileID
	network bool
	refused error // why it cannot be written; nil when it can

	others  others.Notes
	readers *sqlite.Pool
	db      *sql.DB // the readers' pool
	words   words.Words

	answered atomic.Pointer[told] // the head of an answer that was written last; see parsedAnswer

	retention   *retain.Retention // nil: it does not prune itself
	transacting sync.Mutex        // held for a transaction by the writer and by pruners

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
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	s := &Store{path: path}
	if err := untilFree(ctx, func() error { return s.open(ctx, create) }); err != nil {
		return nil, translate(path, err)
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, create bool) error {
	if err := s.ready(create); err != nil {
		return err
	}
	var err error
	if s.file, err = disk.Identify(s.path); err != nil {
		return err
	}
	if err := s.openReaders(ctx); err != nil {
		return err
	}
	if !create || s.network {
		return nil
	}
	var mode string // a file that has a write-ahead log keeps it
	if err := s.db.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil || mode == "wal" {
		return err
	}
	return useLog(s.path)
}

// ready sees to it that there is a file with the latest schema.
func (s *Store) ready(create bool) error {
	if err := owned(disk.CheckOwners(s.path)); err != nil {
		return err
	}
	h, err := readHeader(s.path)
	if errors.Is(err, fs.ErrNotExist) && create {
		if err = disk.Make(s.path); err == nil {
			h, err = readHeader(s.path)
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && h.blank && !create:
		return fault(s.path, ErrNotExist)
	case err != nil:
		return err
	}
	// SQLite puts -wal beside the file that a link leads to.
	if s.path, err = filepath.EvalSymlinks(s.path); err != nil {
		return err
	}
	if err := owned(disk.MakePrivate(s.path)); err != nil {
		return err
	}
	s.network = disk.OnNetwork(s.path)
	if err := disk.Writable(s.path); err != nil {
		s.refused = translate(s.path, err)
	}
	return s.update(h, create)
}

// update migrates a file of an earlier version.
func (s *Store) update(h header, create bool) error {
	// A migration was cut off and left a journal, maybe after it wrote the header: looking under a lock undoes it.
	old := h.blank || h.version < migrations.Latest() || disk.Size(s.path+"-journal") > 0
	switch {
	case s.refused != nil && (old || create):
		return s.refused
	case old:
		return migrate(s.path)
	}
	return nil
}

// openReaders opens the first connection for queries. In a folder that cannot be written SQLite cannot make the files
// that go with a log; without a log to read, no process can write either, and the file is read as it is.
func (s *Store) openReaders(ctx context.Context) error {
	err := s.tryReaders(ctx, "mode=rw")
	if err == nil || isBusy(err) || errors.Is(err, ErrNewer) || disk.Size(s.path+"-wal") > 0 {
		return err
	}
	refused := translate(s.path, err)
	if s.tryReaders(ctx, "mode=ro", "immutable=1") != nil {
		return err
	}
	if s.refused == nil {
		s.refused = fault(s.path, fmt.Errorf("%w: %w", ErrReadOnly, disk.Cause(refused)))
	}
	return nil
}

func (s *Store) tryReaders(ctx context.Context, settings ...string) error {
	s.readers, s.db = sqlite.NewPool(disk.SQLiteAddress(s.path, patience, append(settings, "_query_only=true",
		"_synchronous=FULL", "_stmt_cache_size=16")...))
	var version int
	err := s.db.QueryRowContext(ctx, "SELECT user_version FROM pragma_user_version, (SELECT count(*) FROM history)").Scan(
		&version)
	if err == nil && version > migrations.Latest() { // a newer barb's migration still waits in the log
		err = newer(s.path, version)
	}
	if err != nil {
		_ = s.db.Close() // the first error is the one to tell
	}
	return err
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

// Redacted returns an exchange as it is stored and may be shown: x itself when nothing is masked.
func (s *Store) Redacted(x *record.Exchange) *record.Exchange {
	if s.Redact == nil {
		return x
	}
	return s.Redact(x)
}

// Path returns the path of the file, absolute and without links.
func (s *Store) Path() string { return s.path }

// Network reports whether the file is on a network file system: it has no write-ahead log there, and locks may not hold
// between machines.
func (s *Store) Network() bool { return s.network }

// Size returns the bytes that the history takes on disk, its log included.
func (s *Store) Size() int64 { return disk.Size(s.path) + disk.Size(s.path+"-wal") }

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
	// SQLite removes the log by its name when the last connection closes; the name may be another history's by now.
	if !s.file.Same() {
		s.readers.KeepLogs()
	}
	err := translate(s.path, s.db.Close())
	if w != nil {
		err = errors.Join(err, w.hangUp())
	}
	return errors.Join(lost, err)
}
