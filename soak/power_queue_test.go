//go:build linux

package soak

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/barbhq/barb/store"
)

// The power is cut at some moments of barb deliver. No message is lost, the history has an attempt for each message that
// was sent, and a message is delivered only once its answer came. Another barb deliver then sends exactly the others.
func TestAPowerCutWhileTheQueueIsDeliveredLosesNoMessage(t *testing.T) {
	const messages = 30
	random, dir := seeded(t), t.TempDir()
	server := newReceiver(t)
	db := filepath.Join(dir, "history.db")
	queued := runTraced(t, dir, os.Getenv(program), "send", server.URL, "--db", db, "--queue", "-d", `{"type":"soak"}`,
		"-n", fmt.Sprint(messages), "-s", "github", "--secret", "env:KEY")
	cuts(t, dir, nil, queued, []int{len(queued) - 1}, random, func(t *testing.T, _ int, db string) {
		if n := len(waiting(t, db)); n != messages {
			t.Errorf("%d of %d messages that were queued wait", n, messages)
		}
	})
	before, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}
	events := runTraced(t, dir, os.Getenv(program), "deliver", "--db", db, "--drain", "--per-endpoint", "2")
	left := leaving(events)
	_, read := exchanged(events, "X-GitHub-Delivery")
	if len(left) != messages || len(read) != messages {
		t.Fatalf("the trace has %d requests and %d responses of %d", len(left), len(read), messages)
	}
	moments := slices.AppendSeq(slices.Collect(maps.Values(left)), maps.Values(read))
	random.Shuffle(len(moments), func(i, j int) { moments[i], moments[j] = moments[j], moments[i] })
	cuts(t, dir, before, events, moments[:8], random, func(t *testing.T, at int, db string) {
		wantQueue(t, db, at, left, read)
		wantDelivered(t, db, server, messages)
	})
}

// The power is cut when barb listen --queue answers a webhook that its app has refused: it is in the queue.
func TestAPowerCutLosesNoWebhookThatWaitsForItsApp(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer app.Close()
	random, dir := seeded(t), t.TempDir()
	bodies, events := underTrace(t, dir, random, 202, []string{"--forward-to", app.URL, "--queue"})
	wrote, _ := exchanged(events, "X-GitHub-Delivery")
	if len(wrote) != len(bodies) {
		t.Fatalf("the trace has %d of %d responses", len(wrote), len(bodies))
	}
	moments := slices.Collect(maps.Values(wrote))
	random.Shuffle(len(moments), func(i, j int) { moments[i], moments[j] = moments[j], moments[i] })
	cuts(t, dir, nil, events, moments[:12], random, func(t *testing.T, at int, db string) {
		wantHistory(t, db, at, bodies, wrote)
		queue := waiting(t, db)
		for id, when := range wrote {
			if when <= at && queue[id] == nil {
				t.Errorf("%s was answered 202 and does not wait", id)
			}
		}
	})
}

// receiver is a server that counts the webhooks that arrive, by their ids.
type receiver struct {
	*httptest.Server
	mu      sync.Mutex
	arrived map[string]int
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{arrived: map[string]int{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.arrived[req.Header.Get("X-GitHub-Delivery")]++
	}))
	t.Cleanup(r.Close)
	return r
}

// since returns what has arrived since it was called last.
func (r *receiver) since() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	arrived := r.arrived
	r.arrived = map[string]int{}
	return arrived
}

// leaving says when the first byte of each request began to go out, by its id.
func leaving(events []event) map[string]int {
	left := map[string]int{}
	for i, e := range events {
		if !e.isPeer() || e.end || e.name == "read" {
			continue
		}
		if id, ok := e.after("\r\nX-GitHub-Delivery: "); ok {
			if _, known := left[id]; !known {
				left[id] = i
			}
		}
	}
	return left
}

// waiting returns the open entries of a queue, by webhook id.
func waiting(t *testing.T, db string) map[string]*store.Queued {
	t.Helper()
	return entries(t, db, store.Waiting, store.Leased)
}

// entries returns the entries of a queue in some states, by webhook id.
func entries(t *testing.T, db string, states ...store.QueueState) map[string]*store.Queued {
	t.Helper()
	all := opened(t, db)
	history, err := store.OpenExisting(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	defer history.Close()
	queue, err := history.Queue(t.Context(), store.QueueFilter{States: states})
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]*store.Queued{}
	for _, q := range queue {
		for id, x := range all {
			if x.ID == q.Thread {
				byID[id] = q
			}
		}
	}
	return byID
}

// wantQueue checks a queue after a power cut: left has the moments when requests began to go out, and read those when
// their responses had come.
func wantQueue(t *testing.T, db string, at int, left, read map[string]int) {
	t.Helper()
	open, done := waiting(t, db), entries(t, db, store.Done)
	for id := range left {
		q := open[id]
		switch {
		case q == nil && done[id] == nil:
			t.Errorf("%s is lost", id)
		case q == nil && read[id] > at:
			t.Errorf("%s is delivered, and its answer had not come", id)
		case q != nil && q.Attempts == 0 && left[id] <= at:
			t.Errorf("%s had gone out, and the history knows of no attempt", id)
		}
	}
}

// wantDelivered delivers what is left of a queue: each message that was not delivered arrives once, no other does.
func wantDelivered(t *testing.T, db string, server *receiver, messages int) {
	t.Helper()
	open := waiting(t, db)
	server.since()
	cmd := exec.Command(os.Getenv(program), "deliver", "--db", db, "--drain")
	cmd.Dir, cmd.Env = filepath.Dir(db), environment(filepath.Dir(db))
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	arrived := server.since()
	for id, n := range arrived {
		if open[id] == nil || n != 1 {
			t.Errorf("%s came %d times, and waited: %v", id, n, open[id] != nil)
		}
	}
	if done := entries(t, db, store.Done); len(arrived) != len(open) || len(done) != messages {
		t.Errorf("%d of %d messages that waited came, and %d of %d are delivered", len(arrived), len(open), len(done),
			messages)
	}
}
