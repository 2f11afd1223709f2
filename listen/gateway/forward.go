package gateway

import (
	"context"
	"errors"
	"net/http"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/journal"
	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// forward hands a recorded webhook to the apps of its lane, and returns what the sender gets. The forward is an
// exchange of its own, and in the history before its first byte leaves.
func (h *Hook) forward(ctx context.Context) *record.Response {
	g, x := h.Gateway, h.Exchange
	up := g.upstreamOf(h.lane())
	next, err := forwardOf(x, h.lane().Targets.First(), up)
	if err != nil {
		g.trouble(0, err)
		return textAnswer(http.StatusBadGateway, "the webhook cannot be forwarded\n")
	}
	j := journal.Journal{History: g.History}
	a, err := j.Once(ctx, deliver.Sender{Client: up.Client,
		Policy: deliver.Policy{Timeout: g.Answers.AppTimeout(g.Policy.Timeout)}}, next)
	if err != nil {
		g.trouble(0, err)
	}
	if a == nil {
		return unavailable()
	}
	f := a.Exchange
	kept := g.History.Redacted(f)
	h.apps = append(h.apps, kept)
	g.Tell(Event{Kind: Forwarded, ID: x.ID, Exchange: kept, Failure: f.Err, Cut: listen.LackedRoom(ctx) != nil})
	g.tellRedirect(h.lane().Targets.First(), kept)
	g.mirror(x, f, h.lane())
	return g.relayed(ctx, f)
}

// tellRedirect tells once for a target that its app redirects to nearly the same URL.
func (g *Gateway) tellRedirect(target string, f *record.Exchange) {
	if from, to, ok := deliver.Redirected(f); ok {
		g.tellOnce("redirect "+target, Event{Kind: Redirects, ID: f.Thread, Detail: from, Target: to})
	}
}

// forwardOf returns the exchange that forwards a captured webhook to a target.
func forwardOf(x *record.Exchange, target string, up Upstream) (record.Exchange, error) {
	request, err := deliver.Forward(&x.Request, target, x.Remote)
	request.Header = deliver.WithOwn(request.Header, up.Header)
	return record.Exchange{Thread: x.ID, Webhook: x.First(), Role: record.Forward, Request: request,
		WebhookID: x.WebhookID, EventType: x.EventType,
		Scheme: x.Scheme, FromUnchecked: redact.IsUnchecked(x)}, err
}

// relayed is the sender's answer made of the app's.
func (g *Gateway) relayed(ctx context.Context, f *record.Exchange) *record.Response {
	lacked := listen.LackedRoom(ctx)
	switch {
	case errors.Is(lacked, listen.ErrNoRoom):
		return unavailable()
	case errors.Is(lacked, listen.ErrAnswerTooLarge), f.Response != nil && f.Response.Cut:
		return textAnswer(http.StatusBadGateway, "the app's answer is too large or was cut off\n")
	}
	return g.Answers.Relay(f.Response, f.Err)
}
