package store

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/barbhq/barb/store/ahead"
	"github.com/barbhq/barb/store/record"
)

// A group may be in the history though its commit was reported as failed. The group that repeats its answers has a
// longer run, and all of them read as answered.
func TestAllAnswersAreThereWhereAFailedGroupWasCommitted(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "history.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	xs := make([]*record.Exchange, 5)
	for i := range xs {
		r := &record.Response{Status: 200, Head: "HTTP/1.1 200 OK\r\n\r\n"}
		xs[i] = &record.Exchange{Kind: record.Received, Start: time.Now(), Response: r, Foreseen: true,
			Request: record.Request{Method: "POST", URL: "/"}}
	}
	if err := s.Record(t.Context(), xs...); err != nil {
		t.Fatal(err)
	}
	// the file has another name after the commit, which is therefore not trusted
	moved := &write{went: ahead.Answer{ID: 3, At: time.Now().UnixNano(), Head: xs[0].Response.Head}}
	once := sync.OnceValue(func() bool { return os.Rename(s.Path(), path+".moved") == nil })
	if err := s.writer.conn.RegisterFunc("moved", once, false); err != nil {
		t.Fatal(err)
	}
	if err := s.writer.conn.Exec(`CREATE TEMP TRIGGER moving AFTER INSERT ON main.answered
		BEGIN SELECT moved(); END`); err != nil {
		t.Fatal(err)
	}
	if err := s.writer.group.Submit(t.Context(), moved); err != nil {
		t.Fatal(err)
	}
	if err := s.Flush(t.Context()); err == nil {
		t.Fatal("the group was trusted")
	}
	if err := os.Rename(path+".moved", s.Path()); err != nil {
		t.Fatal(err)
	}
	for i, x := range xs {
		if x.Ended, x.Took = true, time.Millisecond; i == 2 {
			continue
		}
		if err := s.Answer(t.Context(), x); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Flush(t.Context()); err != nil {
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
