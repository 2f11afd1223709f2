//go:build linux

package soak

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/postgres/pgtest"
	"github.com/barbhq/barb/store/record"
)

// The server dies, and its synchronous standby is promoted: nothing is lost, and deliveries go on there.
func TestAFailoverOnPostgreSQLLosesNothing(t *testing.T) {
	loops(t, func(t *testing.T) { failsOver(t, 0) })
}

// The same when the standby is promoted late: commits were given up, and nobody knows which leases they gave.
func TestALateFailoverOnPostgreSQLLosesNothing(t *testing.T) {
	loops(t, func(t *testing.T) { failsOver(t, 12*time.Second) })
}

// The server goes without a word: its connections stay open, and nothing passes any more. The standby is promoted.
func TestAFailoverOnPostgreSQLFromAServerThatVanishesLosesNothing(t *testing.T) {
	loops(t, func(t *testing.T) {
		const n = 1200
		server, r := pgtest.New(t), newTarget(t, 6, 5*time.Millisecond)
		standby := server.Standby(t)
		address := server.Database(t)
		proxy := pgtest.NewProxy(t, address)
		f := &fleet{db: address, dir: t.TempDir()}
		f.enqueueAll(t, r, n)
		other := fmt.Sprint("127.0.0.1:", standby.Port)
		one, err := url.Parse(proxy.Address)
		if err != nil {
			t.Fatal(err)
		}
		f.db = strings.Replace(proxy.Address, one.Host, one.Host+","+other, 1) + "&target_session_attrs=read-write"
		f.start(t, 3)
		r.wait(t, n/3)
		proxy.Vanish()
		if err := server.Crash(); err != nil {
			t.Fatal(err)
		}
		if err := standby.Promote(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.listenAnew()
		r.wait(t, n)
		f.db = strings.Replace(address, fmt.Sprint("127.0.0.1:", server.Port), other, 1)
		f.drain(t)
		f.wantCounted(t, r, n)
		if r.silence > longestVanished {
			t.Errorf("after the promotion nothing came for %v, want at most %v", r.silence, longestVanished)
		}
	})
}

// longestVanished is how long nothing may arrive after the failover from a server that said nothing.
const longestVanished = 30 * time.Second

// failsOver promotes the standby some time after the server has died. From then on there is no long silence.
func failsOver(t *testing.T, late time.Duration) {
	t.Helper()
	const n = 1200
	server, r := pgtest.New(t), newTarget(t, 6, 5*time.Millisecond)
	standby := server.Standby(t)
	f := &fleet{db: server.Database(t), dir: t.TempDir()}
	one, other := fmt.Sprint("127.0.0.1:", server.Port), fmt.Sprint("127.0.0.1:", standby.Port)
	f.db = strings.Replace(f.db, one, one+","+other, 1) + "&target_session_attrs=read-write"
	f.enqueueAll(t, r, n)
	f.start(t, 3)
	r.wait(t, n/3)
	if err := server.Crash(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(late)
	began := time.Now()
	if err := standby.Promote(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("the promotion took %v", time.Since(began).Round(time.Millisecond))
	r.listenAnew()
	r.wait(t, n)
	f.drain(t)
	f.wantCounted(t, r, n)
	if again := r.redelivered(); again > 0 {
		t.Errorf("%d were redelivered, want none", again)
	}
	if r.silence > longestSilence {
		t.Errorf("after the promotion nothing came for %v, want at most %v", r.silence, longestSilence)
	}
}

// longestSilence is how long after a failover nothing may arrive.
const longestSilence = 5 * time.Second

// A proxy cuts connections while 40,000 webhooks are recorded: each is there once, under an id of its own.
func TestCutConnectionsToPostgreSQLLoseNoRow(t *testing.T) {
	loops(t, func(t *testing.T) {
		address := pgtest.New(t).Database(t)
		proxy, stop := pgtest.NewProxy(t, address), make(chan struct{})
		var cutting sync.WaitGroup
		cutting.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(500 * time.Millisecond):
					proxy.Cut(0.3)
				}
			}
		})
		ids := recordThrough(t, proxy, 40_000)
		close(stop)
		cutting.Wait()
		wantOnce(t, address, ids, proxy)
	})
}

// The same where each connection is cut behind a number of bytes, most often within a message, and every eighth answer
// to a commit within the answer.
func TestConnectionsToPostgreSQLCutAnywhereLoseNoRow(t *testing.T) {
	loops(t, func(t *testing.T) {
		seed := rand.Uint64() //nolint:gosec // no secret is made of it
		t.Logf("the seed is %d", seed)
		var mu sync.Mutex
		random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // no secret is made of it
		below := func(n int) int {
			mu.Lock()
			defer mu.Unlock()
			return random.IntN(n)
		}
		address := pgtest.New(t).Database(t)
		proxy := pgtest.NewProxy(t, address)
		proxy.Budget = func() int { return below(64 << 10) }
		proxy.CutAnswer = func(sent []byte) (int, bool) {
			return below(4 << 10), bytes.Contains(sent, []byte("INSERT INTO barb.written")) && below(8) == 0
		}
		wantOnce(t, address, recordThrough(t, proxy, 40_000), proxy)
	})
}

// recordThrough records webhooks from 64 goroutines, by way of a proxy, and returns their ids.
func recordThrough(t *testing.T, proxy *pgtest.Proxy, n int) []int64 {
	t.Helper()
	const writers = 64
	s, err := store.Open(t.Context(), proxy.Address)
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]int64, n)
	var all errgroup.Group
	for w := range writers {
		all.Go(func() error {
			for i := w; i < n; i += writers {
				x := &record.Exchange{Kind: record.Received, Start: time.Now(), WebhookID: fmt.Sprint("msg_", i),
					Request: record.Request{Method: "POST", URL: "http://app.test/in", Body: fmt.Append(nil, i)}}
				if err := s.Record(t.Context(), x); err != nil {
					return err
				}
				ids[i] = x.ID
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	return ids
}

// wantOnce checks that as many webhooks are there as ids were given, each once.
func wantOnce(t *testing.T, address string, ids []int64, proxy *pgtest.Proxy) {
	t.Helper()
	given, n := map[int64]bool{}, len(ids)
	for _, id := range ids {
		given[id] = true
	}
	rows := ask[int](t, address, "SELECT count(*) FROM barb.exchange")
	there := ask[int](t, address, "SELECT count(DISTINCT webhook_id) FROM barb.exchange")
	t.Logf("%d rows of %d webhooks under %d ids; %d connections were cut", rows, there, len(given), proxy.Cuts())
	if rows != n || there != n || len(given) != n || given[0] {
		t.Errorf("want %d of each", n)
	}
}
