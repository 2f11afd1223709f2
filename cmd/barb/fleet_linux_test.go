package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/pgtest"
	"github.com/barbhq/barb/store/record"
)

// fleetApp notes when it got each message, and answers once it may.
type fleetApp struct {
	*httptest.Server
	hangs   atomic.Bool
	answers chan struct{} // closed: what hangs is answered

	mu   sync.Mutex
	came []time.Time
	n    map[string]int // by message
}

func newFleetApp(t *testing.T) *fleetApp {
	t.Helper()
	a := &fleetApp{answers: make(chan struct{}), n: map[string]int{}}
	a.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		a.came = append(a.came, time.Now())
		a.n[r.URL.Query().Get("n")]++
		a.mu.Unlock()
		if a.hangs.Load() {
			select {
			case <-a.answers:
			case <-r.Context().Done():
			}
		}
	}))
	t.Cleanup(a.Close)
	return a
}

// count returns how many requests came, and for how many messages.
func (a *fleetApp) count() (requests, messages int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.came), len(a.n)
}

// enqueueFor puts messages for an app into the queue, whose attempts may take five minutes, and their leases longer.
func enqueueFor(t *testing.T, history *store.Store, url string, n int) {
	t.Helper()
	policy, err := worker.PolicyText(deliver.Policy{Retries: 3, Base: time.Second, Timeout: 5 * time.Minute,
		MaxDelay: time.Second, RetryOn: deliver.DefaultRetryOn()})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		x := &record.Exchange{WebhookID: fmt.Sprint("msg_", i),
			Request: record.Request{Method: "POST", URL: url + "/?n=" + strconv.Itoa(i), Proto: "HTTP/1.1"}}
		plan := `{"policy":` + policy + `,"client":{"connect_timeout":"9s"}}`
		if _, err := worker.Enqueue(t.Context(), history, x, plan, "", time.Now()); err != nil {
			t.Fatal(err)
		}
	}
}

func openFleet(t *testing.T, address string) *store.Store {
	t.Helper()
	history, err := store.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = history.Close() })
	return history
}

// startFleet starts workers, each as if on a machine of its own, and returns their first processes by the machine, once
// all know of each other.
func startFleet(t *testing.T, history *store.Store, address string, n int, args ...string) (pids map[string]int) {
	t.Helper()
	pids = map[string]int{}
	for range n {
		pid, _ := contained(t, t.TempDir(), append([]string{"deliver", "--db", address}, args...)...)
		known := len(pids)
		until(t, "a worker beats", time.Minute, func() bool {
			all, err := history.Workers(context.Background())
			for _, w := range all {
				if _, ok := pids[w.Holder]; !ok && len(pids) == known {
					pids[w.Holder] = pid
				}
			}
			return err == nil && len(pids) > known
		})
	}
	until(t, "all workers know each other", time.Minute, func() bool {
		all, err := history.Workers(context.Background())
		return err == nil && len(all) == n && !slices.ContainsFunc(all, func(w store.Worker) bool {
			return slices.ContainsFunc(all, func(o store.Worker) bool { return w.Seen < o.Since })
		})
	})
	return pids
}

// Three workers with a rate of 10/s make 10 attempts a second to an endpoint, not 30.
func TestAFleetKeepsOneRateOnPostgreSQL(t *testing.T) {
	address := pgtest.Database(t)
	history, app := openFleet(t, address), newFleetApp(t)
	startFleet(t, history, address, 3, "--rate", "10/s", "--per-endpoint", "0")
	const messages = 40
	begun := time.Now() // what is late comes later: it can never be too much in all the time since
	enqueueFor(t, history, app.URL, messages)
	until(t, "all messages came", time.Minute, func() bool { _, n := app.count(); return n == messages })
	app.mu.Lock()
	defer app.mu.Unlock()
	for i, at := range app.came {
		if most := 10*at.Sub(begun).Seconds() + 2; float64(i+1) > most {
			t.Fatalf("%d attempts within %s, want %.0f at most", i+1, at.Sub(begun), most)
		}
	}
}

// holderOf waits until entries are leased, and returns the worker that has them.
func holderOf(t *testing.T, history *store.Store, n int) (holder string) {
	t.Helper()
	until(t, "entries are leased", time.Minute, func() bool {
		all, err := history.Queue(context.Background(), store.QueueFilter{States: []store.QueueState{store.Leased}})
		if err == nil && len(all) > 0 {
			holder = all[0].Owner
		}
		return err == nil && len(all) == n
	})
	return holder
}

func isDelivered(history *store.Store, n int64) func() bool {
	return func() bool {
		depth, err := history.QueueDepth(context.Background())
		return err == nil && depth[store.Done] == n
	}
}

// A worker of another machine is killed: nobody sees its process end. Its entries, and its endpoint, go to another one
// long before its leases end, and only what it was delivering is delivered again.
func TestAFleetTakesOverFromTheDeadOnPostgreSQL(t *testing.T) {
	address := pgtest.Database(t)
	history, app := openFleet(t, address), newFleetApp(t)
	pids := startFleet(t, history, address, 3, "--per-endpoint", "4")
	const messages, leases = 9, 4
	app.hangs.Store(true)
	enqueueFor(t, history, app.URL, messages)
	dead := holderOf(t, history, leases)
	until(t, "its attempts have begun", time.Minute, func() bool { n, _ := app.count(); return n == leases })
	said := runBarb(t, t.TempDir(), "workers", "--json", "--db", address)
	listed := strings.Split(strings.TrimSpace(said), "\n")
	owner := slices.IndexFunc(listed, func(line string) bool {
		return strings.Contains(line, `"leases":4,"endpoints":["`+strings.TrimPrefix(app.URL, "http://")+`"]`)
	})
	if len(listed) != 3 || strings.Count(said, `"state":"live","beat":"`) != 3 || owner < 0 {
		t.Errorf("barb workers says %s", said)
	}
	app.hangs.Store(false)
	killed := time.Now()
	if err := syscall.Kill(pids[dead], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	until(t, "all is delivered", 2*time.Minute, isDelivered(history, messages))
	if took := time.Since(killed); took < 4*time.Second {
		t.Errorf("the leases of a worker on another machine were released after %s", took)
	}
	if requests, n := app.count(); n != messages || requests > messages+leases {
		t.Errorf("%d requests for %d messages, want %d at most", requests, n, messages+leases)
	}
	all, err := history.Workers(t.Context())
	if err != nil || len(all) != 2 || strings.Contains(fmt.Sprint(all), dead) {
		t.Errorf("the workers are %v, %v", all, err)
	}
}

// haveBeaten reports whether all workers but one have beaten for a while, and whether for too short a time to release
// that one.
func haveBeaten(t *testing.T, history *store.Store, but string) (enough, tooShort bool) {
	t.Helper()
	all, err := history.Workers(t.Context())
	if err != nil {
		return false, true
	}
	enough, tooShort = len(all) > 1, true
	for _, w := range all {
		if steady := time.Duration(w.Beat - w.Since); w.Holder != but {
			enough, tooShort = enough && steady > 3*time.Second, tooShort && steady < engine.SilentAfter-2*time.Second
		}
	}
	return enough, tooShort
}

// signalWorker sends a signal to barb in a container: the first process there only waits for it.
func signalWorker(t *testing.T, first int, signal syscall.Signal) {
	t.Helper()
	workers := childrenOf(first, "")
	if len(workers) != 1 {
		t.Fatalf("%d processes", len(workers))
	}
	if err := syscall.Kill(workers[0], signal); err != nil {
		t.Fatal(err)
	}
}

// The database restarts after a while, and all workers look silent. Those that come back first release nobody.
func TestAFleetSurvivesARestartOnPostgreSQL(t *testing.T) {
	server := pgtest.New(t)
	address := server.Database(t)
	history, app := openFleet(t, address), newFleetApp(t)
	pids := startFleet(t, history, address, 3, "--per-endpoint", "4")
	const messages = 4
	app.hangs.Store(true)
	enqueueFor(t, history, app.URL, messages)
	slow := holderOf(t, history, messages)
	until(t, "the attempts have begun", time.Minute, func() bool { n, _ := app.count(); return n == messages })
	stopped := time.Now()
	signalWorker(t, pids[slow], syscall.SIGSTOP)
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	db, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(context.Background())
	if _, err := db.Exec(t.Context(), "UPDATE barb.worker SET beat = beat - 20000000000"); err != nil {
		t.Fatal(err)
	}
	until(t, "the others beat again", time.Minute, func() bool {
		enough, _ := haveBeaten(t, history, slow)
		return enough
	})
	held, err := history.Queue(t.Context(), store.QueueFilter{States: []store.QueueState{store.Leased}})
	if err != nil {
		t.Fatal(err)
	}
	if _, tooShort := haveBeaten(t, history, slow); tooShort && (len(held) != messages || held[0].Owner != slow) {
		t.Errorf("the first workers to come back released another: %d leases are left", len(held))
	}
	signalWorker(t, pids[slow], syscall.SIGCONT)
	away := time.Since(stopped)
	close(app.answers)
	until(t, "all is delivered", time.Minute, isDelivered(history, messages))
	if requests, _ := app.count(); requests != messages && away < 7*time.Second { // later they are cut off
		t.Errorf("%d requests for %d messages after %s without a server", requests, messages, away)
	}
}
