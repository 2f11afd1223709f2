//go:build linux

package soak

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
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

// cutter is a proxy before a server, which cuts connections as it likes.
type cutter struct {
	mu    sync.Mutex
	conns []net.Conn
	all   sync.WaitGroup
	cuts  int
}

// newCutter returns the address of a database by way of a proxy.
func newCutter(t *testing.T, address string) (c *cutter, through string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	server := u.Host
	u.Host = l.Addr().String()
	c = &cutter{}
	c.all.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			c.serve(client, server)
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		c.cut(1)
		c.all.Wait()
	})
	return c, u.String()
}

func (c *cutter) serve(client net.Conn, address string) {
	server, err := net.Dial("tcp", address)
	if err != nil {
		_ = client.Close()
		return
	}
	c.mu.Lock()
	c.conns = append(c.conns, client, server)
	c.mu.Unlock()
	for _, pair := range [][2]net.Conn{{client, server}, {server, client}} {
		c.all.Go(func() {
			_, _ = io.Copy(pair[0], pair[1]) // until one of them is cut
			_, _ = pair[0].Close(), pair[1].Close()
		})
	}
}

// cut closes a part of the connections.
func (c *cutter) cut(part float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept := c.conns[:0]
	for _, conn := range c.conns {
		if rand.Float64() < part { //nolint:gosec // no secret is made of it
			_ = conn.Close()
			c.cuts++
		} else {
			kept = append(kept, conn)
		}
	}
	c.conns = kept
}

// A proxy cuts connections while 40,000 webhooks are recorded: each is there once, under an id of its own.
func TestCutConnectionsToPostgreSQLLoseNoRow(t *testing.T) {
	loops(t, func(t *testing.T) {
		const n, writers = 40_000, 64
		address := pgtest.New(t).Database(t)
		proxy, through := newCutter(t, address)
		s, err := store.Open(t.Context(), through)
		if err != nil {
			t.Fatal(err)
		}
		ids, stop := make([]int64, n), make(chan struct{})
		proxy.all.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(500 * time.Millisecond):
					proxy.cut(0.3)
				}
			}
		})
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
		err = all.Wait()
		close(stop)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		given := map[int64]bool{}
		for _, id := range ids {
			given[id] = true
		}
		rows := ask[int](t, address, "SELECT count(*) FROM barb.exchange")
		there := ask[int](t, address, "SELECT count(DISTINCT webhook_id) FROM barb.exchange")
		t.Logf("%d rows of %d webhooks under %d ids; %d connections were cut", rows, there, len(given), proxy.cuts)
		if rows != n || there != n || len(given) != n {
			t.Errorf("want %d of each", n)
		}
	})
}
