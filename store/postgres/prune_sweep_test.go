package postgres_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres"
	"github.com/barbhq/barb/store/postgres/pgtest"
	"github.com/barbhq/barb/store/record"
)

// What is copied to new tables is what SQLite leaves, too.
func TestSweepsAsSQLitePrunes(t *testing.T) {
	const n = 250
	cut := noon.Add(n * 3 / 4 * time.Second)
	for name, rule := range map[string]engine.PruneRule{
		"by age":                {OlderThan: cut},
		"whole webhooks by age": {OlderThan: cut, Whole: true, Open: noon.Add(-time.Minute)},
		"whole ones, some open": {OlderThan: cut.Add(time.Hour), Whole: true, Open: noon.Add(100 * time.Second)},
		"all":                   {OlderThan: cut.Add(time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			old, e := both(t, 5, n)
			e.SweepFrom(1)
			if done, err := old.Prune(t.Context(), rule, nil); err != nil || done.Removed == 0 {
				t.Fatal(done, err)
			}
			before, err := tableOf(t, e, "exchange_0")
			done, pruned := e.Prune(t.Context(), rule, nil)
			if pruned != nil || err != nil {
				t.Fatal(done, err, pruned)
			}
			if d := cmp.Diff(leftOf(t, old), leftOf(t, e)); d != "" {
				t.Errorf("left (-SQLite +PostgreSQL):\n%s", d)
			}
			if d := cmp.Diff(namesLeft(t, old), namesOf(t, e)); d != "" {
				t.Errorf("names (-SQLite +PostgreSQL):\n%s", d)
			}
			if after, err := tableOf(t, e, "exchange_0"); err != nil || after == before {
				t.Errorf("the partition is still table %d, %v", after, err)
			}
		})
	}
}

// tableOf is the file that a table is in, which another takes the place of when the table is made anew.
func tableOf(t *testing.T, e *postgres.Engine, name string) (file uint32, err error) {
	t.Helper()
	err = e.Pool().QueryRow(t.Context(), "SELECT pg_relation_filenode('barb."+name+"')").Scan(&file)
	return file, err
}

// What comes while the others are being copied, or while the sweep waits for readers, is there afterwards.
func TestASweepSeesWhatCameWhileItCopied(t *testing.T) {
	address := pgtest.Database(t)
	s, err := store.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var all []*record.Exchange
	for i := range 40 {
		r, err := record.ParseRequest("POST /hooks HTTP/1.1\r\nHost: app.test\r\n\r\n", "http")
		if err != nil {
			t.Fatal(err)
		}
		x := &record.Exchange{Kind: record.Received, Attempt: 1, Request: r, EventType: "invoice.paid",
			Start: noon.Add(time.Duration(i) * time.Second)}
		if err := s.Record(t.Context(), x); err != nil {
			t.Fatal(err)
		}
		all = append(all, x)
	}
	e, err := postgres.Open(t.Context(), address, false)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	e.SweepFrom(1)
	reader, err := e.Pool().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Rollback(t.Context())
	if _, err := reader.Exec(t.Context(), "LOCK TABLE barb.exchange IN ACCESS SHARE MODE"); err != nil {
		t.Fatal(err)
	}
	pruned := make(chan engine.PruneResult)
	go func() {
		done, err := e.Prune(t.Context(), engine.PruneRule{OlderThan: noon.Add(30 * time.Second), Whole: true}, nil)
		if err != nil {
			t.Error(err)
		}
		pruned <- done
	}()
	for waits := false; !waits; { // then it has copied
		if err := e.Pool().QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND "+
			"mode = 'AccessExclusiveLock')").Scan(&waits); err != nil {
			t.Fatal(err)
		}
	}
	answered := *all[35]
	answered.Response, answered.Ended = &record.Response{Status: 299}, true
	again := *all[3] // a redelivery keeps a webhook that was to go
	again.ID, again.Thread, again.Role, again.Start = 0, all[3].ID, record.Redelivery, noon.Add(time.Hour)
	for _, err := range []error{s.Answer(t.Context(), &answered), s.Record(t.Context(), &again),
		s.SetRemark(t.Context(), all[5].ID, store.Remark{Pinned: true}), s.Flush(t.Context()),
		reader.Commit(t.Context())} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if done := <-pruned; done.Removed != 28 || done.Webhooks != 28 {
		t.Errorf("removed %+v, want 28", done)
	}
	var left []int64
	for _, x := range all {
		if _, err := e.Get(t.Context(), x.ID); err == nil {
			left = append(left, x.ID)
		}
	}
	if want := []int64{4, 6, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40}; !slices.Equal(left, want) {
		t.Errorf("%v are left, want %v", left, want)
	}
	if x, err := e.Get(t.Context(), answered.ID); err != nil || x.Response == nil || x.Response.Status != 299 {
		t.Errorf("%+v, %v: its answer is lost", x, err)
	}
	if _, err := e.Get(t.Context(), again.ID); err != nil {
		t.Error("the redelivery is lost:", err)
	}
}

// An autovacuum of a partition that stays, as of the one that webhooks go into, keeps no other from being removed.
func TestASweepDoesNotWaitForTheVacuumOfAnotherPartition(t *testing.T) {
	_, e := both(t, 5, 250)
	e.SweepFrom(1)
	exec := func(db interface {
		Exec(context.Context, string, ...any) (pgconn.CommandTag, error)
	}, statement string) {
		t.Helper()
		if _, err := db.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	exec(e.Pool(), "SELECT setval('barb.exchange_id', 131072)")
	exec(e.Pool(), "SELECT barb.make_partition(1)")
	vacuum, err := e.Pool().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer vacuum.Rollback(t.Context())
	exec(vacuum, "LOCK TABLE barb.exchange_1, barb.request_1 IN SHARE UPDATE EXCLUSIVE MODE")
	before, err := tableOf(t, e, "exchange_0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Prune(t.Context(), engine.PruneRule{OlderThan: noon.Add(200 * time.Second)}, nil); err != nil {
		t.Fatal(err)
	}
	if after, err := tableOf(t, e, "exchange_0"); err != nil || after == before {
		t.Errorf("the partition was not copied: it is still table %d, %v", after, err)
	}
}

// A limit of the size holds for what the server's files take, as it does for a file.
func TestPruneBySizeLeavesNoMoreThanTheLimit(t *testing.T) {
	for name, sweepFrom := range map[string]int64{"row by row": 1 << 40, "by copying the rest": 1} {
		t.Run(name, func(t *testing.T) {
			address := pgtest.Database(t)
			s, err := store.Open(t.Context(), address)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			chance := rand.New(rand.NewPCG(1, 1))
			const n = 2000
			xs := make([]*record.Exchange, n)
			for i := range xs {
				r, err := record.ParseRequest("POST /hooks HTTP/1.1\r\nHost: app.test\r\n\r\n", "http")
				if err != nil {
					t.Fatal(err)
				}
				for range 1000 {
					r.Body = append(r.Body, byte(chance.IntN(256)))
				}
				xs[i] = &record.Exchange{Kind: record.Received, Attempt: 1, Request: r,
					Start: noon.Add(time.Duration(i) * time.Second)}
			}
			if err := s.Record(t.Context(), xs...); err != nil {
				t.Fatal(err)
			}
			e, err := postgres.Open(t.Context(), address, false)
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			e.SweepFrom(sweepFrom)
			const limit = 3 << 19
			done, err := e.Prune(t.Context(), engine.PruneRule{MaxBytes: limit, Whole: true}, nil)
			if err != nil {
				t.Fatal(err)
			}
			var size, left, lowest int64
			if err := e.Pool().QueryRow(t.Context(), `SELECT (SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class
				WHERE relnamespace = 'barb'::regnamespace AND relkind = 'r'), count(*), min(id) FROM barb.exchange`).Scan(&size,
				&left, &lowest); err != nil {
				t.Fatal(err)
			}
			if size > limit || size < limit*6/10 || left != n-done.Removed || lowest != done.Removed+1 {
				t.Errorf("it takes %d bytes, want little less than %d; %d removed, %d left from %d", size, limit, done.Removed,
					left, lowest)
			}
			t.Logf("%d bytes, %d left", size, left)
		})
	}
}
