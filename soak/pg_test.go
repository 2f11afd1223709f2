//go:build linux

package soak

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/store/postgres/pgtest"
)

// loops says how often each test on PostgreSQL is run: once, or BARB_SOAK_LOOPS times.
func loops(t *testing.T, run func(t *testing.T)) {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv("BARB_SOAK_LOOPS"))
	if err != nil {
		n = 1
	}
	for i := range n {
		t.Run(fmt.Sprint(i+1), run)
	}
}

// target is some endpoints that count what arrives, by the number that each webhook has in its body.
type target struct {
	urls []string
	slow time.Duration // that an answer takes

	mu      sync.Mutex
	arrived map[int]int
	order   map[string]*sequence
	faults  []string
	last    time.Time     // of the last arrival
	silence time.Duration // the longest time without any
	all     atomic.Int64
}

// sequence is what arrived of the webhooks with one order key.
type sequence struct{ newest, running int }

type message struct {
	Number int    `json:"number"`
	Key    string `json:"key"`
	Place  int    `json:"place"` // among those of its key, from 1
}

func newTarget(t *testing.T, endpoints int, slow time.Duration) *target {
	t.Helper()
	r := &target{arrived: map[int]int{}, order: map[string]*sequence{}, slow: slow}
	for range endpoints {
		server := httptest.NewServer(r)
		t.Cleanup(server.Close)
		r.urls = append(r.urls, server.URL)
	}
	return r
}

// ServeHTTP counts a webhook, and notes when it is not the next of its key or overlaps another of it.
func (r *target) ServeHTTP(_ http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	var m message
	if err == nil {
		err = json.Unmarshal(body, &m)
	}
	if err != nil { // the sender was killed: it is not counted, as it was not read
		return
	}
	r.begin(&m)
	time.Sleep(r.slow)
	r.mu.Lock()
	defer r.mu.Unlock()
	if m.Key != "" {
		r.order[m.Key].running--
	}
}

func (r *target) begin(m *message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if !r.last.IsZero() {
		r.silence = max(r.silence, now.Sub(r.last))
	}
	r.last = now
	if r.arrived[m.Number]++; r.arrived[m.Number] == 1 {
		r.all.Add(1)
	}
	if m.Key == "" {
		return
	}
	k := r.order[m.Key]
	if k == nil {
		k = &sequence{}
		r.order[m.Key] = k
	}
	switch {
	case k.running > 0:
		r.faults = append(r.faults, fmt.Sprintf("%s: %d overlaps another", m.Key, m.Place))
	case m.Place < k.newest:
		r.faults = append(r.faults, fmt.Sprintf("%s: %d came after %d", m.Key, m.Place, k.newest))
	case m.Place > k.newest+1:
		r.faults = append(r.faults, fmt.Sprintf("%s: %d came after %d", m.Key, m.Place, k.newest))
	}
	k.newest, k.running = max(k.newest, m.Place), k.running+1
}

// listenAnew measures the silence from now on.
func (r *target) listenAnew() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.silence, r.last = 0, time.Now()
}

// redelivered is how many requests were not the first of their webhook.
func (r *target) redelivered() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, times := range r.arrived {
		n += times - 1
	}
	return n
}

// wait returns once a number of webhooks have arrived.
func (r *target) wait(t *testing.T, n int) {
	t.Helper()
	for deadline := time.Now().Add(4 * time.Minute); r.all.Load() < int64(n); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d webhooks have arrived", r.all.Load(), n)
		}
	}
}

// fleet is some workers on one history.
type fleet struct {
	db, dir string
	workers []*exec.Cmd
}

// barb runs a command on the history.
func (f *fleet) barb(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Getenv(program), args...)
	cmd.Dir, cmd.Env = f.dir, append(environment(f.dir), "BARB_DB="+f.db)
	return cmd
}

// enqueue queues messages for an endpoint.
func (f *fleet) enqueue(t *testing.T, url string, all []message, flags ...string) {
	t.Helper()
	var lines strings.Builder
	for _, m := range all {
		line, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(line, '\n'))
	}
	file := filepath.Join(f.dir, "messages.ndjson")
	if err := os.WriteFile(file, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	said, err := f.barb(append([]string{"send", url, "-d", "@" + file, "--queue", "-q", "-s", "github", "--secret",
		"env:KEY"}, flags...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
}

// start starts workers, which end with the test.
func (f *fleet) start(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		cmd := f.barb("deliver", "--concurrency", "64", "--per-endpoint", "0")
		log, err := os.Create(filepath.Join(f.dir, fmt.Sprintf("worker%d.log", i)))
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close()
		cmd.Stdout, cmd.Stderr = log, log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		f.workers = append(f.workers, cmd)
	}
}

// kill kills a worker and returns how many leases it leaves behind.
func (f *fleet) kill(t *testing.T, worker int) (leases int) {
	t.Helper()
	cmd := f.workers[worker]
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	leases = ask[int](t, f.db, "SELECT count(*) FROM barb.queue WHERE state = 1 AND owner LIKE $1",
		fmt.Sprintf("%% %d %%", cmd.Process.Pid))
	_ = cmd.Wait() // it was killed; until now others see its process
	return leases
}

// drain waits until the queue is empty, and ends the workers.
func (f *fleet) drain(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if ask[int](t, f.db, "SELECT count(*) FROM barb.queue WHERE state = 1") == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the queue is not empty after two minutes")
		}
	}
	for _, cmd := range f.workers {
		_ = cmd.Process.Signal(syscall.SIGTERM)
	}
}

// ask returns what a query returns in one row and one column.
func ask[T any](t *testing.T, address, query string, args ...any) (v T) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), query, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

// wantCounted compares what the history has with what arrived: nothing is lost, and each attempt is recorded that is
// counted.
func (f *fleet) wantCounted(t *testing.T, r *target, n int) {
	t.Helper()
	lost := n - int(r.all.Load())
	recorded := ask[int](t, f.db, "SELECT count(*) FROM barb.exchange WHERE kind = 1 AND attempt > 0")
	counted := ask[int](t, f.db, "SELECT sum(attempts)::bigint FROM barb.queue")
	delivered := ask[int](t, f.db, "SELECT count(*) FROM barb.queue WHERE state = 2")
	t.Logf("%d webhooks: %d lost, %d redelivered, %d attempts recorded, %d counted; the longest silence was %v", n, lost,
		r.redelivered(), recorded, counted, r.silence.Round(time.Millisecond))
	if lost != 0 || delivered != n {
		t.Errorf("%d webhooks are lost; %d of %d are delivered", lost, delivered, n)
	}
	if recorded != counted {
		t.Errorf("%d attempts are recorded, %d are counted", recorded, counted)
	}
	if len(r.faults) > 0 {
		t.Errorf("%d out of order: %v", len(r.faults), r.faults[:min(len(r.faults), 5)])
	}
}

// workersOf starts a server, queues webhooks without an order for some endpoints and starts three workers.
func workersOf(t *testing.T, server *pgtest.Cluster, r *target, n int) *fleet {
	t.Helper()
	f := &fleet{db: server.Database(t), dir: t.TempDir()}
	f.enqueueAll(t, r, n)
	f.start(t, 3)
	return f
}

// enqueueAll queues as many webhooks for each endpoint.
func (f *fleet) enqueueAll(t *testing.T, r *target, n int) {
	t.Helper()
	for i, url := range r.urls {
		all := make([]message, n/len(r.urls))
		for j := range all {
			all[j].Number = i*len(all) + j
		}
		f.enqueue(t, url, all)
	}
}

// Three workers deliver, and the database crashes twice in the middle: nothing is lost or sent again.
func TestWorkersOnPostgreSQLOutliveItsCrashes(t *testing.T) {
	loops(t, func(t *testing.T) { crashes(t, false) })
}

// The same with a worker that is killed: no more is sent again than it had leases.
func TestWorkersOnPostgreSQLOutliveAKilledOne(t *testing.T) {
	loops(t, func(t *testing.T) { crashes(t, true) })
}

func crashes(t *testing.T, kill bool) {
	t.Helper()
	const n = 2400
	server, r := pgtest.New(t), newTarget(t, 12, 5*time.Millisecond)
	f := workersOf(t, server, r, n)
	most := 0
	for i := range 2 {
		r.wait(t, n*(i+1)/4)
		if err := server.Restart(); err != nil {
			t.Fatal(err)
		}
	}
	if kill {
		r.wait(t, n*5/8)
		most = f.kill(t, 0)
	}
	r.wait(t, n)
	f.drain(t)
	f.wantCounted(t, r, n)
	if again := r.redelivered(); again > most {
		t.Errorf("%d were redelivered, want at most %d", again, most)
	}
}

// Webhooks of a hundred keys stay in their order, over a crash of the database and the kill of a worker.
func TestOrdersOnPostgreSQLOutliveCrashes(t *testing.T) {
	loops(t, func(t *testing.T) {
		const keys, each = 100, 30
		server, r := pgtest.New(t), newTarget(t, 6, 2*time.Millisecond)
		f := &fleet{db: server.Database(t), dir: t.TempDir()}
		for i, url := range r.urls {
			var all []message
			for place := range each {
				for k := i; k < keys; k += len(r.urls) { // a key is at one endpoint
					all = append(all, message{Number: k*each + place, Key: fmt.Sprint("k", k), Place: place + 1})
				}
			}
			f.enqueue(t, url, all, "--ordered=.key")
		}
		f.start(t, 3)
		r.wait(t, keys*each/4)
		if err := server.Restart(); err != nil {
			t.Fatal(err)
		}
		r.wait(t, keys*each/2)
		most := f.kill(t, 0)
		r.wait(t, keys*each)
		f.drain(t)
		f.wantCounted(t, r, keys*each)
		if again := r.redelivered(); again > most {
			t.Errorf("%d were redelivered, want at most %d", again, most)
		}
	})
}
