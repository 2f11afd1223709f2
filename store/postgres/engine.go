// Package postgres keeps a history in a PostgreSQL database. Many processes on many machines share the history, and
// what was acknowledged survives what the server survives.
package postgres

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/address"
	"github.com/barbhq/barb/store/postgres/bundle"
	"github.com/barbhq/barb/store/postgres/reason"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/words"
)

// Engine is the engine.Engine of one history on a server.
type Engine struct {
	name    string // the address without its password
	pool    *pgxpool.Pool
	self    int64 // a random number: exchange.writer of what this process has recorded
	refused error // why it cannot be written; nil when it can
	sweeps  int64 // how many exchanges of a partition have to go for the others to be copied
	now     func() time.Time

	words  words.Words
	clock  clock
	size   size
	others neighbours
	ends   ends
	near   int64 // how many ids are a partition to a reader
	gets   bundle.Reader[*record.Exchange]
	writer writer // for Commit alone
}

// Open opens the history at an address, postgres://USER:PASSWORD@HOST/DATABASE, and, with create, makes its tables
// where there are none. The database itself is there already. Errors: ErrNotExist, ErrForeign, ErrNewer, and ErrAway
// after 2 s where there is no server, after 10 s where it does not take part.
func Open(ctx context.Context, where string, create bool) (*Engine, error) {
	name, err := address.Name(where)
	if err != nil {
		return nil, &engine.AddressError{Err: err}
	}
	config, err := address.Config(where, connectPatience)
	if err != nil {
		return nil, &engine.AddressError{Err: err}
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, reason.Translate(name, err)
	}
	s := &Engine{name: name, pool: pool, self: rand.Int64N(1<<63-1) + 1, sweeps: sweptRows, near: perPartition,
		now: time.Now}
	s.writer.engine, s.gets.Read = s, s.whole
	if err := tried(ctx, func() error { return s.open(ctx, create) }, patienceToOpen); err != nil {
		pool.Close()
		return nil, reason.Translate(name, err)
	}
	return s, nil
}

// open looks at the server and at the tables, and makes or updates them.
func (s *Engine) open(ctx context.Context, create bool) error {
	var release, now int64
	var encoding string
	var standby bool
	asked := s.now()
	if err := s.pool.QueryRow(ctx, `SELECT current_setting('server_version_num')::bigint,
		current_setting('server_encoding'), pg_is_in_recovery(), `+serverNow).Scan(&release, &encoding, &standby,
		&now); err != nil {
		return err
	}
	s.clock.set(now, asked, s.now())
	if release < oldestServer {
		return fmt.Errorf("the server is PostgreSQL %d; barb needs 13 or newer", release/10000)
	}
	if encoding != "UTF8" {
		return fmt.Errorf("the database has the encoding %s; barb needs UTF8", encoding)
	}
	found, err := look(ctx, s.pool)
	switch {
	case err != nil:
		return err
	case found.foreign:
		return engine.Fault(s.name, fmt.Errorf("%w: its schema barb has other tables", engine.ErrForeign))
	case found.version > latest():
		return s.newer(found.version)
	case found.version == 0 && !create:
		return engine.Fault(s.name, engine.ErrNotExist)
	case found.version < latest() && !standby:
		if err := s.migrate(ctx); err != nil {
			return err
		}
	case found.version < latest():
		return engine.Fault(s.name, engine.ErrStandby)
	}
	return s.mayWrite(ctx, standby)
}

// oldestServer is the first release with row triggers and unique keys on partitioned tables as they are used here.
const oldestServer = 130000

// mayWrite notes why the history cannot be written, where it cannot.
func (s *Engine) mayWrite(ctx context.Context, standby bool) error {
	var may bool
	err := s.pool.QueryRow(ctx, "SELECT has_table_privilege('barb.exchange', 'INSERT')").Scan(&may)
	switch {
	case err != nil:
		return err
	case standby:
		s.refused = engine.Fault(s.name, engine.ErrStandby)
	case !may:
		s.refused = engine.Fault(s.name, engine.ErrNoRight)
	}
	return nil
}

// Name returns the address of the history without its password.
func (s *Engine) Name() string { return s.name }

// Refused returns why the history cannot be written, nil when it can.
func (s *Engine) Refused() error { return s.refused }

// Network is about a file on a network file system: false.
func (*Engine) Network() bool { return false }

// Close closes all connections.
func (s *Engine) Close() error {
	s.pool.Close()
	return nil
}

// size is how large the history was when it was measured last.
type size struct{ bytes, at atomic.Int64 }

// sizeHolds is how long a size is taken for the present one: the writer asks for it with each group.
const sizeHolds = time.Second

// Size returns the bytes that the history takes on the disk of the server, as of at most a second ago; while the server
// is away, what it took last.
func (s *Engine) Size() int64 {
	if now := time.Now().UnixNano(); now-s.size.at.Load() > int64(sizeHolds) {
		s.size.at.Store(now)
		ctx, cancel := context.WithTimeout(context.Background(), connectPatience)
		defer cancel()
		_, _ = s.measure(ctx) // there is no one to tell: the last size stays
	}
	return s.size.bytes.Load()
}

// measure asks for the size of all tables with their indexes.
func (s *Engine) measure(ctx context.Context) (n int64, err error) {
	err = s.pool.QueryRow(ctx, `SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c
		JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'barb' AND c.relkind = 'r'`).Scan(&n)
	if err == nil {
		s.size.bytes.Store(n)
		s.size.at.Store(time.Now().UnixNano())
	}
	return n, err
}

// told is an error in words for a caller.
func (s *Engine) told(err error) error { return reason.Translate(s.name, err) }

var _ engine.Engine = (*Engine)(nil)
