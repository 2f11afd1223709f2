package commands

import (
	"net/http"
	"slices"
	"testing"

	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

const testApp = "http://127.0.0.1:9/"

// newQueuer is a listener that forwards by way of the queue, and whose workers are not begun.
func newQueuer(t *testing.T, mode string) *listener {
	t.Helper()
	g := newRecorder(t, temporary(t))
	g.gate.Lanes.Rest = &gateway.Lane{Targets: []route.Target{{URL: testApp}}}
	o := listenOptions{Forward: flags.Forward{Mode: mode, Queue: true, Concurrency: 4, Ordered: flags.Order{By: flags.WholeRoute}}}
	var err error
	if g.outbox, err = g.newOutbox(o); err != nil {
		t.Fatal(err)
	}
	g.outbox.leases.History = g.history
	g.outbox.limits.AtOnce = 1
	return g
}

func openEntries(t *testing.T, g *listener) (ids []int64) {
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

// Another listener on the same history may have accepted a copy between the moment in which a webhook becomes durable
// and that in which it is handed on.
func TestWhatWasPromisedIsTakenBackWhereACopyWasAccepted(t *testing.T) {
	for _, mode := range []string{flags.ModeSync, flags.ModeAck} {
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
		if n := len(g.outbox.limits.Acquire(testApp, 1).Permits); n != 1 {
			t.Errorf("--mode %s: its permit was not given back", mode)
		}
		if ids := g.outbox.leases.Held(); len(ids) != 0 {
			t.Errorf("--mode %s: leases %v are kept", mode, ids)
		}
	}
}

func TestALeaseIsKeptWhileItsWebhookWaitsForItsTurn(t *testing.T) {
	g := newQueuer(t, flags.ModeSync)
	keepOne(t, g, received("/in", "msg_1", "{}", ""))
	if held, open := g.outbox.leases.Held(), openEntries(t, g); !slices.Equal(held, open) || len(held) != 1 {
		t.Errorf("the leases of %v are kept, of %v", held, open)
	}
}
