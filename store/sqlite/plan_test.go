package sqlite

import (
	"cmp"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/record"
)

// planned is a small history whose plans are those of a large one: SQLite has no statistics to tell them apart.
func planned(t *testing.T) *Engine {
	t.Helper()
	s := newEngine(t)
	for n := range 3 {
		x := &record.Exchange{Kind: record.Sent, Start: time.Unix(int64(n), 0), EventType: "a.b", Scheme: "stripe",
			Request: record.Request{URL: "http://h.test/"}}
		if err := commit(t, s, engine.Ending{}, x); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *Engine) explain(t *testing.T, query string, args ...any) string {
	t.Helper()
	rows, err := s.db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(detail + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}

// What a list costs must not grow with the history: every access is a search, and only the one page is ever sorted.
func TestListsSearchAndNeverScan(t *testing.T) {
	s := planned(t)
	any200 := engine.StatusRange{From: 200, To: 299}
	cases := map[string]struct {
		filter engine.Filter
		by     string
	}{
		"last": {engine.Filter{Limit: 20}, "SEARCH e USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"},
		"last with bodies": {engine.Filter{Limit: 20, Bodies: true},
			"SEARCH e USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"},
		"oldest with bodies": {engine.Filter{OldestFirst: true, Bodies: true},
			"SEARCH e USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"},
		"endpoint with bodies": {engine.Filter{Endpoint: "h.test", Bodies: true},
			"exchange_endpoint (endpoint=? AND <expr>=? AND rowid>? AND rowid<?)"},
		"oldest": {engine.Filter{OldestFirst: true}, "SEARCH e USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"},
		"time":   {engine.Filter{Since: time.Unix(1, 0)}, "SEARCH e USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"},
		"endpoint": {engine.Filter{Endpoint: "h.test"},
			"exchange_endpoint (endpoint=? AND <expr>=? AND rowid>? AND rowid<?)"},
		"endpoint glob": {engine.Filter{Endpoint: "h*"},
			"exchange_endpoint (endpoint=? AND <expr>=? AND rowid>? AND rowid<?)"},
		"endpoint status time": {engine.Filter{Endpoint: "h.test", Status: any200, Since: time.Unix(1, 0)},
			"exchange_endpoint (endpoint=? AND <expr>=? AND rowid>? AND rowid<?)"},
		"failed": {engine.Filter{Failed: true, Limit: 20}, "exchange_failed (failed=? AND rowid>? AND rowid<?)"},
		"failed by its answer": {engine.Filter{Status: engine.StatusRange{From: 500, To: 599}, Limit: 20},
			"exchange_failed (failed=? AND rowid>? AND rowid<?)"},
		"failed at endpoint": {engine.Filter{Failed: true, Endpoint: "h.test"},
			"exchange_failed (failed=? AND rowid>? AND rowid<?)"},
		"failed of event": {engine.Filter{Failed: true, Event: "a.*"}, "exchange_failed (failed=? AND rowid>? AND rowid<?)"},
		"marked":          {engine.Filter{Marked: record.Duplicate, Limit: 20}, "exchange_marked (id>? AND id<?)"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			sc, err := s.scope(t.Context(), &c.filter)
			if err != nil || len(sc.spans) == 0 {
				t.Fatal(sc, err)
			}
			query, args := sc.list(&c.filter, sc.spans[0], 20)
			if plan := s.explain(t, query, args...); !strings.Contains(plan, c.by) || strings.Contains(plan, "SCAN e\n") ||
				strings.Contains(plan, "SCAN exchange") || sortsBodies(plan) {
				t.Errorf("plan:\n%swant a search by %s", plan, c.by)
			}
			ids, args := sc.ids(sc.spans[0], " ORDER BY e.id DESC", 20)
			if len(sc.arms) < 2 {
				if plan := s.explain(t, ids, args...); strings.Contains(plan, "TEMP B-TREE FOR ORDER BY") {
					t.Errorf("all that is found is sorted:\n%s", plan)
				}
			}
		})
	}
}

func TestArmsOfTheEndpointIndexAreInOrder(t *testing.T) {
	s := planned(t)
	f := engine.Filter{Endpoint: "h.test"}
	sc, err := s.scope(t.Context(), &f)
	if err != nil || len(sc.arms) != 11 {
		t.Fatalf("%d arms, %v", len(sc.arms), err)
	}
	for _, a := range sc.arms {
		one := *sc
		one.arms = []arm{a}
		query, args := one.ids(one.spans[0], " ORDER BY e.id DESC", 20)
		if plan := s.explain(t, query, args...); strings.Contains(plan, "TEMP B-TREE") ||
			!strings.Contains(plan, "exchange_endpoint") {
			t.Errorf("plan of %s:\n%s", a.term, plan)
		}
	}
}

func TestWhatIsPrunedFirstIsFoundByAnIndex(t *testing.T) {
	s := planned(t)
	for _, st := range []stage{badlySigned, spentCopies} {
		sc := &scope{index: st.index}
		sc.add(st.term)
		query, args := sc.ids(engine.Range{From: 1, To: 3}, " ORDER BY e.id", pruneRows)
		if plan := s.explain(t, query, args...); strings.Contains(plan, "TEMP B-TREE") || strings.Contains(plan, "SCAN") {
			t.Errorf("plan of %s:\n%s", st.term, plan)
		}
	}
}

func TestWhatIsPrunedTogetherIsFoundByIndexes(t *testing.T) {
	s := planned(t)
	for _, st := range []stage{badlySigned, {index: noIndex}} {
		sc := &scope{index: st.index}
		sc.add(cmp.Or(st.term, "e.start <= 1"))
		sc.add(oldestLeft)
		query, args := sc.ids(engine.Range{From: 1, To: 3}, " ORDER BY e.id", pruneRows)
		if plan := s.explain(t, query, args...); strings.Contains(plan, "TEMP B-TREE") || strings.Contains(plan, "SCAN") ||
			!strings.Contains(plan, "exchange_webhook (webhook=? AND rowid<?)") {
			t.Errorf("plan of %s:\n%s", st.term, plan)
		}
	}
	plan := s.explain(t, strings.Replace(partsQuery, "@ids", allOf, 1), 1, 2, 3)
	if strings.Contains(plan, "SCAN") || !strings.Contains(plan, "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)") ||
		!strings.Contains(plan, "exchange_webhook (webhook=?)") || !strings.Contains(plan, "queue_thread (thread=?)") {
		t.Errorf("plan of all exchanges of a webhook:\n%s", plan)
	}
}

func TestThreadsSearchAndNeverScan(t *testing.T) {
	s := planned(t)
	plan := s.explain(t, threadQuery, 1)
	for _, step := range []string{"SCAN exchange", "SCAN x", "SCAN e\n"} {
		if strings.Contains(plan, step) {
			t.Errorf("the plan has %q:\n%s", step, plan)
		}
	}
}

// A kill cannot show what a power cut would lose: the setting itself is looked at, on the connection that writes.
func TestEveryCommitIsSynced(t *testing.T) {
	s := planned(t)
	for pragma, want := range map[string]int64{"synchronous": 2, "wal_autocheckpoint": 1000} {
		var got int64
		if err := s.writer.conn.QueryRow("PRAGMA "+pragma, nil, &got); err != nil || got != want {
			t.Errorf("%s is %d, %v, want %d", pragma, got, err, want)
		}
	}
	var mode string
	if err := s.writer.conn.QueryRow("PRAGMA journal_mode", nil, &mode); err != nil || mode != "wal" {
		t.Errorf("journal_mode is %q, %v", mode, err)
	}
}

// Five minutes of a long history cost what five minutes hold.
func TestFiguresSearchAndNeverScan(t *testing.T) {
	s := planned(t)
	for name, f := range map[string]engine.Filter{
		"time": {Since: time.Unix(1, 0)}, "time and endpoint": {Since: time.Unix(1, 0), Endpoint: "h*"},
		"failed": {Failed: true, Since: time.Unix(1, 0)},
		"ids":    {IDs: []engine.Range{{From: 1, To: 1}, {From: 3, To: 3}}},
	} {
		t.Run(name, func(t *testing.T) {
			sc, err := s.scopeBy(t.Context(), &f, "")
			if err != nil || len(sc.spans) == 0 {
				t.Fatal(sc, err)
			}
			query, args := sc.figures()
			if plan := s.explain(t, query, args...); !strings.Contains(plan,
				"SEARCH e USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)") || strings.Contains(plan, "SCAN e\n") ||
				strings.Contains(plan, "SCAN exchange") {
				t.Errorf("plan:\n%s", plan)
			}
		})
		query, args := queueFigures(&f)
		plan := s.explain(t, query, args...)
		for _, step := range []string{"queue_due", "queue_ord", "queue_dead (state=?)"} {
			if !strings.Contains(plan, step) {
				t.Errorf("%s: the queue is not searched by %s:\n%s", name, step, plan)
			}
		}
	}
}

// What is due is found by the index alone, with a search for each target and policy.
func TestTheQueueIsAskedByItsIndex(t *testing.T) {
	t.Parallel()
	s := planned(t)
	for text, args := range map[string][]any{upcoming: {1, "", 7}, leaseStatement: {"", 0, 0, 1, 1, 1, 1}} {
		plan := s.explain(t, text, args...)
		if strings.Contains(plan, "SCAN queue") || !strings.Contains(plan, "queue_due (kind=? AND target=? AND <expr>=?") {
			t.Errorf("%s\n%s", text, plan)
		}
	}
}

// The webhooks of a history are found by the ids and by the index of webhooks.
func TestWebhooksAreSearchedAndNeverScanned(t *testing.T) {
	s := planned(t)
	for name, f := range map[string]engine.Filter{"newest": {}, "oldest": {OldestFirst: true},
		"of an event": {Event: "a.b"}, "of two names, oldest": {Event: "a.b", Scheme: "str*", OldestFirst: true}} {
		sc, err := s.scope(t.Context(), &f)
		if err != nil {
			t.Fatal(err)
		}
		query, args := sc.walk(f.OldestFirst)
		plan := s.explain(t, query, append(append([]any{1, 3, 3}, args...), 2)...)
		if strings.Contains(plan, "SCAN") || strings.Contains(plan, "TEMP B-TREE") ||
			!strings.Contains(plan, "exchange_webhook (webhook=?") {
			t.Errorf("%s:\n%s", name, plan)
		}
	}
	if plan := s.explain(t, exchangesQuery, "[1,2]"); !strings.Contains(plan, "exchange_webhook (webhook=?") ||
		strings.Contains(plan, "SCAN e") || strings.Contains(plan, "SCAN x") {
		t.Errorf("exchanges:\n%s", plan)
	}
}

// sortsBodies reports whether a plan sorts rows after it has read their requests, which would hold all bodies at once.
func sortsBodies(plan string) bool {
	_, after, _ := strings.Cut(plan, "SEARCH q ")
	return strings.Contains(after, "TEMP B-TREE")
}
