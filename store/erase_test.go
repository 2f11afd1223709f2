package store_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// marked is exchange n of a history whose every text holds a word of its own, so that a byte of it can be found again.
func marked(n int, size int) (x *record.Exchange, words []string) {
	word := func(where string) string {
		w := fmt.Sprintf("%s-%04d-of-a-stranger", where, n)
		words = append(words, w)
		return w
	}
	x = hook(n)
	head := fmt.Sprintf("POST /%s?q=%s HTTP/1.1\r\nHost: %s.test\r\nX-A: %s\r\n\r\n", word("path"), word("query"),
		word("host"), word("header"))
	r, err := record.ParseRequest(head, "http")
	if err != nil {
		panic(err)
	}
	r.Body = []byte(word("body") + strings.Repeat("-", size) + word("tail"))
	x.Request, x.WebhookID, x.EventType, x.Remote, x.ServerName = r, word("id"), word("event"),
		word("remote"), word("name")
	return x, words
}

// answeredMarked ends x with an answer that has words of its own.
func answeredMarked(x *record.Exchange, n, size int) (words []string) {
	answered(x, 200)
	words = []string{fmt.Sprintf("answer-%04d-of-an-app", n), fmt.Sprintf("set-%04d-of-an-app", n)}
	x.Response.Header = record.Header{{Name: "X-Set", Value: words[1]}}
	x.Response.Body = []byte(strings.Repeat("=", size) + words[0])
	return words
}

// bytesOnDisk is all that the file and its log hold.
func bytesOnDisk(t *testing.T, path string) []byte {
	t.Helper()
	var all []byte
	for _, name := range []string{path, path + "-wal", path + "-journal"} {
		data, err := os.ReadFile(name)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		all = append(all, data...)
	}
	return all
}

// What prune removed cannot be read back from the disk, whatever sizes it had, whatever lay beside it and however it
// ended.
func TestPruneErasesWhatItRemoves(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		rng := rand.New(rand.NewPCG(seed, 1))
		s := newHistory(t)
		var of [][]string
		var xs []*record.Exchange
		const n = 300
		for i := range n {
			x, words := marked(i, []int{0, 50, 3000, 9000, 60_000}[rng.IntN(5)])
			must(t, s.Record(context.Background(), x))
			xs, of = append(xs, x), append(of, words)
		}
		for _, i := range rng.Perm(n)[:n*3/4] { // apps answer in any order
			of[i] = append(of[i], answeredMarked(xs[i], i, []int{0, 500, 20_000}[rng.IntN(3)])...)
			must(t, s.Answer(context.Background(), xs[i]))
			if rng.IntN(9) == 0 {
				must(t, s.Flush(context.Background()))
			}
		}
		must(t, s.Flush(context.Background()))
		first, last := rng.IntN(n/2), n/2+rng.IntN(n/2)
		rule := store.PruneRule{Filter: store.Filter{Since: noon.Add(time.Duration(first) * time.Millisecond)},
			OlderThan: noon.Add(time.Duration(last) * time.Millisecond), Rewrite: 1 << 30}
		got, err := s.Prune(context.Background(), rule)
		if err != nil || got.Removed != int64(last-first) || got.Remains {
			t.Fatalf("Prune = %+v, %v, want %d removed", got, err, last-first)
		}
		disk := bytesOnDisk(t, s.Path())
		for i, words := range of {
			for _, w := range words {
				if there, want := bytes.Contains(disk, []byte(w)), i < first || i >= last; there != want {
					t.Errorf("seed %d: %s of exchange %d on disk: %v, want %v", seed, w, i, there, want)
				}
			}
		}
	}
}
