//go:build linux

package soak

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"
)

// A listener is killed twenty times at a random moment of 10,000 webhooks from 64 senders: every webhook answered 200
// is stored, whole, and the listener is ready again within two seconds.
func TestNoKillLosesAnAcknowledgedWebhook(t *testing.T) {
	const runs, webhooks, senders = 20, 10_000, 64
	acknowledged, lost := 0, 0
	for run := range runs {
		l := start(t, filepath.Join(t.TempDir(), "history.db"))
		moment := 100 + rand.Int64N(webhooks-200)
		answered := flood(l, webhooks, senders, moment)
		begun := time.Now()
		l.kill()
		again := start(t, l.db)
		if took := time.Since(begun); took > 2*time.Second {
			t.Errorf("run %d: ready again after %v", run, took)
		}
		again.good(t, "after")
		again.kill()
		got := kept(t, l.db)
		for id, size := range answered() {
			acknowledged++
			if got[id] != size {
				lost++
				t.Errorf("run %d, killed after %d: %s was acknowledged with %d bytes; the history has %d", run, moment,
					id, size, got[id])
			}
		}
	}
	t.Logf("%d runs, %d acknowledged, %d lost", runs, acknowledged, lost)
}

// flood sends webhooks and returns when until are answered. The senders go on until the listener is gone; answered
// waits for their end and returns the acknowledged webhooks.
func flood(l *listener, webhooks, senders int, until int64) (answered func() map[string]int) {
	all := make([]map[string]int, senders)
	var count atomic.Int64
	var group sync.WaitGroup
	reached := make(chan struct{})
	for i := range senders {
		all[i] = map[string]int{}
		group.Go(func() {
			s, err := l.dial()
			if err != nil {
				return
			}
			defer s.Close()
			for n := range webhooks / senders {
				id, size := fmt.Sprintf("%d-%d", i, n), 100+n*7
				if status, err := s.post(hook(id, size)); err != nil || status != 200 {
					return
				}
				all[i][id] = size
				if count.Add(1) == until {
					close(reached)
				}
			}
		})
	}
	ended := make(chan struct{})
	go func() {
		group.Wait()
		close(ended)
	}()
	select {
	case <-reached:
	case <-ended:
	}
	return func() map[string]int {
		<-ended
		together := map[string]int{}
		for _, part := range all {
			for id, size := range part {
				together[id] = size
			}
		}
		return together
	}
}

// Another process holds the history's lock for 30 s: no webhook is acknowledged, every sender gets a timely response,
// and the listener recovers when the lock is released.
func TestALockedHistoryIsAnsweredHonestly(t *testing.T) {
	const locked = 30 * time.Second
	l := start(t, filepath.Join(t.TempDir(), "history.db"))
	l.good(t, "before")
	unlock := lock(t, l.db)
	end := time.Now().Add(locked)
	var refused atomic.Int64
	var group sync.WaitGroup
	for i := range 64 {
		group.Go(func() {
			for n := 0; time.Now().Before(end.Add(-12 * time.Second)); n++ {
				s, err := l.dial()
				if err != nil {
					t.Error(err)
					return
				}
				begun := time.Now()
				_ = s.SetDeadline(begun.Add(20 * time.Second))
				status, err := s.post(hook(fmt.Sprintf("locked-%d-%d", i, n), 10_000))
				_ = s.Close()
				if took := time.Since(begun); status != 503 || took > 12*time.Second {
					t.Errorf("while the history is locked: %d, %v after %v", status, err, took)
					return
				}
				refused.Add(1)
			}
		})
	}
	group.Wait()
	time.Sleep(time.Until(end)) // hold the lock for the full time
	unlock()
	l.good(t, "after")
	l.kill()
	got := kept(t, l.db)
	t.Logf("%d refused", refused.Load())
	if got["before"] != 100 || got["after"] != 100 || refused.Load() < 64 {
		t.Errorf("before %d bytes, after %d bytes, %d refused", got["before"], got["after"], refused.Load())
	}
}

// lock takes the write lock of a history like another process.
func lock(t *testing.T, db string) (unlock func()) {
	t.Helper()
	other, err := sql.Open("sqlite3", "file:"+db+"?_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	held, err := other.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := held.ExecContext(context.Background(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := held.ExecContext(context.Background(), "ROLLBACK"); err != nil {
			t.Error(err)
		}
		_ = held.Close()
		_ = other.Close()
	}
}
