//go:build linux

package soak

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// key is the secret of the webhooks that are sent under strace.
const key = "a key of at least sixteen bytes"

// The power is cut when a 200 begins to go out. Whatever of the unsynced writes had reached the disk, the history opens,
// has each webhook whose 200 had begun, with the bytes of its body, and says of no other that it was answered.
func TestAPowerCutLosesNoAcknowledgedWebhook(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer app.Close()
	for name, flags := range map[string][]string{
		"recorded":  nil,
		"forwarded": {"--mode", "ack", "--forward-to", app.URL},
	} {
		t.Run(name, func(t *testing.T) {
			random, dir := seeded(t), t.TempDir()
			bodies, events := underTrace(t, dir, random, 200, flags)
			wrote, _ := exchanged(events, "X-GitHub-Delivery")
			if len(wrote) != len(bodies) {
				t.Fatalf("the trace has %d of %d responses", len(wrote), len(bodies))
			}
			moments := slices.Sorted(maps.Values(wrote))
			random.Shuffle(len(moments), func(i, j int) { moments[i], moments[j] = moments[j], moments[i] })
			cuts(t, dir, nil, events, moments[:12], random, func(t *testing.T, at int, db string) {
				wantHistory(t, db, at, bodies, wrote)
			})
		})
	}
}

// The power is cut at some moments of barb send -n: an attempt that the history has as ended has ended.
func TestAPowerCutEndsNoAttempt(t *testing.T) {
	random, dir := seeded(t), t.TempDir()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	events := runTraced(t, dir, os.Getenv(program), "send", server.URL, "--db", filepath.Join(dir, "history.db"),
		"-d", `{"type":"soak"}`, "-n", "1500", "--concurrency", "8", "-s", "github", "--secret", "env:KEY")
	_, read := exchanged(events, "X-GitHub-Delivery")
	if len(read) != 1500 {
		t.Fatalf("the trace has %d responses", len(read))
	}
	var moments []int
	last := slices.Max(slices.Collect(maps.Values(read)))
	for range 20 {
		moments = append(moments, random.IntN(last))
	}
	ended := 0
	cuts(t, dir, nil, events, moments, random, func(t *testing.T, at int, db string) {
		for id, x := range opened(t, db) {
			if when, ok := read[id]; x.Ended && (!ok || when > at) {
				t.Errorf("%s has ended before its answer came", id)
			} else if x.Ended {
				ended++
			}
		}
	})
	if t.Logf("%d attempts were ended in all histories", ended); ended == 0 {
		t.Error("no history has an attempt that ended")
	}
}

// seeded returns chance that can be repeated: SEED=n makes the same choices.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("SEED"); text != "" {
		if _, err := fmt.Sscan(text, &seed); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("SEED=%d repeats these choices", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// underTrace has four senders send webhooks to a traced listener, which gives all of them one answer. It returns their
// bodies by their ids.
func underTrace(t *testing.T, dir string, random *rand.Rand, want int, flags []string) (map[string][]byte,
	[]event) {
	t.Helper()
	const senders, each = 4, 20
	trace := filepath.Join(dir, "trace")
	t.Setenv("KEY", key)
	l := startUnder(t, strace(t, trace), filepath.Join(dir, "history.db"),
		append([]string{"-s", "github", "--secret", "env:KEY"}, flags...)...)
	bodies := map[string][]byte{}
	for i := range senders * each {
		body := make([]byte, 1+random.IntN(240_000)) // together more than a write-ahead log holds
		for n := range body {
			body[n] = byte(random.Uint32())
		}
		bodies[fmt.Sprintf("%d-%d", i%senders, i/senders)] = body
	}
	var group sync.WaitGroup
	for i := range senders {
		group.Go(func() {
			s, err := l.dial()
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			for n := range each {
				id := fmt.Sprintf("%d-%d", i, n)
				if status, err := s.post(signed(id, bodies[id])); status != want {
					t.Errorf("%s was answered %d, %v", id, status, err)
					return
				}
			}
		})
	}
	group.Wait()
	l.stop(t)
	return bodies, readTrace(t, trace)
}

// signed returns a webhook with the signature of github.
func signed(id string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(body)
	return fmt.Sprintf("POST /hook HTTP/1.1\r\nHost: h\r\nX-GitHub-Delivery: %s\r\nX-GitHub-Event: push\r\n"+
		"X-Hub-Signature-256: sha256=%x\r\nContent-Length: %d\r\n\r\n%s", id, mac.Sum(nil), len(body), body)
}

// cuts cuts the power at some events: once with what was synced, and twice with some of the rest. before is the history
// when the trace began, nil for none.
func cuts(t *testing.T, dir string, before []byte, events []event, moments []int, random *rand.Rand,
	check func(t *testing.T, at int, db string)) {
	t.Helper()
	slices.Sort(moments)
	d := newDisk(dir)
	if before != nil {
		d.holds("history.db", before)
	}
	for at, e := range events {
		d.follow(e)
		if d.unknown != "" {
			t.Fatalf("this test cannot follow a write by %s", d.unknown)
		}
		if _, found := slices.BinarySearch(moments, at); !found {
			continue
		}
		for _, chance := range []float64{0, 0.3, 0.8} {
			t.Run(fmt.Sprintf("%d/%v", at, chance), func(t *testing.T) {
				if db := d.cut(t, chance, random); d.durable["history.db"] != nil {
					check(t, at, db)
				}
			})
		}
	}
}

// opened returns the exchanges of a history after a power cut, by webhook id, and checks its integrity.
func opened(t *testing.T, db string) map[string]*record.Exchange {
	t.Helper()
	history, err := store.Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	defer history.Close()
	all := map[string]*record.Exchange{}
	for x, err := range history.List(t.Context(), store.Filter{Bodies: true, OldestFirst: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if all[x.WebhookID] == nil { // later ones are forwards
			all[x.WebhookID] = x
		}
	}
	file, err := sql.Open("sqlite3", "file:"+db)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var result string
	if err := file.QueryRowContext(context.Background(), "PRAGMA integrity_check").Scan(&result); err != nil || result != "ok" {
		t.Errorf("integrity_check: %s, %v", result, err)
	}
	return all
}

// wantHistory checks a history after a power cut. wrote has the moments when the responses began to go out.
func wantHistory(t *testing.T, db string, at int, bodies map[string][]byte, wrote map[string]int) {
	t.Helper()
	all := opened(t, db)
	var lost, early []string
	for id, body := range bodies {
		x := all[id]
		if wrote[id] <= at && (x == nil || !bytes.Equal(x.Request.Body, body)) {
			lost = append(lost, id)
		}
		if wrote[id] > at && x != nil && (x.Ended || x.Response != nil) {
			early = append(early, id)
		}
	}
	if len(lost)+len(early) > 0 {
		t.Errorf("lost though acknowledged: %s\nanswered, though no 200 went out: %s", strings.Join(lost, " "),
			strings.Join(early, " "))
	}
}
