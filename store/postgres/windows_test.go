package postgres

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/store/engine"
)

// scattered fills a history with 12,000 exchanges. Each third begins a webhook. The others belong to any webhook before
// them, so a webhook is in many windows. Some webhooks died in the queue.
func scattered(t *testing.T) *Engine {
	t.Helper()
	s := newEngine(t)
	exec(t, s, "INSERT INTO barb.name SELECT i, 1, sha256(('h' || i || '.test')::bytea), 'h' || i || '.test' "+
		"FROM generate_series(1, 40) i")
	exec(t, s, "INSERT INTO barb.name SELECT 100 + i, 2, sha256(('e' || i)::bytea), 'e' || i FROM generate_series(1, 9) i")
	exec(t, s, `INSERT INTO barb.exchange (id, kind, attempt, start, endpoint, method, url, event, request_size, webhook,
			ended, failed, status, took, writer)
		SELECT i, 1, 1, 1e18::bigint + i * 1000000::bigint,
			CASE WHEN i % 3000 = 7 THEN 40 ELSE 1 + (hashint4(i) & 65535) % 39 END, 'POST', '/',
			101 + (hashint4(i + 7) & 65535) % 9, 9,
			CASE WHEN i % 3 <> 1 THEN 1 + 3 * ((hashint4(i + 9) & 65535) % ((i + 2) / 3)) END, 1,
			(hashint4(i + 3) % 20 = 0)::int, 200, 5, 1
		FROM generate_series(1, 12000) i`)
	exec(t, s, `INSERT INTO barb.queue (id, kind, thread, target, behind, straight, state, due, created, changed, attempts)
		SELECT i, 3, i * 3 + 1, 1, false, false, 3, 1, 1, 1, 0 FROM generate_series(100, 3900, 100) i`)
	return s
}

func TestWebhooksOfAllWindowsAreListed(t *testing.T) {
	s := scattered(t)
	for _, s.near = range []int64{perPartition, 4096, 512} {
		listsAllWindows(t, s)
	}
}

func listsAllWindows(t *testing.T, s *Engine) {
	t.Helper()
	const died = "EXISTS (SELECT FROM barb.queue d WHERE d.thread = e.id AND d.state = 3)"
	for name, c := range map[string]struct {
		f     engine.Filter
		terms string // of a group of exchanges
	}{
		"endpoint": {engine.Filter{Endpoint: "h5.test"}, "bool_or(endpoint = 5)"},
		"failed":   {engine.Filter{Failed: true}, "bool_or(failed = 1 OR " + died + ")"},
		"event":    {engine.Filter{Event: "e3"}, "bool_or(event = 103)"},
		"failed, endpoint": {engine.Filter{Failed: true, Endpoint: "h5.test"},
			"bool_or(failed = 1 OR " + died + ") AND bool_or(endpoint = 5)"},
		"event, endpoint": {engine.Filter{Event: "e3", Endpoint: "h5.test"},
			"bool_or(event = 103) AND bool_or(endpoint = 5)"},
		"few":             {engine.Filter{Endpoint: "h40.test"}, "bool_or(endpoint = 40)"},
		"glob":            {engine.Filter{Event: "e3*"}, "bool_or(event = 103)"},
		"none":            {engine.Filter{Event: "e99"}, "false"},
		"all":             {engine.Filter{}, "true"},
		"most of the ids": {engine.Filter{IDs: []engine.Range{{From: 500, To: 11_900}}}, "bool_or(id BETWEEN 500 AND 11900)"},
	} {
		want := firstsOf(t, s, "SELECT coalesce(webhook, id) FROM barb.exchange e GROUP BY 1 HAVING "+c.terms+
			" ORDER BY max(id) DESC")
		order := firstsOf(t, s, "SELECT coalesce(webhook, id) FROM barb.exchange GROUP BY 1 ORDER BY max(id) DESC")
		var got []int64
		pages := 0
		for page, err := range s.Webhooks(t.Context(), c.f) {
			if err != nil {
				t.Fatal(name, err)
			}
			pages++
			got = append(got, page...)
		}
		if most := 5 + len(got)/pageRows + 12; pages > most { // each page costs statements
			t.Errorf("%s: %d webhooks in %d pages, at most %d would do, by %d", name, len(got), pages, most, s.near)
		}
		place := map[int64]int{}
		for i, first := range order {
			place[first] = i
		}
		if !slices.IsSortedFunc(got, func(a, b int64) int { return place[a] - place[b] }) {
			t.Errorf("%s: not in the order of the newest exchanges", name)
		}
		if n := len(got); len(slices.Compact(slices.Clone(got))) != n {
			t.Errorf("%s: a webhook is there twice", name)
		}
		for _, first := range want {
			if !slices.Contains(got, first) {
				t.Errorf("%s: %d of %d webhooks, without %d", name, len(got), len(want), first)
				break
			}
		}
		t.Logf("%s: %d, wanted %d", name, len(got), len(want))
	}
}

// Where the history ends is remembered from one list to the next, and found again where it has changed.
func TestListsNoticeThatTheHistoryEndsElsewhere(t *testing.T) {
	s := scattered(t)
	s.near = 512
	at := func(id int64) time.Time { return time.Unix(0, 1e18+id*1e6) }
	for _, left := range []engine.Range{{From: 1, To: 12_000}, {From: 1, To: 12_000}, {From: 5000, To: 9000},
		{From: 5800, To: 9000}, {From: 5800, To: 6000}, {From: 1, To: 0}, {From: 1, To: 0}} {
		exec(t, s, fmt.Sprintf("DELETE FROM barb.exchange WHERE id NOT BETWEEN %d AND %d", left.From, left.To))
		for _, f := range []engine.Filter{{}, {OldestFirst: true}, {Since: at(11_900)}, {Since: at(5900)}, {Since: at(100)},
			{Until: at(11_900)}, {Until: at(5900)}, {Since: at(5950), Until: at(5990)}} {
			query := "SELECT id FROM barb.exchange"
			if !f.Since.IsZero() {
				query += fmt.Sprintf(" WHERE start >= %d", f.Since.UnixNano())
			} else {
				query += " WHERE true"
			}
			if !f.Until.IsZero() {
				query += fmt.Sprintf(" AND start <= %d", f.Until.UnixNano())
			}
			var got []int64
			for x, err := range s.List(t.Context(), f) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, x.ID)
			}
			if slices.Sort(got); !slices.Equal(got, firstsOf(t, s, query+" ORDER BY id")) {
				t.Errorf("of %v, %+v: %d exchanges", left, f, len(got))
			}
		}
	}
}

func firstsOf(t *testing.T, s *Engine, query string) []int64 {
	t.Helper()
	rows, err := s.pool.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		t.Fatal(err)
	}
	return all
}
