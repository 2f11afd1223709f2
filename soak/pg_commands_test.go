//go:build linux

package soak

import (
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/barbhq/barb/store/postgres/pgtest"
)

// atOnce runs commands at once. Each ends with exit code 0.
func (f *fleet) atOnce(t *testing.T, n int, args func(i int) []string) {
	t.Helper()
	var all errgroup.Group
	for i := range n {
		all.Go(func() error {
			cmd := f.barb(args(i)...)
			if said, err := cmd.CombinedOutput(); err != nil {
				return fmt.Errorf("barb %v: %w\n%s", args(i), err, said)
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		t.Error(err)
	}
}

// queues is a command that queues a webhook, as the first one of a history does.
func queues(i int) []string {
	return []string{"send", "http://app.test/in", "-d", fmt.Sprint(i), "--queue", "-q", "-s", "github", "--secret",
		"env:KEY"}
}

// A hundred commands wait for sixty connections.
func TestAHundredCommandsShareSixtyConnectionsToPostgreSQL(t *testing.T) {
	loops(t, func(t *testing.T) {
		server := pgtest.New(t, "max_connections=60")
		f := &fleet{db: server.Database(t), dir: t.TempDir()}
		f.atOnce(t, 1, queues)
		f.atOnce(t, 100, func(i int) []string {
			if i%2 == 0 {
				return queues(i)
			}
			return []string{"history", "--json"}
		})
		if n := ask[int](t, f.db, "SELECT count(*) FROM barb.queue"); n != 51 {
			t.Errorf("%d webhooks are queued, want 51", n)
		}
	})
}

// Twenty commands are the first on a database: they make one history.
func TestTwentyFirstCommandsOnPostgreSQLMakeOneHistory(t *testing.T) {
	loops(t, func(t *testing.T) {
		server := pgtest.New(t)
		for range 5 {
			f := &fleet{db: server.Database(t), dir: t.TempDir()}
			f.atOnce(t, 20, queues)
			if n := ask[int](t, f.db, "SELECT count(*) FROM barb.queue"); n != 20 {
				t.Errorf("%d webhooks are queued, want 20", n)
			}
		}
	})
}
