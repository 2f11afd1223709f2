//go:build linux

package soak

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// 200 senders with slow heads and 200 with slow bodies do not delay good senders, and are cut off.
func TestSlowSendersHurtOnlyThemselves(t *testing.T) {
	l := start(t, filepath.Join(t.TempDir(), "history.db"))
	l.good(t, "first")
	var group sync.WaitGroup
	for range 200 {
		group.Go(func() { trickle(t, l, "POST / HTTP/1.1\r\nHost: h\r\nX-", 15*time.Second) })
		group.Go(func() { trickle(t, l, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n", 35*time.Second) })
	}
	l.wantQuick(t, 1000, 250*time.Millisecond)
	group.Wait()
	l.wantMemory(t, 100)
}

// trickle sends the beginning of a request and then a byte every half second, until the listener cuts the connection,
// which must happen within the bound.
func trickle(t *testing.T, l *listener, begin string, bound time.Duration) {
	s, err := l.dial()
	if err != nil {
		t.Error(err)
		return
	}
	defer s.Close()
	begun := time.Now()
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		_, err := io.WriteString(s, begin)
		for tick := time.NewTicker(500 * time.Millisecond); err == nil; {
			select {
			case <-tick.C:
				_, err = s.Write([]byte("a"))
			case <-stop:
				tick.Stop()
				return
			}
		}
	}()
	_ = s.SetReadDeadline(begun.Add(bound + 5*time.Second))
	status, err := s.status()
	if took := time.Since(begun); took > bound || status != 408 {
		t.Errorf("%.30q: %d, %v after %v, want 408 within %v", begin, status, err, took, bound)
	}
}

// 10,000 idle connections that have sent a webhook take limited memory, and make room for new ones.
func TestTenThousandIdleConnectionsAreBounded(t *testing.T) {
	const idle = 10_000
	l := start(t, filepath.Join(t.TempDir(), "history.db"))
	all := make([]*sender, idle)
	var group sync.WaitGroup
	for part := range 50 {
		group.Go(func() {
			for i := part; i < idle; i += 50 {
				s, err := l.dial()
				if err != nil {
					t.Errorf("connection %d: %v (ulimit -n must be at least 10,500)", i, err)
					return
				}
				if all[i] = s; i%10 != 0 { // most have never sent a byte
					continue
				}
				if status, err := s.post(hook(fmt.Sprint(i), 1000)); status != 200 {
					t.Errorf("connection %d: %d, %v", i, status, err)
				}
			}
		})
	}
	group.Wait()
	l.wantQuick(t, 200, 250*time.Millisecond) // each replaces an answered connection
	l.wantMemory(t, 200)
	for _, s := range all {
		if s != nil {
			_ = s.Close()
		}
	}
	l.wantQuick(t, 200, 250*time.Millisecond)
}

// 256 senders with bodies of 64 KiB.
func TestMemoryUnderLoad(t *testing.T) {
	l := start(t, filepath.Join(t.TempDir(), "history.db"))
	var group sync.WaitGroup
	request := hook("load", 64<<10)
	for range 256 {
		group.Go(func() {
			s, err := l.dial()
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			for range 60 {
				if status, err := s.post(request); status != 200 {
					t.Errorf("%d, %v", status, err)
					return
				}
			}
		})
	}
	group.Wait()
	l.wantMemory(t, 128)
}

// Oversized bodies are cut at the limit, and packed bodies of gigabytes stay packed.
func TestLargeAndPackedBodiesTakeNoMemory(t *testing.T) {
	l := start(t, filepath.Join(t.TempDir(), "history.db"), "--forward-to", "http://127.0.0.1:1", "-v")
	for range 20 {
		l.good502(t, hook("warm", 1000))
	}
	before := l.memory(t, "VmHWM")
	bomb := gzipped(1 << 30)
	l.good502(t, fmt.Sprintf("POST / HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\n"+
		"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(bomb), bomb))
	block := strings.Repeat("x", 64<<10)
	for head, chunk := range map[string]string{
		"Content-Length: 2147483648\r\n\r\n":    block,
		"Transfer-Encoding: chunked\r\n\r\n":    fmt.Sprintf("%x\r\n%s\r\n", len(block), block),
		"X-A: " + strings.Repeat("y", 60<<10):   block,
		"Transfer-Encoding: chunked\r\n\r\n1;a": block,
	} {
		endless(t, l, "POST / HTTP/1.1\r\nHost: h\r\n"+head, chunk)
	}
	after := l.memory(t, "VmHWM")
	if t.Logf("%d MiB before, %d at most", before, after); after > before+32 {
		t.Errorf("took %d MiB more, want at most 32", after-before)
	}
}

// good502 sends a request whose forward fails.
func (l *listener) good502(t *testing.T, request string) {
	t.Helper()
	s, err := l.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if status, err := s.post(request); status != 502 {
		t.Errorf("answered %d, %v, want 502", status, err)
	}
}

// endless sends until the listener cuts the connection.
func endless(t *testing.T, l *listener, head, chunk string) {
	t.Helper()
	s, err := l.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_ = s.SetDeadline(time.Now().Add(20 * time.Second))
	_, err = io.WriteString(s, head)
	sent := 0
	for err == nil {
		var n int
		n, err = io.WriteString(s, chunk)
		sent += n
	}
	if !isGone(err) || sent > 64<<20 {
		t.Errorf("%.40q: %v after %d bytes", head, err, sent)
	}
}

func gzipped(size int) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	block := make([]byte, 1<<20)
	for range size >> 20 {
		_, _ = z.Write(block) // into memory, never fails
	}
	_ = z.Close()
	return out.Bytes()
}
