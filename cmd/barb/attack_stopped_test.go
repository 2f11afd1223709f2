//go:build unix

package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
)

// takeover takes an entry from a stopped process as another worker does whose look finds its lease ended.
func takeover(t *testing.T, history *store.Store, id int64) *store.Queued {
	t.Helper()
	q, err := history.GetQueued(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	if n, err := history.Release(t.Context(), q.Owner, now); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	taken, err := history.Lease(t.Context(), store.LeaseRequest{Kind: q.Kind, Target: q.Target, Policy: q.Policy,
		Owner: "another worker", Want: 1, Now: now, Until: now.Add(time.Hour)})
	if err != nil || len(taken) != 1 {
		t.Fatal(taken, err)
	}
	return taken[0]
}

func theHistory(t *testing.T, dir string) *store.Store {
	t.Helper()
	history, err := store.Open(t.Context(), filepath.Join(dir, "history.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = history.Close() })
	return history
}

// hasBegun waits until the attempt of an entry is in the history.
func hasBegun(t *testing.T, history *store.Store, id int64) {
	t.Helper()
	until(t, "the attempt has begun", 20*time.Second, func() bool {
		q, err := history.GetQueued(t.Context(), id)
		return err == nil && q.Attempts == 1
	})
}

// halt stops a process, as ^Z does, and waits until it has stopped.
func halt(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	until(t, "it is stopped", 30*time.Second, func() bool {
		out, err := exec.Command("ps", "-o", "stat=", "-p", fmt.Sprint(cmd.Process.Pid)).Output()
		return err == nil && strings.HasPrefix(strings.TrimSpace(string(out)), "T")
	})
}

// resume has it go on.
func resume(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
}

// A worker is stopped while the app is at it, and its lease is taken over. The 200 that the app gives meanwhile is
// found when the worker goes on, also where its timeout has passed, and ends the entry: the other one begins no further
// attempt.
func TestTheAnswerThatCameWhileAWorkerWasStoppedCounts(t *testing.T) {
	t.Parallel()
	send := func(t *testing.T, dir, url string, flags ...string) *exec.Cmd {
		runBarb(t, dir, append([]string{"send", url, "-d", "{}", "--queue"}, flags...)...)
		w, _ := startBarb(t, dir, "deliver")
		return w
	}
	for name, c := range map[string]struct {
		start   func(t *testing.T, dir, url string) *exec.Cmd
		timeout time.Duration // that has to pass
	}{
		"deliver": {func(t *testing.T, dir, url string) *exec.Cmd { return send(t, dir, url) }, 0},
		"deliver, after a timeout": {func(t *testing.T, dir, url string) *exec.Cmd {
			return send(t, dir, url, "--timeout", "5s")
		}, 5 * time.Second},
		"listen, from the queue": {func(t *testing.T, dir, url string) *exec.Cmd { return listenAndPost(t, dir, url, "ack") },
			0},
		"listen, with a sender": {func(t *testing.T, dir, url string) *exec.Cmd { return listenAndPost(t, dir, url, "") }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, hold, answered := t.TempDir(), make(chan struct{}), make(chan struct{})
			var came atomic.Int64
			app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				came.Add(1)
				<-hold
				w.WriteHeader(http.StatusOK)
				_ = http.NewResponseController(w).Flush()
				close(answered)
			}))
			defer app.Close()
			w := c.start(t, dir, app.URL)
			began := time.Now()
			until(t, "the app is at it", 20*time.Second, func() bool { return came.Load() == 1 })
			halt(t, w)
			history := theHistory(t, dir)
			taken := takeover(t, history, 1)
			close(hold)
			<-answered
			time.Sleep(time.Until(began.Add(c.timeout + c.timeout/4)))
			resume(t, w)
			until(t, "the entry is done", 20*time.Second, func() bool {
				q, err := history.GetQueued(t.Context(), 1)
				return err == nil && q.State == store.Done
			})
			x, err := history.Get(t.Context(), taken.Last)
			if err != nil || x.Status() != http.StatusOK || came.Load() != 1 {
				t.Errorf("recorded %v, %v; %d came", x.Response, err, came.Load())
			}
			if err := history.Begin(t.Context(), taken.Owner, taken, x); err == nil {
				t.Error("the other worker may begin an attempt")
			}
		})
	}
}

func listenAndPost(t *testing.T, dir, url, mode string) *exec.Cmd {
	flags := []string{"--forward-to", url, "--queue"}
	if mode != "" {
		flags = []string{"--forward-to", url, "--mode", mode}
	}
	l := startListener(t, dir, flags...)
	var posting sync.WaitGroup
	posting.Go(func() { post(l.url, "1", 10) })
	t.Cleanup(posting.Wait)
	return l.cmd
}

// gate is a listener that accepts nobody until it is opened: who connects waits for the first byte.
type gate struct {
	net.Listener
	open chan struct{}
}

func (g *gate) Accept() (net.Conn, error) {
	<-g.open
	return g.Listener.Accept()
}

// A worker is stopped between the record of its attempt and the first byte of the request, and another one takes over.
// When it goes on it sends nothing: the app is not asked twice at once.
func TestAWorkerThatWasStoppedBeforeTheFirstByteSendsNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tls   bool
		flags func(app string) (url string, flags []string)
	}{
		"TLS":     {true, func(app string) (string, []string) { return app, []string{"--insecure"} }},
		"HTTP/2":  {true, func(app string) (string, []string) { return app, []string{"--insecure", "--http2"} }},
		"a proxy": {false, func(app string) (string, []string) { return "https://app.example/", []string{"--proxy", app} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, g := t.TempDir(), &gate{open: make(chan struct{})}
			var came atomic.Int64
			server := httptest.NewUnstartedServer(nil)
			server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodConnect {
					came.Add(1)
					return
				}
				inner := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { came.Add(1) }))
				defer inner.Close()
				throughTo(w, inner.Listener.Addr().String())
			})
			g.Listener, server.Listener, server.EnableHTTP2 = server.Listener, g, true
			if c.tls {
				server.StartTLS()
			} else {
				server.Start()
			}
			defer server.Close()
			url, flags := c.flags(server.URL)
			runBarb(t, dir, append([]string{"send", url, "-d", "{}", "--queue", "--insecure", "--connect-timeout", "1m",
				"--timeout", "1m"}, flags...)...)
			w, said := startBarb(t, dir, "deliver")
			history := theHistory(t, dir)
			hasBegun(t, history, 1)
			halt(t, w)
			taken := takeover(t, history, 1)
			time.Sleep(1100 * time.Millisecond) // longer than a lease counts as fresh
			close(g.open)
			resume(t, w)
			until(t, "the attempt has ended", 20*time.Second, func() bool {
				x, err := history.Get(t.Context(), taken.Last)
				return err == nil && x.Ended
			})
			if came.Load() != 0 {
				t.Errorf("%d requests came", came.Load())
			}
			if q, err := history.GetQueued(t.Context(), 1); err != nil || q.Owner != taken.Owner {
				t.Errorf("%+v, %v\n%s", q, err, said)
			}
		})
	}
}

// throughTo makes of a CONNECT a tunnel.
func throughTo(w http.ResponseWriter, address string) {
	out, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer out.Close()
	in, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer in.Close()
	_, _ = io.WriteString(in, "HTTP/1.1 200 OK\r\n\r\n")
	go func() { _, _ = io.Copy(out, in); _ = out.Close() }()
	_, _ = io.Copy(in, out)
}
