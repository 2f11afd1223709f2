package postgres

import (
	"testing"
	"time"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/pgtest"
)

// The server vacuums a partition when much has come into it, which may take hours. A sweep has it end that.
func TestASweepEndsTheVacuumOfItsPartition(t *testing.T) {
	t.Parallel()
	pgtest.Shared(t) // skips without a server
	server, err := pgtest.Start("autovacuum_naptime=1s", "deadlock_timeout=100ms")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Stop() }()
	s := openEngine(t, server.Database(t))
	s.sweeps = 1
	exec(t, s, "SELECT barb.make_partition(0)")
	exec(t, s, `INSERT INTO barb.exchange (id, kind, attempt, start, method, url, request_size, ended, failed, writer)
		SELECT nextval('barb.exchange_id'), 2, 1, 1e18::bigint + i, 'POST', '/', 9, 1, 0, 1 FROM generate_series(1, 20000) i`)
	exec(t, s, `ALTER TABLE barb.exchange_0 SET (autovacuum_vacuum_insert_threshold = 1,
		autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)`)
	for until := time.Now().Add(time.Minute); ; {
		if value[bool](t, s, "SELECT EXISTS (SELECT FROM pg_stat_progress_vacuum "+
			"WHERE relid = 'barb.exchange_0'::regclass)") {
			break
		}
		if time.Now().After(until) {
			t.Fatal("no vacuum has begun")
		}
	}
	before := value[uint32](t, s, "SELECT pg_relation_filenode('barb.exchange_0')")
	done, err := s.Prune(t.Context(), engine.PruneRule{OlderThan: time.Unix(0, 1e18+15_001)}, nil)
	if err != nil || done.Removed != 15_000 {
		t.Fatal(done, err)
	}
	if after := value[uint32](t, s, "SELECT pg_relation_filenode('barb.exchange_0')"); after == before {
		t.Error("what stays was not copied: webhooks were removed row by row")
	}
}
