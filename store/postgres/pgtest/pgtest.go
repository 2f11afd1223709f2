// Package pgtest starts a PostgreSQL server for tests.
//
// With BARB_REQUIRE_PG=1 the tests that need one run, and with BARB_PGBOUNCER=1 they reach it through PgBouncer.
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

// require names the variable with which the tests on a server are run.
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

// Shared returns the server that the tests of a package share. The test is skipped without BARB_REQUIRE_PG=1, and fails
// with it where there is no PostgreSQL.
func Shared(t testing.TB) *Cluster {
	t.Helper()
	wanted(t)
	once.Do(func() { cluster, errMade = Start() })
	if errMade != nil {
		t.Fatal(errMade)
	}
	return cluster
}

// wanted skips a test where nobody asked for a server.
func wanted(t testing.TB) {
	t.Helper()
	if os.Getenv(require) != "1" {
		t.Skip("make test-pg runs the tests that need a PostgreSQL server")
	}
}

// New starts a server of the test's own with settings such as "max_connections=20", and stops it in the end.
func New(t testing.TB, settings ...string) *Cluster {
	t.Helper()
	wanted(t)
	c, err := Start(settings...)
	if err != nil {
		t.Fatal(err)
	}
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

// Database makes an empty database on this server and returns its address, which is PgBouncer's where that runs. It is
// dropped after the test.
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
	return c.Pooled(name)
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
