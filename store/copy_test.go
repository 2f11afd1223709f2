//go:build unix

package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres"
	"github.com/barbhq/barb/store/postgres/pgtest"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/sqlite"
)

// stopping says so in the middle of a copy, and goes no further.
type stopping struct {
	engine.Sink
	left int
}

func (s *stopping) Put(t *engine.Table, row engine.Row) error {
	if s.left--; s.left == 0 {
		fmt.Println("in the middle")
		select {}
	}
	return s.Sink.Put(t, row)
}

// roleCopy copies a history to where args say, and stops in the middle.
func roleCopy(path string, args []string) error {
	ctx := context.Background()
	from, err := sqlite.Open(ctx, path, false)
	if err != nil {
		return err
	}
	load := sqlite.Load
	if store.IsServer(args[0]) {
		load = postgres.Load
	}
	_, err = load(ctx, args[0], func(to engine.Sink) error {
		return from.Dump(ctx, engine.CopyRule{}, &stopping{Sink: to, left: 11_000})
	})
	return err
}

func TestACopyToAFileThatIsKilledLeavesNothing(t *testing.T) {
	t.Parallel()
	killedInTheMiddle(t, filepath.Join(t.TempDir(), "to.db"))
}

func TestACopyToPostgreSQLThatIsKilledLeavesNothing(t *testing.T) {
	t.Parallel()
	killedInTheMiddle(t, pgtest.Database(t))
}

func killedInTheMiddle(t *testing.T, to string) {
	t.Helper()
	const n = 6000
	from := newHistory(t)
	for i := range n / 500 {
		xs := make([]*record.Exchange, 500)
		for j := range xs {
			xs[j] = hook(500*i + j)
		}
		must(t, from.Record(t.Context(), xs...))
	}
	cmd, _, out := child(t, "copy", from.Path(), to)
	if !out.Scan() {
		t.Fatal("the copy ended")
	}
	must(t, cmd.Process.Kill())
	_ = cmd.Wait() // it was killed
	copied := openHistory(t, to)
	if ids := listed(t, copied, store.Filter{}); len(ids) != 0 {
		t.Errorf("%d exchanges are there after a kill", len(ids))
	}
	must(t, copied.Close())
	c := &store.Copy{}
	must(t, c.Run(t.Context(), from, to))
	if ids := listed(t, openHistory(t, to), store.Filter{}); len(ids) != n {
		t.Errorf("%d exchanges, want %d", len(ids), n)
	}
	if !store.IsServer(to) {
		sound(t, to)
	}
}
