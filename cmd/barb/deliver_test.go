//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// endpoint is a receiver that counts ids. A message that comes while the same one is being answered is a fault, unless
// whoever sent it first is gone.
type endpoint struct {
	t    *testing.T
	url  string
	work func(r *http.Request, n int) // what an answer takes; n is how many came

	mu     sync.Mutex
	active map[string]*visit
	got    map[string]int
	came   int
}

// visit is a message that is being answered.
type visit struct {
	ended chan struct{}
	cut   bool // its sender was gone before the answer
}

func newEndpoint(t *testing.T, work func(r *http.Request, n int)) *endpoint {
	t.Helper()
	e := &endpoint{t: t, work: work, active: map[string]*visit{}, got: map[string]int{}}
	server := httptest.NewServer(e)
	t.Cleanup(server.Close)
	e.url = server.URL
	return e
}

func (e *endpoint) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	id, v := r.Header.Get("webhook-id"), &visit{ended: make(chan struct{})}
	e.mu.Lock()
	e.came++
	n, before := e.came, e.active[id]
	e.active[id] = v
	e.mu.Unlock()
	if before != nil {
		if <-before.ended; !before.cut {
			e.t.Errorf("%s comes while it is being answered", id)
		}
	}
	_, err := io.ReadAll(r.Body)
	e.work(r, n)
	v.cut = err != nil || r.Context().Err() != nil
	close(v.ended)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.active[id] == v {
		delete(e.active, id)
	}
	if !v.cut {
		e.got[id]++
	}
}

func (e *endpoint) count() (came, ids int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.came, len(e.got)
}

// barb is a command as a process of its own.
func barb(t *testing.T, dir string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	said := &bytes.Buffer{}
	cmd := &exec.Cmd{Path: binary, Args: append([]string{"barb"}, args...), Dir: dir, Stdout: said, Stderr: said,
		Env: append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "BARB_DB="+filepath.Join(dir, "history.db"),
			"WHSEC=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")}
	return cmd, said
}

func runBarb(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd, said := barb(t, dir, args...)
	if err := cmd.Run(); err != nil {
		t.Fatalf("barb %s: %v\n%s", strings.Join(args, " "), err, said)
	}
	return said.String()
}

// startBarb starts a command that is killed, if need be, at the end of the test.
func startBarb(t *testing.T, dir string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	cmd, said := barb(t, dir, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd, said
}

// killsAmongWorkers has two workers deliver so many messages and kills one of them so many times, at random moments.
func killsAmongWorkers(t *testing.T, messages, kills int) {
	dir := t.TempDir()
	// an app that has something to do
	e := newEndpoint(t, func(*http.Request, int) { time.Sleep(time.Duration(rand.Int64N(int64(40 * time.Millisecond)))) })
	runBarb(t, dir, "send", e.url, "-d", `{"n":1}`, "-s", "standard-webhooks", "--secret", "env:WHSEC", "--queue",
		"-n", fmt.Sprint(messages), "--concurrency", "16")
	var workers [2]*exec.Cmd
	start := func(i int) { workers[i], _ = startBarb(t, dir, "deliver", "--per-endpoint", "8", "--json") }
	start(0)
	start(1)
	for kill := range kills {
		moment := messages*kill/kills + rand.IntN(messages/kills)
		until(t, "some more are delivered", time.Minute, func() bool { _, ids := e.count(); return ids > moment })
		i := rand.IntN(2)
		_ = workers[i].Process.Kill()
		_ = workers[i].Wait()
		start(i)
	}
	until(t, "all are delivered", 90*time.Second, func() bool { _, ids := e.count(); return ids == messages })
	for _, w := range workers {
		_ = w.Process.Signal(syscall.SIGTERM)
		_ = w.Wait()
	}
	// A kill after the answer and before it was recorded leaves a message to be sent once more.
	runBarb(t, dir, "deliver", "--drain")
	if n := waiting(t, dir); n != 0 {
		t.Errorf("%d wait", n)
	}
	var attempts struct{ Sent, Retries int }
	if err := json.Unmarshal([]byte(runBarb(t, dir, "stats", "--json")), &attempts); err != nil {
		t.Fatal(err)
	}
	came, _ := e.count()
	if attempts.Sent < came || attempts.Sent > came+attempts.Retries {
		t.Errorf("%d requests came, %d attempts are recorded, %d of them retries", came, attempts.Sent, attempts.Retries)
	}
	t.Logf("%d messages, %d kills: %d requests, %d attempts", messages, kills, came, attempts.Sent)
}

func TestWorkersThatAreKilledDeliverEachMessage(t *testing.T) {
	t.Parallel()
	killsAmongWorkers(t, 120, 3)
}

func TestSoakWorkersThatAreKilledDeliverEachMessage(t *testing.T) {
	if os.Getenv("BARB_SOAK") == "" {
		t.Log("make soak runs it")
		return
	}
	killsAmongWorkers(t, 3000, 40)
}

// A worker that is there and does nothing keeps its leases for 30 s. When it goes on, what it had is not its own any
// more.
func TestSoakALeaseEndsWhileItsOwnerHangs(t *testing.T) {
	if os.Getenv("BARB_SOAK") == "" {
		t.Log("make soak runs it")
		return
	}
	dir := t.TempDir()
	hold := make(chan struct{})
	var e *endpoint
	e = newEndpoint(t, func(_ *http.Request, n int) {
		e.mu.Lock()
		clear(e.active) // nothing but time can tell that the first sender is not at it
		e.mu.Unlock()
		if n == 1 {
			<-hold
		}
	})
	runBarb(t, dir, "send", e.url, "-d", "{}", "--queue", "-s", "standard-webhooks", "--secret", "env:WHSEC")
	w, said := startBarb(t, dir, "deliver")
	until(t, "it is on its way", 20*time.Second, func() bool { came, _ := e.count(); return came == 1 })
	if err := w.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	runBarb(t, dir, "deliver", "--drain")
	if took := time.Since(began); took < 20*time.Second || took > 35*time.Second {
		t.Errorf("the lease held for %s", took)
	}
	if _, ids := e.count(); ids != 1 {
		t.Errorf("%d are delivered", ids)
	}
	if err := w.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	close(hold)
	_ = w.Process.Signal(syscall.SIGTERM)
	_ = w.Wait()
	if came, _ := e.count(); came != 2 {
		t.Errorf("%d requests\n%s", came, said)
	}
	if text := runBarb(t, dir, "queue", "show", "1", "--json"); !strings.Contains(text,
		`"state":"done","behind":false,"attempts":2`) {
		t.Errorf("%s", text)
	}
}

func TestAStoppedWorkerEndsItsAttemptsAndLeavesTheRestAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hold := make(chan struct{})
	e := newEndpoint(t, func(_ *http.Request, n int) {
		if n <= 2 {
			<-hold
		}
	})
	runBarb(t, dir, "send", e.url, "-d", "{}", "-s", "standard-webhooks", "--secret", "env:WHSEC", "--queue", "-n", "6")
	w, said := startBarb(t, dir, "deliver", "--per-endpoint", "2")
	until(t, "two are on their way", 20*time.Second, func() bool { came, _ := e.count(); return came == 2 })
	if err := w.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	runBarb(t, dir, "deliver", "--once") // the four that nobody has
	if _, ids := e.count(); ids != 4 {
		t.Errorf("%d are delivered while the first worker ends", ids)
	}
	close(hold)
	if err := w.Wait(); err != nil {
		t.Errorf("it ends in %v", err)
	}
	if text := said.String(); !strings.Contains(text, "finishing 2 attempts") ||
		!strings.Contains(text, "2 delivered; nothing is waiting") {
		t.Errorf("it said\n%s", text)
	}
	if came, ids := e.count(); came != 6 || ids != 6 {
		t.Errorf("%d came, of %d ids", came, ids)
	}
}

func TestASecondSignalEndsAWorkerAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e := newEndpoint(t, func(r *http.Request, n int) {
		if n == 1 {
			<-r.Context().Done()
		}
	})
	runBarb(t, dir, "send", e.url, "-d", "{}", "--queue", "-s", "standard-webhooks", "--secret", "env:WHSEC")
	w, said := startBarb(t, dir, "deliver")
	until(t, "it is on its way", 20*time.Second, func() bool { came, _ := e.count(); return came == 1 })
	ended := make(chan error, 1)
	go func() { ended <- w.Wait() }()
	for { // the first one may still be on its way when the second is sent
		if err := w.Process.Signal(os.Interrupt); err != nil {
			break
		}
		select {
		case err := <-ended:
			if err == nil {
				t.Errorf("it ended as if nothing had been on its way\n%s", said)
			}
		case <-time.After(50 * time.Millisecond):
			continue
		}
		break
	}
	how := "--drain"
	if runtime.GOOS == "linux" { // where its lease ends with it; elsewhere within 30 s
		how = "--once"
	}
	runBarb(t, dir, "deliver", how)
	if came, ids := e.count(); came != 2 || ids != 1 {
		t.Errorf("%d came, of %d ids", came, ids)
	}
}
