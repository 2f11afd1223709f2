package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres"
	"github.com/barbhq/barb/store/postgres/pgtest"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/sqlite"
	"github.com/barbhq/barb/store/webhooks"
)

// emptyEngine makes a history of its own.
func emptyEngine(t *testing.T) *postgres.Engine {
	t.Helper()
	e, err := postgres.Open(t.Context(), pgtest.Database(t), true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// both fills a SQLite history by chance and copies it.
func both(t *testing.T, seed uint64, n int) (*sqlite.Engine, *postgres.Engine) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "history.db")
	s, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, s, rand.New(rand.NewPCG(seed, 1)), n)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	old, err := sqlite.Open(t.Context(), path, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = old.Close() })
	e := emptyEngine(t)
	copyHistory(t, path, e)
	return old, e
}

// same compares what the engines answer, errors by their texts.
func same[T any](t *testing.T, what string, ask func(engine.Engine) (T, error), engines [2]engine.Engine) {
	t.Helper()
	want, wantErr := ask(engines[0])
	got, gotErr := ask(engines[1])
	if fmt.Sprint(wantErr) != fmt.Sprint(gotErr) {
		t.Errorf("%s: error %v, SQLite has %v", what, gotErr, wantErr)
		return
	}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("%s (-SQLite +PostgreSQL):\n%s", what, d)
	}
}

// anyFilter makes a filter of some conditions.
func anyFilter(chance *rand.Rand, n int) engine.Filter {
	var f engine.Filter
	for range 1 + chance.IntN(3) {
		switch chance.IntN(15) {
		case 0:
			for range 1 + chance.IntN(12) {
				from := chance.Int64N(int64(n)) - 3
				f.IDs = append(f.IDs, engine.Range{From: from, To: from + chance.Int64N(8)})
			}
		case 1:
			f.Kind = oneOf(chance, []record.Kind{record.Sent, record.Received})
		case 2:
			f.Failed = true
		case 3:
			f.Invalid = true
		case 4:
			f.Scheme = oneOf(chance, []string{"stripe", "git*", "none", "*"})
		case 5:
			f.Event = oneOf(chance, []string{"invoice.paid", "invoice.*", "a_b", "a_*", "*%", "odd\x00\xff", "handshake:zoom",
				"handshake:*", "h*o*", "none", `back\*`, "*odd*", "handshake:odd\x00", "[a-z]*", "?*"})
		case 6, 7:
			f.Endpoint = oneOf(chance, []string{"app.test", "app.test:4242", "*", "*.test", "a_b.test", "a%b.test", ":3000",
				"localhost", "::1", "https://api.test:8443/x", "none", "a*", "API.test"})
		case 8:
			f.Status = oneOf(chance, []engine.StatusRange{{From: 200, To: 299}, {From: 404, To: 404}, {From: 300, To: 599},
				{From: 700, To: 900}, {From: 1, To: 99}})
		case 9:
			f.Since = noon.Add(time.Duration(chance.IntN(n)) * time.Second)
		case 10:
			f.Until = noon.Add(time.Duration(chance.IntN(n)) * time.Second)
		case 11:
			f.WebhookID = oneOf(chance, []string{"often", "msg_3", "odd\x00\xff", "none"})
		case 12:
			f.Marked = oneOf(chance, record.MarkKinds())
		case 13:
			f.Grep = oneOf(chance, []string{"needle", "\x00\xff", "xxx", "none", "so"})
		case 14:
			f.Before = chance.Int64N(int64(n))
		}
	}
	f.Limit = oneOf(chance, []int{0, 0, 1, 20, 300})
	f.OldestFirst, f.Bodies = chance.IntN(2) == 0, chance.IntN(3) == 0
	return f
}

func listOf[T any](list iter.Seq2[T, error]) (all []T, err error) {
	for one, err := range list {
		if err != nil {
			return all, err
		}
		all = append(all, one)
	}
	return all, nil
}

// matching returns the webhooks that a filter selects. How many more Webhooks yields is up to an engine.
func matching(ctx context.Context, e engine.Engine, f engine.Filter) (found []int64, err error) {
	pages, err := listOf(e.Webhooks(ctx, f))
	for _, first := range slices.Concat(pages...) {
		all, errOf := e.Exchanges(ctx, []int64{first})
		var ids []int64
		for _, x := range all {
			ids = append(ids, x.ID)
		}
		entries, errQueued := e.QueueOf(ctx, ids)
		if err = errors.Join(err, errOf, errQueued); err != nil {
			return nil, err
		}
		if webhooks.New(all, entries, noon).Matches(&f) {
			found = append(found, first)
		}
	}
	return found, err
}

func TestReadsExchangesAsSQLiteDoes(t *testing.T) {
	for seed := range uint64(2) {
		const n = 300
		old, e := both(t, seed, n)
		engines, chance, ctx := [2]engine.Engine{old, e}, rand.New(rand.NewPCG(seed, 2)), t.Context()
		if seed == 1 {
			e.ReadBy(64) // a history of many partitions
		}
		for range 60 {
			f := anyFilter(chance, n)
			what := fmt.Sprintf("%+v", f)
			same(t, "List "+what, func(e engine.Engine) ([]*record.Exchange, error) { return listOf(e.List(ctx, f)) }, engines)
			same(t, "Webhooks "+what, func(e engine.Engine) ([]int64, error) {
				return matching(ctx, e, f)
			}, engines)
			same(t, "Figures "+what, func(e engine.Engine) (engine.Figures, error) { return e.Figures(ctx, f) }, engines)
			if t.Failed() {
				return
			}
		}
		for range 25 {
			id := chance.Int64N(n + 50)
			sameOfID(ctx, t, engines, id, chance)
		}
		sameOfAll(ctx, t, engines)
	}
}

func sameOfID(ctx context.Context, t *testing.T, engines [2]engine.Engine, id int64, chance *rand.Rand) {
	t.Helper()
	what := fmt.Sprint(" ", id)
	ids := []int64{id, id + 3, id + 9, chance.Int64N(300)}
	same(t, "Get"+what, func(e engine.Engine) (*record.Exchange, error) { return e.Get(ctx, id) }, engines)
	same(t, "Thread"+what, func(e engine.Engine) ([]*record.Exchange, error) { return e.Thread(ctx, id) }, engines)
	same(t, "Exchanges"+what, func(e engine.Engine) ([]*record.Exchange, error) { return e.Exchanges(ctx, ids) }, engines)
	same(t, "Members"+what, func(e engine.Engine) (engine.Members, error) { return e.Members(ctx, ids) }, engines)
	same(t, "Requests"+what, func(e engine.Engine) ([]*record.Exchange, error) {
		return e.Requests(ctx, []*record.Exchange{{ID: id}, {ID: id + 4}, {ID: id + 1}})
	}, engines)
	same(t, "Newest"+what, func(e engine.Engine) (int64, error) { return e.Newest(ctx, int(id)) }, engines)
	same(t, "Containing"+what, func(e engine.Engine) ([]int64, error) { return e.Containing(ctx, ids, "needle") }, engines)
	same(t, "Mirror"+what, func(e engine.Engine) (engine.Mirror, error) {
		m, ok, err := e.Mirror(ctx, id)
		return m, errorOf(err, ok)
	}, engines)
	same(t, "Remarks"+what, func(e engine.Engine) (map[int64]engine.Remark, error) { return e.Remarks(ctx, ids) }, engines)
	same(t, "Pieces"+what, func(e engine.Engine) ([][]byte, error) { return e.Pieces(ctx, id) }, engines)
	same(t, "GetQueued"+what, func(e engine.Engine) (*engine.Queued, error) { return e.GetQueued(ctx, id) }, engines)
	same(t, "QueuedByID"+what, func(e engine.Engine) ([]*engine.Queued, error) { return e.QueuedByID(ctx, ids) }, engines)
	same(t, "QueueOf"+what, func(e engine.Engine) ([]*engine.Queued, error) { return e.QueueOf(ctx, ids) }, engines)
	same(t, "Accepted"+what, func(e engine.Engine) ([]engine.Acceptance, error) { return e.Accepted(ctx, id) }, engines)
	same(t, "GetRun"+what, func(e engine.Engine) (engine.Run, error) { return e.GetRun(ctx, id%6) }, engines)
	since := noon.Add(time.Duration(id) * time.Second)
	same(t, "Unsettled"+what, func(e engine.Engine) ([2]int64, error) {
		newest, open, err := e.Unsettled(ctx, oneOf(rand.New(rand.NewPCG(uint64(id), 0)), []int64{0, id}), since,
			since.Add(5*time.Minute))
		return [2]int64{newest, open}, err
	}, engines)
}

func errorOf(err error, ok bool) error {
	if err == nil && !ok {
		return engine.ErrNotFound
	}
	return err
}

func sameOfAll(ctx context.Context, t *testing.T, engines [2]engine.Engine) {
	t.Helper()
	for _, prefix := range []string{"", "in", "handshake:", "a_", "%", "odd"} {
		for _, limit := range []int{1, 3, 100} {
			same(t, "EventTypes "+prefix, func(e engine.Engine) ([]string, error) { return e.EventTypes(ctx, prefix, limit) },
				engines)
		}
	}
	same(t, "PinKey", func(e engine.Engine) ([]byte, error) { return e.PinKey(ctx) }, engines)
	for _, text := range []string{"", "/a", "/\x00", "/b"} {
		same(t, "Pinned "+text, func(e engine.Engine) (map[string]string, error) { return e.Pinned(ctx, text) }, engines)
	}
	for _, scheme := range []string{"*", "stripe", "st*", "s_ripe"} {
		same(t, "CountPins "+scheme, func(e engine.Engine) (int64, error) { return e.CountPins(ctx, scheme) }, engines)
	}
}

func anyQueueFilter(chance *rand.Rand) (f engine.QueueFilter) {
	for range 1 + chance.IntN(3) {
		switch chance.IntN(8) {
		case 0:
			f.IDs = append(f.IDs, engine.Range{From: chance.Int64N(50), To: chance.Int64N(100)})
		case 1, 2:
			f.States = append(f.States, oneOf(chance, []engine.QueueState{engine.Waiting, engine.Leased, engine.Done,
				engine.Dead, engine.Cancelled}))
		case 3:
			f.Kind = oneOf(chance, []engine.QueueKind{engine.Forward, engine.Message, engine.Command})
		case 4:
			f.Target = oneOf(chance, targets)
			f.TargetGlob = oneOf(chance, []string{"", "exec:*/[[]run] in *", "exec:*/run in *", "http://app.test[/?#]*",
				"h?t[p]*",
				"[^h]*", "http*[a-f]", "broken[", "exec:*[]]*", "a.b", "*(*"})
		case 5:
			f.Thread = chance.Int64N(300)
		case 6:
			f.Since = noon.Add(time.Duration(chance.IntN(9)) * time.Minute)
		case 7:
			f.At, f.Gone = noon.Add(time.Duration(10+chance.IntN(20))*time.Minute), oneOf(chance, [][]string{nil, {"w1"},
				{"w\x00", "w2"}})
		}
	}
	f.Limit, f.NewestFirst = oneOf(chance, []int{0, 1, 7}), chance.IntN(2) == 0
	return f
}

func TestReadsTheQueueAsSQLiteDoes(t *testing.T) {
	for seed := range uint64(2) {
		old, e := both(t, 10+seed, 250)
		engines, chance, ctx := [2]engine.Engine{old, e}, rand.New(rand.NewPCG(seed, 3)), t.Context()
		for range 80 {
			f := anyQueueFilter(chance)
			same(t, fmt.Sprintf("Queue %+v", f), func(e engine.Engine) ([]*engine.Queued, error) { return e.Queue(ctx, f) },
				engines)
		}
		for _, kinds := range [][]engine.QueueKind{nil, {engine.Forward}, {engine.Message, engine.Command}} {
			same(t, "QueueDepth", func(e engine.Engine) (map[engine.QueueState]int64, error) {
				return e.QueueDepth(ctx, kinds...)
			}, engines)
		}
		for kind := range engine.QueueKind(4) {
			same(t, "QueueTargets", func(e engine.Engine) ([]string, error) { return e.QueueTargets(ctx, kind) }, engines)
			for _, target := range append(targets, "", "none") {
				same(t, "Upcoming "+target, func(e engine.Engine) (map[engine.Due]int, error) {
					all, err := e.Upcoming(ctx, kind, target)
					found := map[engine.Due]int{} // those of one time are in any order
					for i, d := range all {
						found[d]++
						if i > 0 && d.At.Before(all[i-1].At) {
							t.Errorf("Upcoming %s is not in order: %v", target, all)
						}
					}
					return found, err
				}, engines)
			}
		}
		same(t, "Owners", func(e engine.Engine) ([]string, error) { return e.Owners(ctx) }, engines)
		same(t, "QueueGauges", func(e engine.Engine) ([2]int64, error) {
			open, dead, err := e.QueueGauges(ctx)
			return [2]int64{open, dead}, err
		}, engines)
	}
}
