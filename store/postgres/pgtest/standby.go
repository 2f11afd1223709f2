package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Standby makes a synchronous standby of the server, which follows it until Promote is called. Both are stopped after
// the test.
func (c *Cluster) Standby(t testing.TB) *Cluster {
	t.Helper()
	dir, err := os.MkdirTemp("", "barbpg")
	if err != nil {
		t.Fatal(err)
	}
	s := &Cluster{Dir: dir, bin: c.bin, settings: c.settings}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	for _, do := range []func() error{func() error { return give(dir) }, func() error { return c.copyTo(s) }, s.start,
		func() error { return c.exec(t.Context(), "ALTER SYSTEM SET synchronous_standby_names = '*'") },
		func() error { return c.exec(t.Context(), "SELECT pg_reload_conf()") },
		func() error { return c.awaitStandby(t.Context()) }} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// copyTo makes the data of a standby.
func (c *Cluster) copyTo(s *Cluster) error {
	cmd := exec.Command(filepath.Join(c.bin, "pg_basebackup"), "-D", s.data(), "-h", "127.0.0.1", "-p", fmt.Sprint(c.Port),
		"-U", superuser, "-R", "-c", "fast", "--no-sync")
	if err := asUser(cmd); err != nil {
		return err
	}
	cmd.Dir = s.Dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("pg_basebackup: %w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}

// awaitStandby returns once commits wait for the standby.
func (c *Cluster) awaitStandby(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.Address("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for {
		var n int
		err := conn.QueryRow(ctx, "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'").Scan(&n)
		if n > 0 || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Crash stops the server at once. Restart starts it again.
func (c *Cluster) Crash() error { return c.process.stop(crash) }

// Promote makes a standby the server that takes writes.
func (c *Cluster) Promote(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, c.Address("postgres"))
	if err != nil {
		return err
	}
	var promoted bool
	err = conn.QueryRow(ctx, "SELECT pg_promote()").Scan(&promoted)
	if err == nil && !promoted {
		err = errors.New("the standby was not promoted")
	}
	return errors.Join(err, conn.Close(ctx))
}
