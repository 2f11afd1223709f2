package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/postgres/pgtest"
	"github.com/barbhq/barb/store/record"
)

// manyToCopy are more webhooks than SQLite keeps in memory: it writes into the file before the end of a copy.
const manyToCopy = 72

// fillToCopy records webhooks with bodies of a MB that cannot be compressed.
func fillToCopy(t *testing.T, place string) {
	t.Helper()
	history, err := store.Open(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	bytes := rand.NewChaCha8([32]byte{1})
	for i := range manyToCopy {
		x := &record.Exchange{Kind: record.Received, Attempt: 1, Start: time.Now(), WebhookID: fmt.Sprint("msg_", i),
			Request: record.Request{Method: "POST", URL: "http://app.test/", Proto: "HTTP/1.1", Body: make([]byte, 1<<20)}}
		_, _ = bytes.Read(x.Request.Body) // never fails
		if err := history.Record(t.Context(), x); err != nil {
			t.Fatal(err)
		}
	}
	if err := history.Close(); err != nil {
		t.Fatal(err)
	}
}

// copiedTo returns how many exchanges a history has, 0 where there is none.
func copiedTo(t *testing.T, place string) (n int) {
	t.Helper()
	history, err := store.OpenExisting(t.Context(), place)
	if errors.Is(err, store.ErrNotExist) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	defer history.Close()
	for _, err := range history.List(t.Context(), store.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// killCopy starts barb copy, and kills it when it waits for a table of the server that comes last: all other rows are
// on their way then, and nothing is committed.
func killCopy(t *testing.T, server, from, to string) {
	t.Helper()
	ctx := context.Background()
	db, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(ctx) // which ends the lock, too
	if _, err := db.Exec(ctx, "BEGIN; LOCK TABLE barb.kept", pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	cmd, said := startBarb(t, t.TempDir(), "copy", from, to)
	until(t, "the copy waits", time.Minute, func() bool {
		var waits bool
		err := db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_locks
			WHERE relation = 'barb.kept'::regclass AND NOT granted)`).Scan(&waits)
		return err == nil && waits
	})
	if err := cmd.Process.Kill(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	_ = cmd.Wait() // it was killed
}

// A copy from a server to a file, and one from a file to a server, that are killed leave nothing, and are made again by
// the same command.
func TestACopyOfPostgreSQLThatIsKilledIsMadeAgain(t *testing.T) {
	t.Parallel()
	server, other, dir := pgtest.Database(t), pgtest.Database(t), t.TempDir()
	file := filepath.Join(dir, "copy.db")
	fillToCopy(t, server)
	killCopy(t, server, server, file)
	if info, err := os.Stat(file); err != nil || info.Size() < 1<<20 {
		t.Errorf("the copy was killed before it wrote: %v, %v", info, err)
	}
	empty, err := store.Open(t.Context(), other) // makes the tables, so that one can be locked
	if err != nil {
		t.Fatal(err)
	}
	if err := empty.Close(); err != nil {
		t.Fatal(err)
	}
	isMade := func(from, to string) {
		t.Helper()
		if n := copiedTo(t, to); n != 0 {
			t.Errorf("%s has %d webhooks after a kill", to, n)
		}
		said := runBarb(t, dir, "copy", from, to)
		if !strings.HasPrefix(said, fmt.Sprintf("copied %d webhooks", manyToCopy)) {
			t.Errorf("barb copy says %s", said)
		}
		if n := copiedTo(t, to); n != manyToCopy {
			t.Errorf("%s has %d webhooks, want %d", to, n, manyToCopy)
		}
	}
	isMade(server, file)
	killCopy(t, other, file, other)
	isMade(file, other)
}
