// Package pgtest starts a PostgreSQL server for tests.
package pgtest

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// require names the variable that makes a missing PostgreSQL a failure, as where all tests have to run.
const require = "BARB_REQUIRE_PG"

var (
	once    sync.Once
	cluster *Cluster
	errMade error
	last    atomic.Int64 // number of the last database
)

// Main runs the tests of a package and stops the server that they shared. It returns the exit code, for os.Exit in
// TestMain.
func Main(m *testing.M) int {
	code := m.Run()
	if cluster != nil {
		if err := cluster.Stop(); err != nil && code == 0 {
			panic(err) // there is no test to tell it to
		}
	}
	return code
}

// Shared returns the server that the tests of a package share. Without PostgreSQL the test is skipped, and fails with
// BARB_REQUIRE_PG=1.
func Shared(t testing.TB) *Cluster {
	t.Helper()
	once.Do(func() { cluster, errMade = Start() })
	check(t, errMade)
	return cluster
}

// check ends the test when there is no server for it.
func check(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case os.Getenv(require) == "1" || err != ErrMissing: //nolint:errorlint // it comes unwrapped
		t.Fatal(err)
	default:
		t.Skip(err)
	}
}

// New starts a server of the test's own with settings such as "max_connections=20", and stops it in the end.
func New(t testing.TB, settings ...string) *Cluster {
	t.Helper()
	c, err := Start(settings...)
	check(t, err)
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// Database makes an empty database on the shared server and returns its address. It is dropped after the test.
func Database(t testing.TB) string {
	t.Helper()
	return Shared(t).Database(t)
}

// Database makes an empty database on this server and returns its address. It is dropped after the test.
func (c *Cluster) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test%d", last.Add(1))
	if err := c.exec(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := c.exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil && c.isRunning() {
			t.Error(err)
		}
	})
	return c.Address(name)
}

// exec runs a statement in the database postgres.
func (c *Cluster) exec(ctx context.Context, query string) error {
	conn, err := pgx.Connect(ctx, c.Address("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, query)
	return firstOf(err, conn.Close(ctx))
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
