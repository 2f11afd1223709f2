package postgres

import (
	"slices"
	"testing"
	"time"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/pgtest"
)

// clockAhead opens a history as a machine does whose clock is ahead of the server's, or behind it.
func clockAhead(t *testing.T, address string, by time.Duration) *Engine {
	t.Helper()
	s := openEngine(t, address)
	s.now = func() time.Time { return time.Now().Add(by) }
	if err := s.open(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	return s
}

// leaseFor leases what is due by the clock of the machine.
func leaseFor(t *testing.T, s *Engine, owner string, d time.Duration) []int64 {
	t.Helper()
	l := &engine.Lease{LeaseRequest: engine.LeaseRequest{Kind: engine.Forward, Target: app, Owner: owner, Want: 9,
		Now: s.now(), Until: s.now().Add(d)}}
	do(t, s, l)
	return l.IDs
}

// heldFor is how long the lease of an entry still holds by the server's clock.
func heldFor(t *testing.T, s *Engine, id int64) time.Duration {
	t.Helper()
	return time.Duration(value[int64](t, s, "SELECT due - "+serverNow+" FROM barb.queue "+
		"WHERE id = $1 AND owner IS NOT NULL", id))
}

// TestClocksApartTakeNoLeaseTwice has workers whose clocks are 40 s ahead and 40 s behind do all that a lease goes
// through. Each takes its own clock for right.
func TestClocksApartTakeNoLeaseTwice(t *testing.T) {
	t.Parallel()
	address := pgtest.Database(t)
	const apart, lease = 40 * time.Second, 30 * time.Second
	fast, slow := clockAhead(t, address, apart), clockAhead(t, address, -apart)
	for _, c := range []struct {
		name           string
		s, other       *Engine
		owner, another string
	}{
		{"behind", slow, fast, "slow", "fast"}, {"ahead", fast, slow, "fast", "slow"},
	} {
		t.Run(c.name, func(t *testing.T) {
			q, later := entry(""), entry("")
			q.Due, later.Due = c.other.now(), c.other.now().Add(lease)
			q.Created, later.Created = c.other.now(), c.other.now()
			enqueue(t, c.other, q, later)
			ids := []int64{q.ID}
			holds := func(what string) {
				t.Helper()
				if left := heldFor(t, c.s, q.ID); left < lease-10*time.Second || left > lease+time.Second {
					t.Errorf("%s: it holds for %s by the server's clock, want about %s", what, left, lease)
				}
				if got := leaseFor(t, c.other, c.another, lease); len(got) > 0 {
					t.Errorf("%s: another took %v", what, got)
				}
			}
			if got := leaseFor(t, c.s, c.owner, lease); !slices.Equal(got, ids) {
				t.Fatalf("leased %v, want the one that is due, %v", got, ids)
			}
			holds("leased")
			renew := &engine.Renew{Owner: c.owner, Entries: ids, Until: c.s.now().Add(lease)}
			do(t, c.s, renew)
			if !slices.Equal(renew.Held, ids) {
				t.Errorf("renewed %v", renew.Held)
			}
			holds("renewed")

			beats(t, c.s, engine.Worker{Holder: c.owner})
			beats(t, c.other, engine.Worker{Holder: c.another})
			ago(t, c.s, "since", c.another, time.Hour)
			if released := release(t, c.other, c.another); len(released) > 0 {
				t.Errorf("%v beat a moment ago and lost its leases", released)
			}
			holds("beaten")

			for _, step := range []struct {
				s     *Engine
				owner string
				ours  bool
			}{{c.other, c.another, false}, {c.s, c.owner, true}} {
				retry := &engine.Complete{Owner: step.owner, Now: step.s.now(),
					Entry: &engine.Queued{ID: q.ID, State: engine.Waiting, Due: step.s.now().Add(lease)}}
				if do(t, step.s, retry); retry.Ours != step.ours {
					t.Errorf("%s ended the lease: %t", step.owner, retry.Ours)
				}
			}
			if got := leaseFor(t, c.other, c.another, lease); len(got) > 0 {
				t.Errorf("the next attempt is due in %s, and another took %v at once", lease, got)
			}
			exec(t, c.s, "DELETE FROM barb.queue")
		})
	}
}
