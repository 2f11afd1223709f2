package postgres_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/sqlite"
)

// leftOf is what is left of a history, as its readers see it.
func leftOf(t *testing.T, e engine.Engine) (left []string) {
	t.Helper()
	ctx := t.Context()
	var ids []int64
	for x, err := range e.List(ctx, engine.Filter{OldestFirst: true}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, x.ID)
		mirror, is, err := e.Mirror(ctx, x.ID)
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, fmt.Sprint(x.ID, " ", x.Webhook, " ", x.EventType, mirror, is))
	}
	entries, err := e.Queue(ctx, engine.QueueFilter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range entries {
		left = append(left, fmt.Sprint("entry ", q.ID, " of ", q.Thread, " ", q.State))
	}
	all := make([]int64, 1000)
	for i := range all {
		all[i] = int64(i)
	}
	remarks, err := e.Remarks(ctx, all)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range all {
		if r, ok := remarks[id]; ok {
			left = append(left, fmt.Sprint("remark ", id, " ", r))
		}
	}
	return left
}

func TestPrunesAsSQLiteDoes(t *testing.T) {
	const n = 250
	someIDs := engine.Filter{IDs: []engine.Range{{From: 3, To: 9}, {From: 50, To: 70}}}
	cut := noon.Add(n / 2 * time.Second)
	for name, rule := range map[string]engine.PruneRule{
		"by age":                  {OlderThan: cut},
		"whole webhooks by age":   {OlderThan: cut, Whole: true, Open: noon.Add(-time.Minute)},
		"whole ones, some open":   {OlderThan: cut.Add(time.Hour), Whole: true, Open: noon.Add(100 * time.Second)},
		"failed ones by age":      {OlderThan: cut, Filter: engine.Filter{Failed: true}},
		"whole failed ones":       {OlderThan: cut, Whole: true, Filter: engine.Filter{Failed: true}},
		"ids":                     {OlderThan: cut, Filter: someIDs},
		"an endpoint's":           {OlderThan: cut, Filter: engine.Filter{Endpoint: "app.test"}},
		"all that may go by size": {MaxBytes: 1},
		"all webhooks by size":    {MaxBytes: 1, Whole: true, Filter: engine.Filter{Kind: record.Received}},
		"nothing":                 {},
	} {
		t.Run(name, func(t *testing.T) {
			old, e := both(t, 5, n)
			engines := [2]engine.Engine{old, e}
			same(t, "WouldPrune", func(e engine.Engine) (engine.PruneResult, error) {
				return e.WouldPrune(t.Context(), rule)
			}, engines)
			same(t, "Prune", func(e engine.Engine) (engine.PruneResult, error) {
				done, err := e.Prune(t.Context(), rule, nil)
				done.Bytes, done.Remains = 0, false
				return done, err
			}, engines)
			if d := cmp.Diff(leftOf(t, old), leftOf(t, e)); d != "" {
				t.Errorf("left (-SQLite +PostgreSQL):\n%s", d)
			}
			want, got := namesLeft(t, old), namesOf(t, e)
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("names (-SQLite +PostgreSQL):\n%s", d)
			}
		})
	}
}

// namesLeft are the event types that exchanges have still.
func namesLeft(t *testing.T, e *sqlite.Engine) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for x, err := range e.List(t.Context(), engine.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if x.EventType != "" {
			found[x.EventType] = true
		}
	}
	return found
}

// namesOf are the event types that a history has names for.
func namesOf(t *testing.T, e *postgres.Engine) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	rows, err := e.Pool().Query(t.Context(), "SELECT text FROM barb.name WHERE kind = $1", int64(engine.NameEvent))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		for _, event := range events {
			if postgres.Escape(event) == text {
				found[event] = true
			}
		}
	}
	return found
}

// spread records exchanges through the ids of three partitions, two webhooks of two exchanges in each.
func spread(t *testing.T, e *postgres.Engine) {
	t.Helper()
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "history.db")
	s, err := store.Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	chance := rand.New(rand.NewPCG(1, 1))
	for i := range 12 {
		x := anyExchange(chance, i, nil)
		x.Kind, x.Attempt, x.Foreseen, x.Ended = record.Received, 1, false, true
		x.Response, x.Err = &record.Response{Status: 200}, nil
		x.Verdict, x.Marks, x.Start = record.Verdict{}, nil, noon.Add(time.Duration(i)*time.Minute)
		if i%2 == 1 {
			x.Thread, x.Role = int64(i), record.Redelivery
		}
		if err := s.Record(ctx, x); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	copyHistory(t, path, e)
	for _, text := range []string{
		"CREATE TABLE barb.@_1 PARTITION OF barb.@ FOR VALUES FROM (131072) TO (262144)",
		"CREATE TABLE barb.@_2 PARTITION OF barb.@ FOR VALUES FROM (262144) TO (393216)",
		"UPDATE barb.@ SET id = id + 131072 * ((id - 1) / 4)",
	} {
		for _, table := range []string{"exchange", "request", "response"} {
			if _, err := e.Pool().Exec(ctx, strings.ReplaceAll(text, "@", table)); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, err = e.Pool().Exec(ctx, "UPDATE barb.exchange SET webhook = webhook + 131072 * ((webhook - 1) / 4)")
	if err != nil {
		t.Fatal(err)
	}
}

func TestPruneDropsPartitionsOfWhichAllGoes(t *testing.T) {
	minute := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }
	for name, c := range map[string]struct {
		rule       engine.PruneRule
		before     string // is done before
		removed    int64
		webhooks   int64
		partitions int // that are left
	}{
		"one by age":         {rule: engine.PruneRule{OlderThan: minute(4)}, removed: 4, partitions: 2},
		"one and a half":     {rule: engine.PruneRule{OlderThan: minute(6)}, removed: 6, partitions: 2},
		"all but the newest": {rule: engine.PruneRule{OlderThan: minute(99)}, removed: 12, partitions: 1},
		"all by size":        {rule: engine.PruneRule{MaxBytes: 1}, removed: 12, partitions: 1},
		"but a pinned one": {rule: engine.PruneRule{OlderThan: minute(8)}, removed: 6, partitions: 2,
			before: "INSERT INTO barb.remark VALUES (3, true, '')"},
		"but one that waits": {rule: engine.PruneRule{OlderThan: minute(8)}, before: waiting, removed: 7, partitions: 2},
		"only with a filter": {rule: engine.PruneRule{OlderThan: minute(4),
			Filter: engine.Filter{IDs: []engine.Range{{From: 1, To: 2}}}}, removed: 2, partitions: 3},
		"whole webhooks": {rule: engine.PruneRule{OlderThan: minute(6), Whole: true}, removed: 6, webhooks: 3, partitions: 2},
		"a webhook of two partitions": {rule: engine.PruneRule{OlderThan: minute(6), Whole: true}, removed: 6, webhooks: 3,
			partitions: 2, before: "UPDATE barb.exchange SET webhook = 3 WHERE id = 131078"},
		"a webhook that stays": {rule: engine.PruneRule{OlderThan: minute(6), Whole: true}, removed: 4, webhooks: 2,
			partitions: 3, before: "UPDATE barb.exchange SET webhook = 3 WHERE id = 262153"},
	} {
		t.Run(name, func(t *testing.T) {
			e := emptyEngine(t)
			spread(t, e)
			if _, err := e.Pool().Exec(t.Context(), c.before); err != nil {
				t.Fatal(err)
			}
			done, err := e.Prune(t.Context(), c.rule, nil)
			if err != nil || done.Removed != c.removed || done.Webhooks != c.webhooks {
				t.Errorf("removed %+v, %v, want %d of %d webhooks", done, err, c.removed, c.webhooks)
			}
			var left int
			if err := e.Pool().QueryRow(t.Context(), "SELECT count(*) FROM pg_inherits WHERE inhparent = "+
				"'barb.exchange'::regclass").Scan(&left); err != nil || left != c.partitions {
				t.Errorf("%d partitions are left, %v, want %d", left, err, c.partitions)
			}
		})
	}
}

// waiting makes an entry of the queue that waits for exchange 2.
const waiting = `INSERT INTO barb.queue (id, kind, thread, target, behind, straight, state, due, created, changed,
		attempts) VALUES (1, 1, 2, 1, false, false, 1, 1, 1, 1, 0)`
