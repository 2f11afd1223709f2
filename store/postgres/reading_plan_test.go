package postgres

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/scope"
	"github.com/barbhq/barb/store/record"
)

// longHistory fills a history with 200,000 exchanges of 100 endpoints: webhooks of two, of which one in 1000 failed. An
// endpoint in a hundred is rare.
func longHistory(t *testing.T) *Engine {
	t.Helper()
	s := newEngine(t)
	if err := pgx.BeginFunc(t.Context(), s.pool, func(tx pgx.Tx) error {
		return makePartition(t.Context(), tx, 1)
	}); err != nil {
		t.Fatal(err)
	}
	exec(t, s, `INSERT INTO barb.name SELECT i, 1, sha256(('h' || i || '.test')::bytea), 'h' || i || '.test'
		FROM generate_series(1, 100) i`)
	exec(t, s, `INSERT INTO barb.exchange (id, kind, attempt, start, endpoint, method, url, webhook_id, request_size,
			webhook, ended, failed, status, took, writer)
		SELECT i, 1 + i % 2, 1, 1e18::bigint + i * 1000000::bigint,
			CASE WHEN i % 20000 = 7 THEN 100 ELSE 1 + i % 99 END, 'POST', '/',
			'msg_' || i / 2, 9, CASE WHEN i % 2 = 0 THEN i - 1 END, 1, (i % 1000 = 3)::int,
			CASE WHEN i % 1000 = 3 THEN 503 ELSE 200 END, 5, 1
		FROM generate_series(1, 200000) i`)
	exec(t, s, "INSERT INTO barb.request (id, body) SELECT i, 'x' FROM generate_series(1, 200000) i")
	return s
}

var (
	hits  = regexp.MustCompile(`Buffers: shared(?: hit=(\d+))?(?: read=(\d+))?`)
	scans = regexp.MustCompile(`Seq Scan on (?:exchange|request)_\d+ .*\(actual .*`)
)

// explain returns the plan of a query, run as each runs it, and how many blocks of 8 KiB it looked at.
func explain(t *testing.T, s *Engine, query string, args []any) (plan string, blocks int) {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), settingsOf(asked{query: query})); err != nil {
			return err
		}
		rows, err := tx.Query(t.Context(), "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) "+query, args...)
		if err != nil {
			return err
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		plan = strings.Join(lines, "\n")
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	found := hits.FindStringSubmatch(plan) // the first line with them is of the whole
	for _, n := range found[min(1, len(found)):] {
		more, _ := strconv.Atoi(n)
		blocks += more
	}
	return plan, blocks
}

// What a list costs must not grow with the history, whether the server has statistics yet or not.
func TestListsReadFewBlocks(t *testing.T) {
	s := longHistory(t)
	const fewBlocks = 1500 // of about 9,000
	at := func(n int64) time.Time { return time.Unix(0, 1e18+n*1e6) }
	for _, statistics := range []bool{false, true} {
		if statistics {
			exec(t, s, "ANALYZE")
		}
		for name, f := range map[string]engine.Filter{
			"last": {}, "last with bodies": {Bodies: true}, "oldest": {OldestFirst: true},
			"time": {Since: at(70_000), Until: at(80_000)}, "endpoint": {Endpoint: "h5.test"},
			"rare endpoint": {Endpoint: "h100.test"}, "endpoint and status": {Endpoint: "h5.test",
				Status: engine.StatusRange{From: 500, To: 599}},
			"rare endpoint with bodies": {Endpoint: "h100.test", Bodies: true}, "failed": {Failed: true},
			"marked": {Marked: record.Duplicate}, "webhook id": {WebhookID: "msg_777"},
			"ids": {IDs: []engine.Range{{From: 5, To: 9}, {From: 150_000, To: 150_000}}},
		} {
			sc, err := s.scope(t.Context(), &f)
			if err != nil || len(sc.Spans) == 0 {
				t.Fatal(name, sc, err)
			}
			query, args := listQuery(sc, &f, sc.Spans, 20)
			plan, blocks := explain(t, s, query, args)
			if blocks > fewBlocks || scans.MatchString(plan) {
				t.Errorf("%s, with statistics %t: %d blocks by\n%s", name, statistics, blocks, plan)
			}
			t.Logf("%s: %d blocks", name, blocks)
		}
		for name, oldest := range map[string]bool{"newest webhooks": false, "oldest webhooks": true} {
			query, args := walkQuery(&scope.Scope{}, oldest, engine.Range{From: 1, To: 200_000}, 200_000, firstPage)
			plan, blocks := explain(t, s, query, args)
			if blocks > fewBlocks || scans.MatchString(plan) {
				t.Errorf("%s, with statistics %t: %d blocks by\n%s", name, statistics, blocks, plan)
			}
		}
	}
}
