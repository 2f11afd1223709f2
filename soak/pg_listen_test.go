//go:build linux

package soak

import (
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/barbhq/barb/store/postgres/pgtest"
)

const (
	// timely is how long a sender waits for an answer when the history cannot be written.
	timely = 12 * time.Second
	// recovery is how long a listener may take to accept webhooks again.
	recovery = 5 * time.Second
)

// The standby that commits wait for is not there: no webhook is acknowledged, each sender is told in time, and the
// listener goes on as soon as commits wait for nobody.
func TestAListenerOnPostgreSQLWithoutItsStandbyAcknowledgesNothing(t *testing.T) {
	loops(t, func(t *testing.T) {
		server := pgtest.New(t)
		address := server.Database(t)
		l := start(t, filepath.Join(t.TempDir(), "none"), "--db", address)
		l.good(t, "before")
		server.Set(t, "synchronous_standby_names", "nobody")
		begun := time.Now()
		for status := 200; status == 200; { // a moment passes until commits wait
			if status, _, _ = l.send("while commits do not wait yet"); status == 200 && time.Since(begun) > recovery {
				t.Fatal("commits do not wait for a standby that is not there")
			}
		}
		var refused, slowest atomic.Int64
		var group sync.WaitGroup
		end := time.Now().Add(2 * timely)
		for i := range 16 {
			group.Go(func() {
				for n := 0; time.Now().Before(end); n++ {
					status, took, err := l.send(fmt.Sprintf("alone-%d-%d", i, n))
					if status != 503 || took > timely {
						t.Errorf("without a standby: %d, %v after %v", status, err, took)
						return
					}
					refused.Add(1)
					slowest.Store(max(slowest.Load(), int64(took)))
				}
			})
		}
		group.Wait()
		server.Set(t, "synchronous_standby_names", "")
		begun = time.Now()
		for status := 0; status != 200; {
			if status, _, _ = l.send("after"); time.Since(begun) > recovery && status != 200 {
				t.Fatalf("answered %d, %v after the standby is not waited for any more\n%s", status, time.Since(begun), l.words())
			}
		}
		t.Logf("%d were answered 503, the slowest after %v; the listener recovered within %v", refused.Load(),
			time.Duration(slowest.Load()).Round(time.Millisecond), time.Since(begun).Round(time.Millisecond))
		if n := ask[int](t, address, "SELECT count(DISTINCT id) FROM barb.exchange"); n < 2 {
			t.Errorf("%d webhooks are there, want the one before and the one after at least", n)
		}
	})
}

// send posts a webhook over a new connection, and returns how long the response took.
func (l *listener) send(id string) (status int, took time.Duration, err error) {
	begun := time.Now()
	s, err := l.dial()
	if err != nil {
		return 0, 0, err
	}
	defer s.Close()
	_ = s.SetDeadline(begun.Add(2 * timely))
	status, err = s.post(hook(id, 100))
	return status, time.Since(begun), err
}
