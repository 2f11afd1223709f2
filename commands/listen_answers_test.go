package commands

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// listening runs barb listen in this process until it has had its --count, and returns its URL and what waits for its
// end.
func listening(t *testing.T, args ...string) (url string, ended func() int) {
	t.Helper()
	dir := t.TempDir()
	ready := filepath.Join(dir, "url")
	env := shell.Env{In: strings.NewReader(""), Out: io.Discard, Err: &bytes.Buffer{}, Dir: dir, Now: time.Now,
		Getenv: func(string) string { return "" }, Rand: func() float64 { return 0.5 }, Interruptible: context.WithCancel}
	args = append([]string{"listen", "--addr", "127.0.0.1:0", "--ready-file", ready, "--config", os.DevNull}, args...)
	code := make(chan int, 1)
	go func() { code <- Main(context.Background(), env, "test", args) }()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if data, err := os.ReadFile(ready); err == nil && len(data) > 0 {
			url = strings.TrimSpace(string(data))
			break
		}
		select {
		case c := <-code:
			t.Fatalf("listen ended with %d: %s", c, env.Err)
		default:
		}
		if time.Now().After(end) {
			t.Fatal("listen is not ready")
		}
	}
	return url, func() int { return <-code }
}

// receivedIn reads what was received, in the order of the ids.
func receivedIn(t *testing.T, db string) (xs []*record.Exchange) {
	t.Helper()
	history, err := store.OpenExisting(context.Background(), db)
	if err != nil {
		t.Fatal(err)
	}
	defer history.Close()
	for x, err := range history.List(context.Background(), store.Filter{Kind: record.Received, OldestFirst: true}) {
		if err != nil {
			t.Fatal(err)
		}
		xs = append(xs, x)
	}
	return xs
}

func TestTheNthHookOfTheHistoryGetsTheNthAnswerHoweverManyComeAtOnce(t *testing.T) {
	const hooks, senders = 400, 40
	want := make([]int, hooks)
	script := make([]string, hooks)
	for i := range want {
		want[i] = 200 + i%300
		script[i] = fmt.Sprint(want[i])
	}
	db := filepath.Join(t.TempDir(), "h.db")
	url, ended := listening(t, "--db", db, "--count", fmt.Sprint(hooks), "--respond", strings.Join(script, ","))
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: senders},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	var group sync.WaitGroup
	for range senders {
		group.Go(func() {
			for range hooks / senders {
				response, err := client.Post(url, "text/plain", strings.NewReader("x"))
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
			}
		})
	}
	group.Wait()
	if code := ended(); code != 0 {
		t.Errorf("listen ended with %d", code)
	}
	var got []int
	for _, x := range receivedIn(t, db) {
		got = append(got, x.Status())
	}
	if !slices.Equal(got, want) {
		for i := range min(len(got), len(want)) {
			if got[i] != want[i] {
				t.Fatalf("hook %d of %d got %d, want %d", i+1, len(got), got[i], want[i])
			}
		}
		t.Fatalf("%d hooks", len(got))
	}
}

func TestPartsAreReadAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]float64{"10%": 0.1, "0.5": 0.5, "0": 0, "100%": 1, "1": 1, "0.5%": 0.005} {
		var v float64
		if err := flags.Percent(&v).Set(text); err != nil || v != want {
			t.Errorf("%s is %g, %v", text, v, err)
		}
	}
	for _, text := range []string{"", "%", "10", "-1%", "101%", "NaN", "x"} {
		var v float64
		if err := flags.Percent(&v).Set(text); err == nil {
			t.Errorf("%q is %g", text, v)
		}
	}
}
