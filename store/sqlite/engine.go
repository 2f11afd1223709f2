// Package sqlite keeps a history in one SQLite file. Several processes share the file, and what was acknowledged is
// still there after a kill, a power cut or a full disk.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"

	"github.com/barbhq/barb/store/disk"
	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/migrations"
	"github.com/barbhq/barb/store/others"
	"github.com/barbhq/barb/store/sqlite/raw"
	"github.com/barbhq/barb/store/words"
)

// Engine is the engine.Engine of one open file.
type Engine struct {
	path    string
	file    disk.FileID
	network bool
	refused error // why it cannot be written; nil when it can

	others  others.Notes
	readers *raw.Pool
	db      *sql.DB // the readers' pool
	words   words.Words

	transacting sync.Mutex // held for a transaction by the writer and by pruners
	writer      writer     // for Commit alone, and for Close
}

// Open opens the history at path and, with create, makes it when there is none; see store.Open and store.OpenExisting.
func Open(ctx context.Context, path string, create bool) (*Engine, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	s := &Engine{path: path}
	s.writer.engine = s
	if err := untilFree(ctx, func() error { return s.open(ctx, create) }); err != nil {
		return nil, translate(path, err)
	}
	return s, nil
}

func (s *Engine) open(ctx context.Context, create bool) error {
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
func (s *Engine) ready(create bool) error {
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
		return engine.Fault(s.path, engine.ErrNotExist)
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
func (s *Engine) update(h header, create bool) error {
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
func (s *Engine) openReaders(ctx context.Context) error {
	err := s.tryReaders(ctx, "mode=rw")
	if err == nil || isBusy(err) || errors.Is(err, engine.ErrNewer) || disk.Size(s.path+"-wal") > 0 {
		return err
	}
	refused := translate(s.path, err)
	if s.tryReaders(ctx, "mode=ro", "immutable=1") != nil {
		return err
	}
	if s.refused == nil {
		s.refused = engine.Fault(s.path, fmt.Errorf("%w: %w", engine.ErrReadOnly, disk.Cause(refused)))
	}
	return nil
}

func (s *Engine) tryReaders(ctx context.Context, settings ...string) error {
	s.readers, s.db = raw.NewPool(disk.SQLiteAddress(s.path, patience, append(settings, "_query_only=true",
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

// Name returns the path of the file, absolute and without links.
func (s *Engine) Name() string { return s.path }

// Refused returns why the file cannot be written, nil when it can.
func (s *Engine) Refused() error { return s.refused }

// Network reports whether the file is on a network file system: it has no write-ahead log there, and locks may not hold
// between machines.
func (s *Engine) Network() bool { return s.network }

// Size returns the bytes that the history takes on disk, its log included.
func (s *Engine) Size() int64 { return disk.Size(s.path) + disk.Size(s.path+"-wal") }

// Close closes all connections. The last process to close the file leaves it without a log.
func (s *Engine) Close() error {
	// SQLite removes the log by its name when the last connection closes; the name may be another history's by now.
	if !s.file.Same() {
		s.readers.KeepLogs()
	}
	return errors.Join(s.told(s.db.Close()), s.writer.hangUp())
}
