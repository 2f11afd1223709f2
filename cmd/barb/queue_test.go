//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// receiver is an app on a port of its own, which remembers what it got and whether something came while the same was
// still being answered.
type receiver struct {
	t      *testing.T
	addr   string
	socket *os.File
	hold   chan struct{} // an answer waits until it is closed; nil: none does

	mu     sync.Mutex
	active map[string]bool
	got    []string // ids in the order of their answers
	came   int
}

// newReceiver takes a port but does not listen on it yet: its socket is bound, so that connections are refused and
// nobody else gets the port.
func newReceiver(t *testing.T) *receiver {
	t.Helper()
	syscall.ForkLock.RLock()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	socket := os.NewFile(uintptr(fd), "receiver")
	t.Cleanup(func() { _ = socket.Close() })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr := fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
	return &receiver{t: t, addr: addr, socket: socket, active: map[string]bool{}}
}

func (r *receiver) start() {
	r.t.Helper()
	if err := syscall.Listen(int(r.socket.Fd()), syscall.SOMAXCONN); err != nil {
		r.t.Fatal(err)
	}
	ln, err := net.FileListener(r.socket)
	if err != nil {
		r.t.Fatal(err)
	}
	_ = r.socket.Close() // ln has a copy
	server := &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(ln) }()
	r.t.Cleanup(func() { _ = server.Close() })
}

func (r *receiver) ServeHTTP(_ http.ResponseWriter, request *http.Request) {
	id := request.Header.Get("webhook-id")
	r.mu.Lock()
	r.came++
	if r.active[id] {
		r.t.Errorf("%s comes while it is being answered", id)
	}
	r.active[id] = true
	r.mu.Unlock()
	_, err := io.ReadAll(request.Body)
	answered := err == nil
	if r.hold != nil {
		select {
		case <-r.hold:
		case <-request.Context().Done(): // whoever sent it was killed
			answered = false
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.active, id)
	if answered {
		r.got = append(r.got, id)
	}
}

func (r *receiver) ids() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// until waits for a condition that another process brings about.
func until(t *testing.T, what string, limit time.Duration, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("%s: not within %s", what, limit)
}

// queuer is a real `barb listen` on a history, in a process of its own.
type queuer struct {
	cmd *exec.Cmd
	url string
	out *output
}

// output is what a process has written so far.
type output struct {
	mu  sync.Mutex
	raw bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.raw.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.raw.String()
}

func startListener(t *testing.T, dir string, args ...string) *queuer {
	t.Helper()
	return startListenerIn(t, dir, dir, nil, args...)
}

// startListenerIn starts one that works in a folder, on the history of dir, with some variables.
func startListenerIn(t *testing.T, folder, dir string, env []string, args ...string) *queuer {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ready := filepath.Join(t.TempDir(), "url")
	l := &queuer{out: &output{}}
	l.cmd = &exec.Cmd{Path: binary, Args: append([]string{"barb", "listen", "--addr", ":0", "--ready-file", ready},
		args...), Dir: folder,
		Env:    append(append(os.Environ(), "HOME="+dir, "BARB_DB="+filepath.Join(dir, "history.db")), env...),
		Stdout: l.out, Stderr: l.out}
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.cmd.Process.Kill(); _ = l.cmd.Wait() })
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		if data, err := os.ReadFile(ready); err == nil {
			l.url = strings.TrimSpace(string(data))
			return l
		}
		if time.Now().After(end) {
			_, _ = l.cmd.Process.Kill(), l.cmd.Wait()
			t.Fatalf("barb listen does not listen\n%s", l.out)
		}
	}
}

func (l *queuer) kill(t *testing.T) {
	t.Helper()
	if err := l.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = l.cmd.Wait()
}

// postSigned sends a webhook that looks signed and returns the status; 0 when there was no answer.
func postSigned(url, id, body string) int {
	request, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return 0
	}
	request.Header.Set("webhook-id", id)
	request.Header.Set("webhook-timestamp", "1700000000")
	request.Header.Set("webhook-signature", "v1,bm9ib2R5IGNoZWNrcyB0aGlzIG9uZSBoZXJlISEhISE=")
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

// waiting asks barb how many wait.
func waiting(t *testing.T, dir string) (n int) {
	t.Helper()
	return entriesOf(t, dir, "--state", "waiting,leased")
}

func entriesOf(t *testing.T, dir string, filters ...string) (n int) {
	t.Helper()
	binary, _ := os.Executable()
	cmd := &exec.Cmd{Path: binary, Args: append([]string{"barb", "queue", "--json"}, filters...),
		Env: append(os.Environ(), "HOME="+dir, "BARB_DB="+filepath.Join(dir, "history.db"))}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(out) {
		var entry struct{ State string }
		if err := json.Unmarshal(line, &entry); err != nil || entry.State == "" {
			t.Fatalf("%s: %v", line, err)
		}
		n++
	}
	return n
}

func TestWhatWasAcknowledgedIsDeliveredInOrderAfterAKill(t *testing.T) {
	t.Parallel()
	for mode, c := range map[string]struct {
		flags  []string
		status int
	}{
		"--mode ack": {[]string{"--mode", "ack"}, 200},
		"--queue":    {[]string{"--queue"}, 202},
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			dir, app := t.TempDir(), newReceiver(t)
			flags := append([]string{"--forward-to", "http://" + app.addr, "--base", "300ms", "--max-delay", "300ms", "--jitter",
				"none"}, c.flags...)
			var want []string
			for round := range 3 {
				l := startListener(t, dir, flags...)
				for n := range 5 {
					id := fmt.Sprintf("msg_%d_%d", round, n)
					if status := postSigned(l.url, id, "{}"); status != c.status {
						t.Fatalf("%s is answered %d\n%s", id, status, l.out)
					}
					want = append(want, id)
				}
				l.kill(t)
				if n := waiting(t, dir); n != len(want) {
					t.Errorf("%d wait, want %d", n, len(want))
				}
			}
			app.start()
			l := startListener(t, dir, flags...)
			// a lease of the killed one may have to end
			until(t, "all are delivered", 60*time.Second, func() bool { return len(app.ids()) >= len(want) })
			if got := app.ids(); !slices.Equal(got, want) {
				t.Errorf("delivered %v\nwant %v\n%s", got, want, l.out)
			}
			until(t, "none waits", 30*time.Second, func() bool { return waiting(t, dir) == 0 })
		})
	}
}

// With --dedupe a kill changes neither: each is worked on once by the command and the app, whoever sends it how often.
func TestAfterAKillTheCommandAndTheAppGetEachOnce(t *testing.T) {
	t.Parallel()
	dir, app := t.TempDir(), newReceiver(t)
	flags := []string{"--forward-to", "http://" + app.addr, "--mode", "ack", "--dedupe", "--base", "1s", "--max-delay",
		"1s", "--jitter", "none",
		"--exec", `sh -c 'echo $BARB_HOOK_WEBHOOK_ID >> ran'`, "--exec-unverified"}
	var want []string
	for round := range 3 {
		l := startListener(t, dir, flags...)
		for n := range 5 {
			for range 2 {
				id := fmt.Sprintf("msg_%d_%d", round, n)
				if status := postSigned(l.url, id, "{}"); status != 200 {
					t.Fatalf("%s is answered %d\n%s", id, status, l.out)
				}
			}
			want = append(want, fmt.Sprintf("msg_%d_%d", round, n))
		}
		// a lease would have to end first
		until(t, "the commands have run and no attempt is being made", 30*time.Second, func() bool {
			return lines(t, dir, "ran") == len(want) && entriesOf(t, dir, "--state", "waiting,leased", "--kind",
				"command") == 0 &&
				entriesOf(t, dir, "--state", "leased") == 0
		})
		l.kill(t)
	}
	app.start()
	l := startListener(t, dir, flags...)
	for _, id := range want {
		if status := postSigned(l.url, id, "{}"); status != 200 {
			t.Fatalf("%s is answered %d\n%s", id, status, l.out)
		}
	}
	until(t, "all are delivered", 60*time.Second, func() bool { return waiting(t, dir) == 0 })
	if got := app.ids(); !slices.Equal(got, want) {
		t.Errorf("delivered %v\nwant %v\n%s", got, want, l.out)
	}
	if n := lines(t, dir, "ran"); n != len(want) {
		t.Errorf("the command ran %d times for %d webhooks", n, len(want))
	}
}

func lines(t *testing.T, dir, name string) int {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return bytes.Count(data, []byte("\n"))
}

func TestTwoListenersOnOneHistoryDeliverEachOnceAndInTheOrderOfItsKey(t *testing.T) {
	t.Parallel()
	dir, app := t.TempDir(), newReceiver(t)
	app.start()
	flags := []string{"--forward-to", "http://" + app.addr, "--mode", "ack", "--ordered=.key", "--concurrency", "4"}
	two := []*queuer{startListener(t, dir, flags...), startListener(t, dir, flags...)}
	var want []string
	for n := range 40 {
		id := fmt.Sprintf("msg_%03d", n)
		if status := postSigned(two[n%2].url, id, fmt.Sprintf(`{"key":%d}`, n%4)); status != 200 {
			t.Fatalf("%s is answered %d", id, status)
		}
		want = append(want, id)
	}
	until(t, "all are delivered", 30*time.Second,
		func() bool { return len(app.ids()) >= len(want) && waiting(t, dir) == 0 })
	got := app.ids()
	for key := range 4 {
		var order []string
		for _, id := range got {
			var n int
			if _, err := fmt.Sscanf(id, "msg_%d", &n); err == nil && n%4 == key {
				order = append(order, id)
			}
		}
		if !slices.IsSorted(order) {
			t.Errorf("key %d: %v", key, order)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("delivered %v", got)
	}
}

// The slow half: a kill while the app is at it. What it was sent is sent again once the lease of the killed process has
// ended, and never while another process has it.
func TestSoakKilledInAnAttemptItIsMadeAgainAfterTheLease(t *testing.T) {
	if os.Getenv("BARB_SOAK") == "" {
		t.Log("make soak runs it")
		return
	}
	t.Parallel()
	dir, app := t.TempDir(), newReceiver(t)
	app.hold = make(chan struct{})
	app.start()
	flags := []string{"--forward-to", "http://" + app.addr, "--mode", "ack", "--ordered=false", "--concurrency", "4"}
	acknowledged := map[string]bool{}
	for round := range 3 {
		first, second := startListener(t, dir, flags...), startListener(t, dir, flags...)
		app.mu.Lock()
		before := app.came
		app.mu.Unlock()
		for n := range 10 {
			id := fmt.Sprintf("msg_%d_%d", round, n)
			if postSigned(first.url, id, "{}") == 200 {
				acknowledged[id] = true
			}
		}
		until(t, "the app is at it", 90*time.Second,
			func() bool { app.mu.Lock(); defer app.mu.Unlock(); return app.came-before >= 8 })
		first.kill(t)
		second.kill(t)
	}
	close(app.hold)
	began := time.Now()
	l := startListener(t, dir, flags...)
	until(t, "all are delivered", 60*time.Second, func() bool { return waiting(t, dir) == 0 })
	if took := time.Since(began); took > 35*time.Second {
		t.Errorf("it took %s", took)
	}
	got := map[string]bool{}
	for _, id := range app.ids() {
		got[id] = true
	}
	for id := range acknowledged {
		if !got[id] {
			t.Errorf("%s was acknowledged and is lost\n%s", id, l.out)
		}
	}
}

// What a killed listener was delivering waits, and can be retried at once.
func TestWhatAKilledListenerWasDeliveringWaits(t *testing.T) {
	t.Parallel()
	dir, app := t.TempDir(), newReceiver(t)
	app.hold = make(chan struct{})
	app.start()
	l := startListener(t, dir, "--forward-to", "http://"+app.addr, "--mode", "ack")
	if status := postSigned(l.url, "msg_1", "{}"); status != 200 {
		t.Fatalf("it is answered %d\n%s", status, l.out)
	}
	until(t, "it is being delivered", 30*time.Second, func() bool { return entriesOf(t, dir, "--state", "leased") == 1 })
	l.kill(t)
	if runtime.GOOS == "linux" { // elsewhere the lease has to end
		if n := entriesOf(t, dir, "--state", "leased"); n != 0 {
			t.Errorf("%d entries are leased, and nobody is there", n)
		}
	}
	until(t, "it waits", 60*time.Second, func() bool { return entriesOf(t, dir, "--state", "waiting") == 1 })
	binary, _ := os.Executable()
	for _, args := range [][2]string{{"queue retry 1", "1 retried\n"}, {"stats --jq .queue.waiting", "1\n"}} {
		cmd := &exec.Cmd{Path: binary, Args: append([]string{"barb"}, strings.Fields(args[0])...),
			Env: append(os.Environ(), "HOME="+dir, "BARB_DB="+filepath.Join(dir, "history.db"))}
		if out, err := cmd.Output(); err != nil || string(out) != args[1] {
			t.Errorf("barb %s: %q, %v", args[0], out, err)
		}
	}
	close(app.hold)
}
