package commands

import (
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

const testApp = "http://127.0.0.1:9/"

// newQueuer is a gateway that forwards by way of the queue, and whose workers are not begun.
func newQueuer(t *testing.T, mode string) *gateway {
	t.Helper()
	g := newRecorder(t, temporary(t))
	g.lanes.Rest = &lane{forwardTo: testApp, targets: []route.Target{{URL: testApp}}}
	o := listenOptions{forwardFlags: forwardFlags{mode: mode, queue: true, concurrency: 4, ordered: orderedValue{by: wholeRoute}}}
	var err error
	if g.outbox, err = g.newOutbox(o); err != nil {
		t.Fatal(err)
	}
	g.outbox.limits.AtOnce = 1
	return g
}

func openEntries(t *testing.T, g *gateway) (ids []int64) {
	t.Helper()
	entries, err := g.history.Queue(t.Context(), store.QueueFilter{States: []store.QueueState{store.Waiting, store.Leased}})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range entries {
		ids = append(ids, q.ID)
	}
	return ids
}

// Another listener on the same history may have accepted a copy between the moment in which a webhook becomes durable and
// that in which it is handed on.
func TestWhatWasPromisedIsTakenBackWhereACopyWasAccepted(t *testing.T) {
	for _, mode := range []string{modeSync, modeAck} {
		g := newQueuer(t, mode)
		h := keepOne(t, g, received("/in", "msg_1", "{}", ""))
		x := h.x
		if n := len(openEntries(t, g)); n != 1 {
			t.Fatalf("--mode %s: %d entries in the queue", mode, n)
		}
		accepted := *x
		accepted.Response = &record.Response{Status: http.StatusOK}
		g.window.Recall(g.file.fingerprintOf(x), &accepted)
		if r := h.reply(t.Context()); r.Status != http.StatusOK {
			t.Errorf("--mode %s: answered %d", mode, r.Status)
		}
		if ids := openEntries(t, g); len(ids) != 0 {
			t.Errorf("--mode %s: entries %v are still to be delivered", mode, ids)
		}
		if n := len(g.outbox.limits.Take(testApp, 1).Places); n != 1 {
			t.Errorf("--mode %s: its place was not given back", mode)
		}
		if ids := g.outbox.lease.ids(); len(ids) != 0 {
			t.Errorf("--mode %s: leases %v are kept", mode, ids)
		}
	}
}

func TestALeaseIsKeptWhileItsWebhookWaitsForItsTurn(t *testing.T) {
	g := newQueuer(t, modeSync)
	keepOne(t, g, received("/in", "msg_1", "{}", ""))
	if held, open := g.outbox.lease.ids(), openEntries(t, g); !slices.Equal(held, open) || len(held) != 1 {
		t.Errorf("the leases of %v are kept, of %v", held, open)
	}
}

// An entry that could not be settled is tried again when its lease has ended, also by a listener that renews others.
func TestALeaseThatWasLeftIsNotRenewed(t *testing.T) {
	g := newQueuer(t, modeSync)
	l, now := g.outbox.lease, time.Now()
	if err := g.history.Record(t.Context(), received("/in", "msg_1", "{}", "")); err != nil {
		t.Fatal(err)
	}
	due := map[int64]time.Time{}
	for range 2 {
		q := &store.Queued{Kind: store.Forward, Thread: 1, Target: testApp, Policy: "{}", Straight: true, Owner: l.owner, Due: now.Add(time.Second), Created: now}
		if err := g.history.Enqueue(t.Context(), q); err != nil || q.State != store.Leased {
			t.Fatal(err, q.State)
		}
		due[q.ID] = q.Due
		_, release := l.hold(t.Context(), q)
		defer release()
		if len(due) == 1 { // as after an attempt whose entry could not be settled
			release()
		}
	}
	l.renew(t.Context())
	renewed := map[int64]bool{}
	for _, id := range slices.Sorted(maps.Keys(due)) {
		q, err := g.history.GetQueued(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		renewed[id] = q.Due.After(due[id])
	}
	if want := map[int64]bool{1: false, 2: true}; !maps.Equal(renewed, want) {
		t.Errorf("renewed %v, want %v", renewed, want)
	}
}
