package commands

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// takeForwarding reads how webhooks get to the app.
func (g *listener) takeForwarding(o listenOptions) (err error) {
	if err = o.Check(); err != nil {
		return err
	}
	if g.policy, err = o.Policy(g.weight); err != nil {
		return err
	}
	g.mirrors = newMirrors(g)
	if !o.Queues() {
		return nil
	}
	g.watch.Depth = g.queued
	g.outbox, err = g.newOutbox(o)
	return err
}

// queued is how many webhooks wait in the queue, 0 when that cannot be read.
func (g *listener) queued() int64 {
	depth, err := g.history.QueueDepth(context.Background(), store.Forward, store.Command)
	if err != nil {
		return 0
	}
	return depth[store.Waiting] + depth[store.Leased]
}

// endGrace is how long what is being forwarded when the listener ends may take.
const endGrace = 10 * time.Second

// startForwarding begins to deliver what waits in the queue. The function it returns brings all forwarding to an end;
// unless it is cut, what is due in the queue is tried before.
func (g *listener) startForwarding(ctx context.Context) (end func(cut bool)) {
	if g.outbox == nil {
		return func(bool) { g.mirrors.end(endGrace) }
	}
	endQueue := g.outbox.work(ctx)
	return func(cut bool) {
		endQueue(cut, endGrace)
		g.mirrors.end(endGrace)
	}
}

// forwarded hands a recorded webhook to the apps of its lane, at once or by way of the queue, and gives back what the
// sender gets.
func (g *listener) forwarded(ctx context.Context, h *hook) *record.Response {
	if g.outbox != nil {
		return g.outbox.queued(ctx, h)
	}
	f, response := g.forward(ctx, h)
	g.mirrors.send(h.x, f, h.Lane())
	return response
}

// forward hands a webhook to the app and returns the forward, which is an exchange of its own, with the answer for the
// sender. The forward is in the history before its first byte leaves, and nil where nothing was sent.
func (g *listener) forward(ctx context.Context, h *hook) (*record.Exchange, *record.Response) {
	x := h.x
	next, err := forwardOf(x, h.Lane().ForwardTo())
	if err != nil {
		g.note("warning: %v", err)
		return nil, textAnswer(http.StatusBadGateway, "the webhook cannot be forwarded\n")
	}
	j := journal.Journal{History: g.history}
	a, err := j.Once(ctx, deliver.Sender{Client: g.client,
		Policy: deliver.Policy{Timeout: g.answers.AppTimeout(g.policy.Timeout)}}, next)
	if err != nil {
		g.note("warning: %v", err)
	}
	if a == nil {
		return nil, unavailable()
	}
	f := a.Exchange
	kept := g.history.Redacted(f)
	g.watch.metrics.Forwarded(kept)
	h.line.Apps = append(h.line.Apps, kept)
	switch {
	case f.Err == nil:
	case listen.LackedRoom(ctx) != nil:
		g.note("%d: the app's answer was cut off, so the sender does not get it: %s (--max-inflight)", x.ID, f.Err.Text)
	case f.Response != nil:
		g.note("%d: the app's answer broke off, so the sender does not get it: %s %s", x.ID, f.Err.Kind,
			ui.Clip(f.Err.Text, 120))
	default:
		g.note("%d could not be forwarded: %s %s", x.ID, f.Err.Kind, ui.Clip(f.Err.Text, 120))
	}
	return f, g.relayed(ctx, f)
}

// forwardOf returns the exchange that forwards a captured webhook to a target.
func forwardOf(x *record.Exchange, target string) (record.Exchange, error) {
	request, err := deliver.Forward(&x.Request, target, x.Remote)
	return record.Exchange{Thread: x.ID, Request: request, WebhookID: x.WebhookID, EventType: x.EventType,
		Scheme:        x.Scheme,
		FromUnchecked: redact.IsUnchecked(x)}, err
}

// relayed is the sender's answer made of the app's.
func (g *listener) relayed(ctx context.Context, f *record.Exchange) *record.Response {
	lacked := listen.LackedRoom(ctx)
	switch {
	case errors.Is(lacked, listen.ErrNoRoom):
		return unavailable()
	case errors.Is(lacked, listen.ErrAnswerTooLarge), f.Response != nil && f.Response.Cut:
		return textAnswer(http.StatusBadGateway, "the app's answer is too large or was cut off\n")
	}
	return g.answers.Relay(f.Response, f.Err)
}

// unavailable asks the sender to come again.
func unavailable() *record.Response {
	return &record.Response{Status: http.StatusServiceUnavailable,
		Header: record.Header{{Name: "Retry-After", Value: "5"}}}
}

// forwardsToItself finds a lane whose app is this very listener: it would forward for ever.
func (g *listener) forwardsToItself(addr string) error {
	_, port, _ := net.SplitHostPort(addr)
	if port == "" { // a unix socket, which no forward can reach
		return nil
	}
	lanes := g.gate.All()
	for _, l := range lanes {
		for _, t := range l.Targets {
			u, err := url.Parse(t.URL)
			if err != nil || u.Port() != port {
				continue
			}
			if ip := net.ParseIP(u.Hostname()); u.Hostname() == "localhost" || ip != nil &&
				(ip.IsLoopback() || ip.IsUnspecified()) {
				return fail.Usage("--forward-to %s is this listener itself",
					t.URL).Hint("--forward-to :3000, where your app listens")
			}
		}
	}
	return nil
}
