package gateway

import (
	"net/http"
	"slices"
	"testing"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

const testApp = "http://127.0.0.1:9/"

// newQueuer is a gateway that forwards to one app by way of the queue, and whose worker is not begun.
func newQueuer(t *testing.T, ack bool) *Gateway {
	t.Helper()
	g := newRecorder(t, temporary(t))
	g.Lanes.Rest.Targets = []route.Target{{URL: testApp}}
	g.Queue = &Queue{Ack: ack, Concurrency: 4, Limits: &deliver.Limits{AtOnce: 1}, Order: byRoute}
	if err := g.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return g
}

func byRoute(name string, _ *record.Request) string { return "route " + name }

func openEntries(t *testing.T, g *Gateway) (ids []int64) {
	t.Helper()
	open := []store.QueueState{store.Waiting, store.Leased}
	entries, err := g.History.Queue(t.Context(), store.QueueFilter{States: open})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range entries {
		ids = append(ids, q.ID)
	}
	return ids
}

// Another listener on the same history may have accepted a copy between the moment in which a webhook becomes durable
// and that in which it is handed on.
func TestEntriesAreCancelledWhereACopyWasAccepted(t *testing.T) {
	for _, ack := range []bool{false, true} {
		g := newQueuer(t, ack)
		h := keepOne(t, g, received("/in", "msg_1", "{}", ""))
		x := h.Exchange
		if n := len(openEntries(t, g)); n != 1 {
			t.Fatalf("ack %t: %d entries in the queue", ack, n)
		}
		accepted := *x
		accepted.Response = &record.Response{Status: http.StatusOK}
		g.Window.Recall(g.fingerprintOf(x), &accepted)
		if r := h.reply(t.Context()); r.Status != http.StatusOK {
			t.Errorf("ack %t: answered %d", ack, r.Status)
		}
		if ids := openEntries(t, g); len(ids) != 0 {
			t.Errorf("ack %t: entries %v are still to be delivered", ack, ids)
		}
		if n := len(g.Queue.Limits.Acquire(testApp, 1).Permits); n != 1 {
			t.Errorf("ack %t: its permit was not given back", ack)
		}
		if ids := g.Queue.leases.Held(); len(ids) != 0 {
			t.Errorf("ack %t: leases %v are kept", ack, ids)
		}
	}
}

func TestALeaseIsKeptWhileItsWebhookWaitsForItsTurn(t *testing.T) {
	g := newQueuer(t, false)
	keepOne(t, g, received("/in", "msg_1", "{}", ""))
	if held, open := g.Queue.leases.Held(), openEntries(t, g); !slices.Equal(held, open) || len(held) != 1 {
		t.Errorf("the leases of %v are kept, of %v", held, open)
	}
}

// Mirrors get what the app got, once it has answered, and have no entries of their own.
func TestEachAppIsQueuedForOnceAndNoMirror(t *testing.T) {
	g := newQueuer(t, true)
	other := "http://127.0.0.1:10/"
	g.Lanes.Rest.Targets = []route.Target{{URL: testApp}, {URL: other}, {URL: "http://127.0.0.1:11/", Mirror: true}}
	g.Lanes.Rows = []*Lane{{Route: &route.Route{Path: "/other"}, Targets: []route.Target{{URL: testApp}}}}
	if got, want := g.Targets(), []string{testApp, other}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	h := keepOne(t, g, received("/in", "msg_1", "{}", ""))
	if n := len(openEntries(t, g)); n != 2 {
		t.Errorf("%d entries in the queue, of %v", n, h.lane().Targets)
	}
}
