package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/postgres/pgtest"
)

// serverComparisons are what -server measures: a history on a PostgreSQL server against one in a file, in turn.
var serverComparisons = []comparison{
	{"insert", insert},
	{"send", sendOnServer},
	{"listen", listenOnServer},
	{"deliver", deliverOnServer},
	{"pickup", pickup},
	{"network", network},
	{"lists", lists},
}

// startServer starts a PostgreSQL server with data of its own below the system's temporary folder, which is to be on a
// disk. It has the memory that PostgreSQL takes by itself.
func (b *bench) startServer() error {
	var err error
	b.server, err = pgtest.Start("shared_buffers=128MB", "max_wal_size=1GB", "max_connections=100")
	return err
}

// database is a database of the server; it is dropped by name.
func (b *bench) database(name string) string { return b.server.Address(name) }

func (b *bench) createDatabase(name string) error {
	return execute(b.ctx, b.database("postgres"), "CREATE DATABASE "+name)
}

func (b *bench) dropDatabase(name string) error {
	return execute(context.WithoutCancel(b.ctx), b.database("postgres"), "DROP DATABASE "+name+" WITH (FORCE)")
}

func execute(ctx context.Context, address, statement string) error {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
}

// both are the rounds of a history on the server and of one in a file.
type both struct{ server, file rounds }

// onBoth are a round over a new history in a file, and one over a new history on the server.
func (b *bench) onBoth(p *both, measure func(r *rounds, history string) error) []func() error {
	return []func() error{
		func() error { return b.inFile(func(history string) error { return measure(&p.file, history) }) },
		func() error { return b.onServer(func(history string) error { return measure(&p.server, history) }) },
	}
}

// inFile calls do with a new history in a file.
func (b *bench) inFile(do func(history string) error) error {
	const name = "round.db"
	err := b.prepared(b.path(name), do)
	return errors.Join(err, b.dropHistory(name))
}

// onServer calls do with a new history on the server.
func (b *bench) onServer(do func(history string) error) error {
	const name = "round"
	if err := b.createDatabase(name); err != nil {
		return err
	}
	err := b.prepared(b.database(name), do)
	return errors.Join(err, b.dropDatabase(name))
}

// prepared makes the tables of a history first: what is measured does not pay for that.
func (b *bench) prepared(history string, do func(string) error) error {
	made, err := store.Open(b.ctx, history)
	if err != nil {
		return err
	}
	if err := made.Close(); err != nil {
		return err
	}
	return do(history)
}

const inFileToo = "the same in SQLite"

// serverConditions is what a reader must know of the server and of how much was measured.
func (b *bench) serverConditions() string {
	version := "?"
	if conn, err := pgx.Connect(b.ctx, b.database("postgres")); err == nil {
		_ = conn.QueryRow(b.ctx, "SELECT current_setting('server_version')").Scan(&version) // else it is not known
		_ = conn.Close(b.ctx)
	}
	version, _, _ = strings.Cut(version, " ")
	load, _ := os.ReadFile("/proc/loadavg") // elsewhere than on Linux there is none
	before := strings.Fields(b.loadBefore + " ?")[0]
	after := strings.Fields(string(load) + " ?")[0]
	return fmt.Sprintf("%s, PostgreSQL %s with shared_buffers=128MB on the same machine; payload 1 KiB; %d rounds in turn; "+
		"load of the machine before %s, after %s", b.version(filepath.Join(b.bin, "barb"), "version"), version, b.rounds, before, after)
}
