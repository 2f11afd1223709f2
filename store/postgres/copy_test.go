package postgres_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres"
	"github.com/barbhq/barb/store/postgres/pgtest"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/sqlite"
)

// rows keeps what a history is made of.
type rows struct {
	facts  engine.Facts
	tables map[string][]engine.Row
}

func (r *rows) Begin(f engine.Facts) error {
	r.facts, r.tables = f, map[string][]engine.Row{}
	return nil
}

func (r *rows) Put(t *engine.Table, row engine.Row) error {
	r.tables[t.Name] = append(r.tables[t.Name], slices.Clone(row))
	return nil
}

// rowsOf reads all rows of a history, without the leases that a copy has not.
func rowsOf(t *testing.T, e engine.Dumper, rule engine.CopyRule) *rows {
	t.Helper()
	r := &rows{}
	rule.Now = noon.AddDate(1, 0, 0)
	if err := e.Dump(t.Context(), rule, r); err != nil {
		t.Fatal(err)
	}
	queue := engine.Tables()[slices.IndexFunc(engine.Tables(), func(t *engine.Table) bool { return t.Name == "queue" })]
	for _, row := range r.tables["queue"] {
		if row[queue.Place("state")] == int64(1) {
			row[queue.Place("owner")], row[queue.Place("straight")] = nil, int64(0)
		}
	}
	return r
}

// filled is a history of chance in a file.
func filled(t *testing.T, seed uint64, n int) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "from.db")
	s, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, s, rand.New(rand.NewPCG(seed, 1)), n)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// copied copies a history, with all that waits, after every lease has ended.
func copied(t *testing.T, from, to string) *store.Copy {
	t.Helper()
	c := &store.Copy{Waiting: store.CopyWaiting, Now: noon.AddDate(1, 0, 0)}
	if err := copyBy(t, c, from, to); err != nil {
		t.Fatal(err)
	}
	return c
}

func copyBy(t *testing.T, c *store.Copy, from, to string) error {
	t.Helper()
	s, err := store.OpenExisting(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return c.Run(t.Context(), s, to)
}

func opened(t *testing.T, path string) engine.Engine {
	t.Helper()
	var e engine.Engine
	var err error
	if store.IsServer(path) {
		e, err = postgres.Open(t.Context(), path, false)
	} else {
		e, err = sqlite.Open(t.Context(), path, false)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// A copy has every row and every column, and so has the copy of the copy.
func TestACopyHasAllThatItsHistoryHas(t *testing.T) {
	for seed := range uint64(3) {
		from, server, other := filled(t, 20+seed, 200), pgtest.Database(t), pgtest.Database(t)
		back, again := filepath.Join(t.TempDir(), "back.db"), filepath.Join(t.TempDir(), "again.db")
		c := copied(t, from, server)
		copied(t, server, other)
		copied(t, other, back)
		copied(t, back, again)
		all := engine.CopyRule{Waiting: true}
		want := rowsOf(t, opened(t, from), all)
		for _, place := range []string{server, other, back, again} {
			got := rowsOf(t, opened(t, place), all)
			if d := cmp.Diff(want.tables, got.tables, cmpopts.EquateEmpty()); d != "" {
				t.Fatalf("rows (-history +copy):\n%s", d)
			}
			if d := cmp.Diff(want.facts, got.facts); d != "" {
				t.Errorf("facts (-history +copy):\n%s", d)
			}
		}
		if n := c.Exchanges.Load(); n != int64(len(want.tables["exchange"])) || n != c.Total.Load() {
			t.Errorf("%d exchanges were counted of %d", n, c.Total.Load())
		}
		engines, chance := [2]engine.Engine{opened(t, back), opened(t, server)}, rand.New(rand.NewPCG(seed, 2))
		f := engine.Filter{Bodies: true}
		same(t, "List", func(e engine.Engine) ([]*record.Exchange, error) { return listOf(e.List(t.Context(), f)) }, engines)
		for range 20 {
			sameOfID(t.Context(), t, engines, chance.Int64N(250), chance)
		}
		sameOfAll(t.Context(), t, engines)
	}
}

// What is recorded in a copy gets ids behind those that it came with, and deliveries go on in their order.
func TestACopyGoesOnWhereItsHistoryEnded(t *testing.T) {
	from, back := filled(t, 30, 150), filepath.Join(t.TempDir(), "back.db")
	server := pgtest.Database(t)
	copied(t, from, server)
	copied(t, server, back)
	type given struct {
		exchange, entry int64
		blocked         bool
	}
	ids, blocked := map[string][]given{}, 0
	for _, place := range []string{from, server, back} {
		s, err := store.Open(t.Context(), place)
		if err != nil {
			t.Fatal(err)
		}
		for _, target := range targets {
			x := anyExchange(rand.New(rand.NewPCG(1, 1)), 999, nil)
			q := &store.Queued{Kind: store.Forward, Target: target, Order: "a", Due: noon, Created: noon}
			if err := s.RecordQueued(t.Context(), x, q); err != nil {
				t.Fatal(err)
			}
			ids[place] = append(ids[place], given{x.ID, q.ID, q.Blocked})
			if q.Blocked {
				blocked++
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(ids[server], ids[from]) || !slices.Equal(ids[back], ids[from]) || blocked == 0 {
		t.Errorf("%v\nwant the same everywhere, and some that wait for others of their order", ids)
	}
}

func TestACopyLeavesOutWhatItIsToldTo(t *testing.T) {
	from, server := filled(t, 40, 200), pgtest.Database(t)
	since := noon.Add(100 * time.Second)
	c := &store.Copy{Waiting: store.LeaveWaiting, Since: since, Now: noon}
	if err := copyBy(t, c, from, server); err != nil {
		t.Fatal(err)
	}
	want := rowsOf(t, opened(t, from), engine.CopyRule{Since: since})
	got := rowsOf(t, opened(t, server), engine.CopyRule{Waiting: true})
	if d := cmp.Diff(want.tables, got.tables, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("rows (-chosen +copy):\n%s", d)
	}
	all := rowsOf(t, opened(t, from), engine.CopyRule{Waiting: true}).tables
	exchanges := engine.Tables()[1]
	starts := map[int64]int64{}
	for _, row := range all["exchange"] {
		starts[row[0].(int64)] = row[exchanges.Place("start")].(int64)
	}
	n := 0
	for _, row := range all["exchange"] {
		first, ok := row[exchanges.Place("webhook")].(int64)
		if !ok {
			first = row[0].(int64)
		}
		if starts[first] >= since.UnixNano() {
			n++
		}
	}
	if len(got.tables["exchange"]) != n || n == 0 || n == len(starts) {
		t.Errorf("%d exchanges are of webhooks since then, %d of %d were copied", n, len(got.tables["exchange"]), len(starts))
	}
	if c.Left.Load() == 0 {
		t.Error("no entry of the queue was left")
	}
}

// A copy is refused as long as both histories would deliver the same.
func TestACopyAsksAboutWhatWaits(t *testing.T) {
	from := filled(t, 50, 150)
	s, err := store.Open(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	q := &store.Queued{Kind: store.Forward, Target: "http://held.test/", Due: noon, Created: noon}
	if err := s.RecordQueued(t.Context(), anyExchange(rand.New(rand.NewPCG(1, 1)), 999, nil), q); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Lease(t.Context(), store.LeaseRequest{Kind: q.Kind, Target: q.Target, Owner: "w", Want: 1, Now: noon,
		Until: noon.Add(time.Minute)}); err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]*store.Copy{
		"without a rule":    {Now: noon.AddDate(1, 0, 0)},
		"while leases hold": {Now: noon, Waiting: store.CopyWaiting},
	} {
		to := filepath.Join(t.TempDir(), "to.db")
		err := copyBy(t, c, from, to)
		if e, ok := errors.AsType[*store.WaitingError](err); !ok || e.Waiting == 0 {
			t.Errorf("%s: %v, want a WaitingError", name, err)
		}
		if _, err := os.Stat(to); err != nil {
			continue // it was not even made
		}
		if n := len(rowsOf(t, opened(t, to), engine.CopyRule{Waiting: true}).tables["name"]); n > 0 {
			t.Errorf("%s: %d rows were written", name, n)
		}
	}
}

func TestACopyIsRefusedWhereSomethingIs(t *testing.T) {
	from, server, file := filled(t, 60, 30), pgtest.Database(t), filepath.Join(t.TempDir(), "to.db")
	for _, to := range []string{server, file} {
		copied(t, from, to)
		err := copyBy(t, &store.Copy{Waiting: store.CopyWaiting, Now: noon.AddDate(1, 0, 0)}, from, to)
		if !errors.Is(err, store.ErrNotEmpty) {
			t.Errorf("again to %s: %v, want ErrNotEmpty", to, err)
		}
		err = copyBy(t, &store.Copy{}, to, to)
		if !errors.Is(err, store.ErrSame) {
			t.Errorf("%s to itself: %v, want ErrSame", to, err)
		}
	}
}

// cuts is a sink that does something in the middle.
type cuts struct {
	engine.Sink
	left int
	do   func() error
}

func (c *cuts) Put(t *engine.Table, row engine.Row) error {
	if c.left--; c.left == 0 {
		if err := c.do(); err != nil {
			return err
		}
	}
	return c.Sink.Put(t, row)
}

// After an error, or when the connection is cut, nothing was copied, and a second try finds an empty history.
func TestACopyThatFailsLeavesNothing(t *testing.T) {
	from := opened(t, filled(t, 70, 300))
	want := rowsOf(t, from, engine.CopyRule{Waiting: true}).tables
	broken := errors.New("broken")
	address := pgtest.Database(t)
	cut := func() error { // the server ends all other connections to the database
		conn, err := pgx.Connect(t.Context(), address)
		if err != nil {
			return err
		}
		defer conn.Close(context.WithoutCancel(t.Context()))
		_, err = conn.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		return err
	}
	for _, c := range []struct {
		to   string
		load func(context.Context, string, func(engine.Sink) error) (string, error)
		do   func() error
		want error
	}{
		{filepath.Join(t.TempDir(), "to.db"), sqlite.Load, func() error { return broken }, broken},
		{pgtest.Database(t), postgres.Load, func() error { return broken }, broken},
		{address, postgres.Load, cut, engine.ErrAway},
	} {
		_, err := c.load(t.Context(), c.to, func(to engine.Sink) error {
			return from.Dump(t.Context(), engine.CopyRule{Waiting: true}, &cuts{Sink: to, left: 500, do: c.do})
		})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want: %v", c.to, err, c.want)
		}
		if there := rowsOf(t, opened(t, c.to), engine.CopyRule{Waiting: true}).tables; len(there) > 0 {
			t.Errorf("%s: %d tables have rows", c.to, len(there))
		}
		if _, err := c.load(t.Context(), c.to, func(to engine.Sink) error {
			return from.Dump(t.Context(), engine.CopyRule{Waiting: true}, to)
		}); err != nil {
			t.Errorf("again to %s: %v", c.to, err)
		}
		got := rowsOf(t, opened(t, c.to), engine.CopyRule{Waiting: true}).tables
		if n := len(got["exchange"]); n != len(want["exchange"]) {
			t.Errorf("%s: %d exchanges, want %d", c.to, n, len(want["exchange"]))
		}
	}
}
