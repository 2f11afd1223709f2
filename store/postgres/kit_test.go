package postgres

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/pgtest"
	"github.com/barbhq/barb/store/record"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// noon is when the exchanges of the tests begin.
var noon = time.Date(2026, 1, 20, 12, 0, 0, 123456789, time.UTC)

// newEngine makes a history of its own and closes it in the end.
func newEngine(t *testing.T) *Engine {
	t.Helper()
	return openEngine(t, pgtest.Database(t))
}

// openEngine opens a history, as one process of several, and closes it in the end.
func openEngine(t *testing.T, address string) *Engine {
	t.Helper()
	s, err := Open(context.Background(), address, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// hook is a received exchange, number n of its test.
func hook(n int) *record.Exchange {
	head := fmt.Sprintf("POST /hooks?n=%d HTTP/1.1\r\nHost: app.test\r\n\r\n", n)
	r, err := record.ParseRequest(head, "http")
	if err != nil {
		panic(err)
	}
	r.Body = fmt.Appendf(nil, `{"n":%d}`, n)
	return &record.Exchange{Kind: record.Received, Attempt: 1, Start: noon.Add(time.Duration(n) * time.Millisecond),
		Remote: "127.0.0.1:5555", Request: r, WebhookID: fmt.Sprintf("msg_%d", n), EventType: "invoice.paid"}
}

// begun is a write that records exchanges, as package store makes it.
func begun(xs ...*record.Exchange) *engine.Write {
	w := &engine.Write{}
	for _, x := range xs {
		b := &engine.Beginning{X: x, Given: x}
		b.URL, b.Endpoint = record.SplitURL(x.Request.URL)
		w.Begin = append(w.Begin, b)
	}
	return w
}

// commit commits writes as one group.
func commit(t *testing.T, s *Engine, writes ...*engine.Write) {
	t.Helper()
	if err := s.Commit(t.Context(), &engine.Group{Writes: writes}); err != nil {
		t.Fatal(err)
	}
}

// do commits a task.
func do(t *testing.T, s *Engine, task engine.Task) {
	t.Helper()
	commit(t, s, &engine.Write{Work: task})
}

// recorded records exchanges in one group and returns their ids.
func recorded(t *testing.T, s *Engine, xs ...*record.Exchange) (ids []int64) {
	t.Helper()
	w := begun(xs...)
	commit(t, s, w)
	for i, b := range w.Begin {
		xs[i].ID = b.ID
		ids = append(ids, b.ID)
	}
	return ids
}

// value is what a query returns, in one row and one column.
func value[T any](t *testing.T, s *Engine, query string, args ...any) (v T) {
	t.Helper()
	if err := s.pool.QueryRow(t.Context(), query, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

// column is what a query returns in one column.
func list[T any](t *testing.T, s *Engine, query string, args ...any) []T {
	t.Helper()
	rows, err := s.pool.Query(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return all
}
