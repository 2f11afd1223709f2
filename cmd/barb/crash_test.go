//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
)

// process is a running barb with a history of its own.
type process struct {
	cmd    *exec.Cmd
	db     string
	url    string
	stderr *bytes.Buffer
}

// listener starts `barb listen` by way of a shell line in which it is called barb, and waits until it listens.
func listener(t *testing.T, line string) *process {
	t.Helper()
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(dir, "barb")); err != nil { // TestMain goes by the name
		t.Fatal(err)
	}
	p := &process{db: filepath.Join(dir, "history.db"), stderr: &bytes.Buffer{}}
	p.cmd = exec.Command("bash", "-c", line)
	p.cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "HOME="+dir, "BARB_DB="+p.db,
		"XDG_CONFIG_HOME="+dir)
	p.cmd.Dir, p.cmd.Stderr = dir, p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	})
	lines := bufio.NewReader(out)
	if p.url, err = lines.ReadString('\n'); err != nil {
		t.Fatalf("%v\n%s", err, p.stderr)
	}
	p.url = strings.TrimSpace(p.url)
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	return p
}

const listening = `exec barb listen --addr 127.0.0.1:0 --json --jq 'select(.event=="listening") | .url'`

// post sends one webhook and returns the answer's status, 0 when none came.
func post(url, id string, size int) int {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url,
		strings.NewReader(strings.Repeat("x", size)))
	if err != nil {
		return 0
	}
	req.Header.Set("X-Test-Id", id)
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}

// kept are the X-Test-Id of everything in a history.
func kept(t *testing.T, db string) map[string]int {
	t.Helper()
	history, err := store.OpenExisting(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	defer history.Close()
	ids := map[string]int{}
	for x, err := range history.List(t.Context(), store.Filter{Bodies: true}) {
		if err != nil {
			t.Fatal(err)
		}
		ids[x.Request.Header.Get("X-Test-Id")] = len(x.Request.Body)
	}
	return ids
}

// A listener is killed in the middle of 5,000 webhooks from 16 senders: whatever was answered 200 is there, whole.
func TestAKillLosesNoAcknowledgedWebhook(t *testing.T) {
	t.Parallel()
	p := listener(t, listening)
	var mu sync.Mutex
	acknowledged := map[string]int{}
	var senders sync.WaitGroup
	half := make(chan struct{})
	for s := range 16 {
		senders.Go(func() {
			for n := range 5000 / 16 {
				id, size := fmt.Sprintf("%d-%d", s, n), 100+n
				if post(p.url, id, size) != http.StatusOK {
					return
				}
				mu.Lock()
				acknowledged[id] = size
				if len(acknowledged) == 2500 {
					close(half)
				}
				mu.Unlock()
			}
		})
	}
	select {
	case <-half:
	case <-time.After(30 * time.Second):
		t.Fatalf("2,500 webhooks were not answered in 30 s\n%s", p.stderr)
	}
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	senders.Wait()
	got := kept(t, p.db)
	for id, size := range acknowledged {
		if got[id] != size {
			t.Errorf("%s was acknowledged with %d bytes; the history has %d", id, size, got[id])
		}
	}
	t.Logf("%d acknowledged, %d kept", len(acknowledged), len(got))
}

// When nothing more can be written the sender is told to come again, a person is told why, and the listener lives. A
// limit on the size of files stands for the full disk, since it needs no right to mount one.
func TestAFullDiskIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	p := listener(t, "trap '' XFSZ; ulimit -f 512; "+listening)
	refused := 0
	acknowledged := map[string]int{}
	for n := range 200 {
		id := fmt.Sprint(n)
		switch status := post(p.url, id, 10_000); status {
		case http.StatusOK:
			acknowledged[id] = 10_000
		case http.StatusServiceUnavailable:
			refused++
		default:
			t.Fatalf("webhook %d was answered %d\n%s", n, status, p.stderr)
		}
	}
	if refused == 0 || len(acknowledged) == 0 {
		t.Fatalf("%d acknowledged, %d refused", len(acknowledged), refused)
	}
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait() // its last words may not fit either
	if !strings.Contains(p.stderr.String(), "not stored, answered 503") {
		t.Errorf("nobody was told:\n%s", p.stderr)
	}
	got := kept(t, p.db)
	for id, size := range acknowledged {
		if got[id] != size {
			t.Errorf("%s was acknowledged; the history has %d bytes", id, got[id])
		}
	}
}
