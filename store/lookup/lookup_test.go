package lookup_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/lookup"
	"github.com/barbhq/barb/store/record"
)

// filled is a history of some exchanges, of which id names the webhook ids by their place.
func filled(t *testing.T, path string, from, to int, id func(n int) string) {
	t.Helper()
	s, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	for n := from; n < to; n += 512 {
		var xs []*record.Exchange
		for i := n; i < min(n+512, to); i++ {
			xs = append(xs, &record.Exchange{Kind: record.Received, Start: time.Unix(int64(i), 0), WebhookID: id(i),
				Request: record.Request{Method: "POST", URL: "http://h.test/"}})
		}
		if err := s.Record(t.Context(), xs...); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// listed are the ids of the exchanges with a webhook id, oldest first.
func listed(t *testing.T, s *store.Store, f store.Filter) (ids []int64) {
	t.Helper()
	f.OldestFirst = true
	for x, err := range s.List(t.Context(), f) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, x.ID)
	}
	return ids
}

func opened(t *testing.T, path string) *store.Store {
	t.Helper()
	s, err := store.OpenExisting(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func blocks(t *testing.T, path, query string) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(context.Background(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Whatever is added and whatever is not, a list by a webhook id is the one that a walk finds.
func TestAListByWebhookIDHasAllOfThemAndNoOther(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	const rows = 14_000 // three blocks and a part of one
	id := func(n int) string {
		switch {
		case n%5000 == 17:
			return "twice" // in several blocks
		case n%3 == 0:
			return "often" // more than are found
		case n == 4094 || n == 4095: // ids 4095 and 4096
			return "at the seam"
		case n%7 == 0:
			return ""
		}
		return fmt.Sprint("id ", n)
	}
	filled(t, path, 0, rows, id)
	if n := blocks(t, path, "SELECT count(*) FROM lookup"); n != 3*64 {
		t.Fatalf("%d rows of lookup, want those of three blocks", n)
	}
	s := opened(t, path)
	want := map[string][]int64{}
	for n := range rows {
		want[id(n)] = append(want[id(n)], int64(n+1))
	}
	for _, one := range []string{"twice", "often", "at the seam", "id 1", "id 8192", "id 13999", "none"} {
		if got := listed(t, s, store.Filter{WebhookID: one}); !slices.Equal(got, want[one]) {
			t.Errorf("%s: %d exchanges %v, want %d", one, len(got), got[:min(len(got), 5)], len(want[one]))
		}
	}
	part := store.Filter{WebhookID: "twice", IDs: []store.Range{{From: 1, To: 5000}, {From: 9000, To: 11_000}}}
	if got := listed(t, s, part); !slices.Equal(got, []int64{18, 10_018}) {
		t.Errorf("of ranges: %v", got)
	}
}

// What is looked through must not grow with the history: of an id that is there once it is one id and the last block.
func TestOnlyFewIDsAreLookedThrough(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	filled(t, path, 0, 14_000, func(n int) string { return fmt.Sprint("id ", n) })
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	spans, few, err := lookup.Find(t.Context(), db, "id 5000")
	if err != nil || !few {
		t.Fatal(few, err)
	}
	want := []engine.Range{{From: 5001, To: 5001}, {From: 3 * 4096, To: 1<<63 - 1}}
	if !slices.Equal(spans, want) {
		t.Errorf("spans %v, want %v", spans, want)
	}
}

// A history from before there were blocks gets them while others are recorded.
func TestAnOldHistoryGetsItsBlocksWithTheNextWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	id := func(n int) string { return fmt.Sprint("id ", n) }
	filled(t, path, 0, 9000, id)
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "DELETE FROM lookup"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if got := listed(t, opened(t, path), store.Filter{WebhookID: id(3)}); !slices.Equal(got, []int64{4}) {
		t.Fatalf("without blocks: %v", got)
	}
	filled(t, path, 9000, 9000+3*512, id)
	if n := blocks(t, path, "SELECT max(block) FROM lookup"); n != 1 {
		t.Errorf("the last block is %d, want 1", n)
	}
	if got := listed(t, opened(t, path), store.Filter{WebhookID: id(3)}); !slices.Equal(got, []int64{4}) {
		t.Errorf("with blocks: %v", got)
	}
}

// What was removed leaves no blocks, and an empty history begins where its ids go on.
func TestPruneRemovesTheBlocksOfWhatIsGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	id := func(n int) string { return fmt.Sprint("id ", n) }
	filled(t, path, 0, 10_000, id)
	s := opened(t, path)
	if _, err := s.Prune(t.Context(), store.PruneRule{OlderThan: time.Unix(5000, 0)}); err != nil {
		t.Fatal(err)
	}
	if n := blocks(t, path, "SELECT min(block) FROM lookup"); n != 1 {
		t.Errorf("the first block is %d, want 1", n)
	}
	if got := listed(t, s, store.Filter{WebhookID: id(6000)}); !slices.Equal(got, []int64{6001}) {
		t.Errorf("what is left: %v", got)
	}
	if _, err := s.Prune(t.Context(), store.PruneRule{OlderThan: time.Unix(20_000, 0)}); err != nil {
		t.Fatal(err)
	}
	filled(t, path, 10_000, 20_000, id)
	if got := listed(t, s, store.Filter{WebhookID: id(13_000)}); !slices.Equal(got, []int64{13_001}) {
		t.Errorf("what came after: %v", got)
	}
	if n := blocks(t, path, "SELECT count(*) FROM lookup WHERE block < 2"); n != 0 {
		t.Errorf("%d rows of blocks without an exchange", n)
	}
}
