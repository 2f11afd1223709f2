package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// references checks that each shared body has as many references as it says, and returns how many bodies there are.
func references(t *testing.T, path string) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path)
	must(t, err)
	defer db.Close()
	var wrong int
	must(t, db.QueryRow("SELECT count(*) FROM body b WHERE refs <> (SELECT count(*) FROM request WHERE shared = "+
		"b.id)").Scan(&wrong))
	if wrong > 0 {
		t.Errorf("%d shared bodies have another number of references", wrong)
	}
	must(t, db.QueryRow("SELECT count(*) FROM request WHERE shared NOT IN (SELECT id FROM body)").Scan(&wrong))
	if wrong > 0 {
		t.Errorf("%d requests have a body that is not there", wrong)
	}
	must(t, db.QueryRow("SELECT count(*) FROM body").Scan(&n))
	return n
}

// sent is an exchange of a run, number n, with a body that others may have too.
func sent(n int, body []byte) *record.Exchange {
	x := answered(attempt(n, "api.test"), 200)
	x.Request.Body = body
	return x
}

// What comes back does not tell how a body is kept: random exchanges, some of whose bodies follow themselves, are given
// back by Get, List and a search as they were, whatever was removed between them and by whichever process.
func TestASharedBodyIsTheBody(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rnd := rand.New(rand.NewPCG(seed, 0))
			bodies := [][]byte{nil, {}, []byte("short"), hookBody(1), hookBody(1), hookBody(2),
				bytes.Repeat([]byte("needle in hay "), 9000)}
			path := filepath.Join(t.TempDir(), "history.db")
			s, other := openHistory(t, path), openHistory(t, path)
			want := map[int64][]byte{}
			var last int64
			for n := 0; n < 400; {
				body := bodies[rnd.IntN(len(bodies))]
				var ids []int64
				for range 1 + rnd.IntN(30) {
					n++
					last++
					want[last], ids = body, append(ids, last)
					if rnd.IntN(10) == 0 { // one whose caller waits, and may use the bytes again
						must(t, s.Record(context.Background(), sent(n, slices.Clone(body))))
						continue
					}
					must(t, s.Add(context.Background(), sent(n, body)))
				}
				must(t, s.Flush(context.Background()))
				if rnd.IntN(4) == 0 {
					pruner := []*store.Store{s, other}[rnd.IntN(2)]
					from := ids[rnd.IntN(len(ids))]
					_, err := pruner.Prune(context.Background(), store.PruneRule{OlderThan: noon.Add(time.Hour),
						Filter: store.Filter{IDs: []store.Range{{From: from - 20, To: from}}}})
					must(t, err)
					for id := from - 20; id <= from; id++ {
						delete(want, id)
					}
				}
			}
			asWanted(t, other, want)
			if n := references(t, path); n == 0 {
				t.Error("no body was shared")
			}
			_, err := other.Prune(context.Background(), store.PruneRule{OlderThan: noon.Add(time.Hour)})
			must(t, err)
			if n := references(t, path); n != 0 {
				t.Errorf("%d bodies are left of no request", n)
			}
		})
	}
}

// asWanted checks that a history has exactly the bodies by their exchanges.
func asWanted(t *testing.T, s *store.Store, want map[int64][]byte) {
	t.Helper()
	found := 0
	for x, err := range s.List(context.Background(), store.Filter{Bodies: true}) {
		must(t, err)
		found++
		if body, ok := want[x.ID]; !ok || !bytes.Equal(x.Request.Body, body) {
			t.Fatalf("exchange %d has %d bytes, want %d, %t", x.ID, len(x.Request.Body), len(body), ok)
		}
	}
	if found != len(want) {
		t.Errorf("%d exchanges are listed, want %d", found, len(want))
	}
	for _, text := range []string{"needle", "short", "aaaa", "bbbb", "cccc"} {
		var ids []int64
		for id, body := range want {
			if bytes.Contains(body, []byte(text)) {
				ids = append(ids, id)
			}
		}
		slices.Sort(ids)
		if got := listed(t, s, store.Filter{Grep: text, OldestFirst: true}); !slices.Equal(got, ids) {
			t.Errorf("%q is found in %d exchanges, want %d", text, len(got), len(ids))
		}
	}
}

// One body of a thousand messages takes the place of one.
func TestABodyOfManyMessagesIsKeptOnce(t *testing.T) {
	t.Parallel()
	s := newHistory(t)
	body := bytes.Repeat([]byte("0123456789abcdef"), 1<<12)
	for n := range 1000 {
		must(t, s.Add(context.Background(), sent(n, body)))
	}
	must(t, s.Close())
	if size := sizeOfFile(s.Path()); size > 1<<20 {
		t.Errorf("a thousand messages of one body of %d bytes take %d", len(body), size)
	}
	if n := references(t, s.Path()); n != 1 {
		t.Errorf("%d bodies are shared", n)
	}
}

// What comes back does not tell how an answer is kept: random answers, some of whose heads follow each other with
// another date, are given back as they were by whatever process, also when names were removed between them.
func TestANamedAnswerIsTheAnswer(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rnd := rand.New(rand.NewPCG(seed, 1))
			path := filepath.Join(t.TempDir(), "history.db")
			s, other := openHistory(t, path), openHistory(t, path)
			want := map[int64]*record.Exchange{}
			var last int64
			for n := 0; n < 300; n++ {
				x := anAnswered(t, rnd, n)
				last++
				want[last] = x
				switch rnd.IntN(3) {
				case 0:
					must(t, s.Add(context.Background(), x))
				case 1:
					must(t, s.Record(context.Background(), x))
					*x = *anAnswered(t, rnd, n) // a second answer takes the place of the first
					x.ID = last
					must(t, s.Answer(context.Background(), x))
				default:
					open := *x
					open.Ended, open.Response = false, nil
					must(t, s.Record(context.Background(), &open))
					x.ID = last
					must(t, s.Answer(context.Background(), x))
				}
				if n%50 == 49 {
					must(t, s.Flush(context.Background()))
					from := last - 10 - int64(rnd.IntN(40))
					_, err := other.Prune(context.Background(), store.PruneRule{OlderThan: noon.Add(time.Hour),
						Filter: store.Filter{IDs: []store.Range{{From: 1, To: from}}}})
					must(t, err)
					for id := range want {
						if id <= from {
							delete(want, id)
						}
					}
				}
			}
			must(t, s.Flush(context.Background()))
			for id, x := range want {
				got, err := other.Get(context.Background(), id)
				must(t, err)
				x.ID = id
				if d := diff(x, got); d != "" {
					t.Fatalf("exchange %d (-recorded +loaded):\n%s", id, d)
				}
			}
			if n := number(t, path, "SELECT count(*) FROM exchange WHERE answer IS NOT NULL"); n == 0 {
				t.Error("no answer is named")
			}
			if n := number(t, path, "SELECT count(*) FROM name WHERE kind = 9 AND text GLOB '*unique*'"); n != 0 {
				t.Errorf("%d heads that came once are names", n)
			}
		})
	}
}

// anAnswered is a message with an answer of a few kinds.
func anAnswered(t *testing.T, rnd *rand.Rand, n int) *record.Exchange {
	t.Helper()
	date := noon.Add(time.Duration(n) * time.Second).Format("Mon, 02 Jan 2006 15:04:05 GMT")
	heads := []string{
		"HTTP/1.1 200 OK\r\nDate: " + date + "\r\nContent-Length: 2\r\n\r\n",
		"HTTP/1.1 503 Not Now\r\nServer: a\r\nDate: " + date + "\r\nDate: " + date + "\r\n\r\n",
		"HTTP/1.1 204 No Content\r\n\r\n",
		"HTTP/1.1 200 OK\r\nDate: today\r\n\r\n",
		"HTTP/1.1 200 OK\nDate: " + date + "\n\n",
		fmt.Sprintf("HTTP/1.1 200 OK\r\nDate: %s\r\nX-Request: unique-%d-%d\r\n\r\n", date, n, rnd.Int()),
		"HTTP/1.0 200 OK\r\nX-Long: " + string(bytes.Repeat([]byte("x"), 2000)) + "\r\n\r\n",
	}
	r, err := record.ParseResponse(heads[rnd.IntN(len(heads))])
	must(t, err)
	r.Body = bytes.Repeat([]byte("ok"), []int{0, 1, 32, 33, 5000}[rnd.IntN(5)])
	r.Size = int64(len(r.Body))
	switch rnd.IntN(8) {
	case 0:
		r.Reason = "Otherwise"
	case 1:
		r.Header = append(r.Header, record.Field{Name: "x", Value: "not in the head"})
	case 2:
		r.Head = ""
	}
	x := answered(attempt(n, "api.test"), 200)
	x.Response = r
	return x
}
