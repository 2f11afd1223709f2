//go:build linux

// Package soak tests a running listener for minutes: kills, floods, idle connections, a locked history, a long one. It is not part
// of `go test ./...`: `make soak` builds barb, sets its path, and runs the tests.
package soak

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
)

// program is the environment variable with the path of the tested barb.
const program = "BARB_SOAK"

func TestMain(m *testing.M) {
	if os.Getenv(program) == "" {
		fmt.Println("soak: make soak runs it")
		return
	}
	os.Exit(m.Run())
}

// listener is a running `barb listen`.
type listener struct {
	cmd  *exec.Cmd
	addr string
	db   string

	mu   sync.Mutex
	said bytes.Buffer
}

// Write records the listener's output.
func (l *listener) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.said.Write(p)
}

func (l *listener) words() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.said.String()
}

// start starts a listener with a history at db and waits until it is ready.
func start(t *testing.T, db string, flags ...string) *listener {
	t.Helper()
	return startUnder(t, nil, db, flags...)
}

// startUnder is start for a listener that is run by another command, such as strace.
func startUnder(t *testing.T, under []string, db string, flags ...string) *listener {
	t.Helper()
	dir := filepath.Dir(db)
	ready := filepath.Join(dir, "ready")
	l := &listener{db: db}
	args := append(slices.Clone(under), os.Getenv(program), "listen", "--addr", "127.0.0.1:0", "--ready-file", ready,
		"--db", db)
	args = append(args, flags...)
	l.cmd = exec.Command(args[0], args[1:]...)
	l.cmd.Dir, l.cmd.Stderr, l.cmd.Env = dir, l, environment(dir)
	l.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that what runs under another command ends with it
	_ = os.Remove(ready)                                    // left by a killed listener
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-l.cmd.Process.Pid, syscall.SIGKILL)
		_ = l.cmd.Wait()
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		if url, err := os.ReadFile(ready); err == nil {
			l.addr = strings.TrimPrefix(strings.TrimSpace(string(url)), "http://")
			return l
		}
		if time.Now().After(deadline) {
			t.Fatalf("barb listen is not ready after 20 s\n%s", l.words())
		}
	}
}

// kill sends SIGKILL.
func (l *listener) kill() {
	_ = l.cmd.Process.Kill()
	_ = l.cmd.Wait()
}

// stop ends a listener and what runs it: strace passes SIGTERM on to nobody, so that its child gets it.
func (l *listener) stop(t *testing.T) {
	t.Helper()
	children, err := os.ReadFile(fmt.Sprintf("/proc/%[1]d/task/%[1]d/children", l.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range strings.Fields(string(children)) {
		if pid, err := strconv.Atoi(text); err == nil {
			_ = syscall.Kill(pid, syscall.SIGTERM)
		}
	}
	_ = l.cmd.Wait()
}

// memory returns a value of the process's memory in MiB: VmRSS is the current size, VmHWM the greatest.
func (l *listener) memory(t *testing.T, what string) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", l.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, what+":"); ok {
			kib, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			if err != nil {
				t.Fatal(err)
			}
			return kib >> 10
		}
	}
	t.Fatalf("no %s in\n%s", what, status)
	return 0
}

// wantMemory fails when the greatest size was more than most MiB.
func (l *listener) wantMemory(t *testing.T, most int) {
	t.Helper()
	got := l.memory(t, "VmHWM")
	if t.Logf("%d MiB at most, %d now", got, l.memory(t, "VmRSS")); got > most {
		t.Errorf("took %d MiB, want at most %d", got, most)
	}
}

// sender is one connection to a listener.
type sender struct {
	net.Conn
	br *bufio.Reader
}

func (l *listener) dial() (*sender, error) {
	nc, err := net.Dial("tcp", l.addr)
	if err != nil {
		return nil, err
	}
	return &sender{nc, bufio.NewReader(nc)}, nil
}

// hook returns a webhook with an id and a body of size bytes.
func hook(id string, size int) string {
	return fmt.Sprintf("POST /hook HTTP/1.1\r\nHost: h\r\nX-Test-Id: %s\r\nContent-Length: %d\r\n\r\n%s", id, size,
		strings.Repeat("x", size))
}

// post sends a request and returns the status of the response.
func (s *sender) post(request string) (int, error) {
	if _, err := io.WriteString(s, request); err != nil {
		return 0, err
	}
	return s.status()
}

// status reads a response whose body is empty or ends with the connection.
func (s *sender) status() (int, error) {
	status := 0
	for {
		line, err := s.br.ReadString('\n')
		if err != nil {
			return status, err
		}
		if code, ok := strings.CutPrefix(line, "HTTP/1.1 "); ok {
			if status, err = strconv.Atoi(code[:3]); err != nil {
				return 0, err
			}
		}
		if line == "\r\n" {
			return status, nil
		}
	}
}

// good sends a webhook over a new connection and returns how long the response took.
func (l *listener) good(t *testing.T, id string) time.Duration {
	t.Helper()
	begun := time.Now()
	s, err := l.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_ = s.SetDeadline(begun.Add(20 * time.Second))
	if status, err := s.post(hook(id, 100)); status != 200 {
		t.Fatalf("a good webhook was answered %d, %v\n%s", status, err, l.words())
	}
	return time.Since(begun)
}

// wantQuick sends good webhooks one after the other and fails when one in twenty takes longer than the bound.
func (l *listener) wantQuick(t *testing.T, n int, p95 time.Duration) {
	t.Helper()
	took := make([]time.Duration, 0, n)
	for i := range n {
		took = append(took, l.good(t, fmt.Sprint("good-", i)))
	}
	slices.Sort(took)
	got := took[n*95/100]
	if t.Logf("good webhooks: p50 %v, p95 %v", took[n/2], got); got > p95 {
		t.Errorf("p95 of good webhooks is %v, want at most %v", got, p95)
	}
}

// kept returns the sizes of the bodies in a history, by X-Test-Id. It reads every body, so that a damaged file fails.
func kept(t *testing.T, db string) map[string]int {
	t.Helper()
	history, err := store.OpenExisting(context.Background(), db)
	if err != nil {
		t.Fatal(err)
	}
	defer history.Close()
	sizes := map[string]int{}
	for x, err := range history.List(context.Background(), store.Filter{Bodies: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if strings.Trim(string(x.Request.Body), "x") != "" {
			t.Errorf("the body of %d was changed", x.ID)
		}
		sizes[x.Request.Header.Get("X-Test-Id")] = len(x.Request.Body)
	}
	return sizes
}

// isGone reports whether an error means that the other side has closed the connection.
func isGone(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return err != nil && (!ok || !timeout.Timeout())
}
