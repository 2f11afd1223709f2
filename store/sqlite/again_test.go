package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/barbhq/barb/store/ahead"
	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/record"
)

// A group may be in the history though its commit was reported as failed. The group that repeats its answers has a
// longer run, and all of them read as answered.
func TestAllAnswersAreThereWhereAFailedGroupWasCommitted(t *testing.T) {
	t.Parallel()
	s := newEngine(t)
	path, head := s.path, "HTTP/1.1 200 OK\r\n\r\n"
	xs := make([]*record.Exchange, 5)
	for i := range xs {
		xs[i] = &record.Exchange{Kind: record.Received, Start: time.Now(), Request: record.Request{Method: "POST", URL: "/"}}
	}
	if err := commit(t, s, engine.Ending{Ended: ahead.Ended, Status: int64(200)}, xs...); err != nil {
		t.Fatal(err)
	}
	// the file has another name after the commit, which is therefore not trusted
	once := sync.OnceValue(func() bool { return os.Rename(path, path+".moved") == nil })
	if err := s.writer.conn.RegisterFunc("moved", once, false); err != nil {
		t.Fatal(err)
	}
	if err := s.writer.conn.Exec(`CREATE TEMP TRIGGER moving AFTER INSERT ON main.answered
		BEGIN SELECT moved(); END`); err != nil {
		t.Fatal(err)
	}
	went := func(x *record.Exchange) *engine.Write {
		return &engine.Write{Went: ahead.Answer{ID: x.ID, At: time.Now().UnixNano(), Head: head}}
	}
	third := went(xs[2])
	if err := s.Commit(t.Context(), &engine.Group{Writes: []*engine.Write{third}}); !errors.Is(err, engine.ErrReplaced) {
		t.Fatalf("the group was trusted: %v", err)
	}
	if err := os.Rename(path+".moved", path); err != nil {
		t.Fatal(err)
	}
	again := &engine.Group{Writes: []*engine.Write{third}, Again: true}
	for _, x := range slices.Delete(slices.Clone(xs), 2, 3) {
		again.Writes = append(again.Writes, went(x))
	}
	if err := s.Commit(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	for _, x := range xs {
		got, err := s.Get(t.Context(), x.ID)
		if err != nil || got.Outcome() == record.Pending {
			t.Errorf("%d is %v, %v", x.ID, got.Outcome(), err)
		}
	}
	if t.Failed() {
		t.Log(runsIn(t, path))
	}
}

// runsIn is the table answered.
func runsIn(t *testing.T, path string) (text string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("SELECT group_concat(first || '-' || id) FROM answered").Scan(&text); err != nil {
		return fmt.Sprint(err)
	}
	return text
}
