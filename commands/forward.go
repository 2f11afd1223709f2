package commands

import (
	"context"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/store/record"
)

// forwardTimeout is how long the app may take to answer a forwarded webhook.
const forwardTimeout = 30 * time.Second

// forward hands a webhook to the app and gives back the app's answer. The forward is an exchange of its own, which
// repeats the one received; it is in the history before its first byte leaves.
func (g *gateway) forward(ctx context.Context, x *record.Exchange, target string) *record.Response {
	request, err := listen.Forward(&x.Request, target, x.Remote)
	if err != nil {
		g.warn("%s", ui.EscapeLine(err.Error()))
		return textAnswer(http.StatusBadGateway, "the webhook cannot be forwarded\n")
	}
	f := record.Exchange{Kind: record.Sent, Thread: x.ID, Attempt: 1, Start: time.Now(), Request: request,
		WebhookID: x.WebhookID, EventType: x.EventType, Scheme: x.Scheme}
	kept := g.file.withoutSecrets(&f, g.secrets)
	if err := g.history.Record(ctx, kept); err != nil {
		g.warn("%v", err)
		return &record.Response{Status: http.StatusServiceUnavailable, Header: record.Header{{Name: "Retry-After", Value: "5"}}}
	}
	f.ID = kept.ID
	ctx, cancel := context.WithTimeout(ctx, g.appTimeout())
	defer cancel()
	g.client.Do(ctx, &f)
	kept = g.file.withoutSecrets(&f, g.secrets)
	if err := g.history.Answer(context.WithoutCancel(ctx), kept); err != nil {
		g.warn("%v", err)
	}
	g.watch.forwarded(x.ID, kept)
	if f.Response != nil && f.Response.Cut {
		return textAnswer(http.StatusBadGateway, "the app's answer is too large or was cut off\n")
	}
	if f.Response == nil && f.Err != nil {
		g.note("%d could not be forwarded: %s %s", x.ID, f.Err.Kind, ui.Clip(f.Err.Text, 120))
	}
	return g.relay(f.Response, f.Err)
}

// forwardsToItself finds a lane whose app is this very listener: it would forward for ever.
func (g *gateway) forwardsToItself(addr string) error {
	_, port, _ := net.SplitHostPort(addr)
	if port == "" { // a unix socket, which no forward can reach
		return nil
	}
	lanes := append(slices.Collect(maps.Values(g.lanes)), g.fallback)
	for _, l := range lanes {
		u, err := url.Parse(l.forwardTo)
		if err != nil || u.Port() != port {
			continue
		}
		if ip := net.ParseIP(u.Hostname()); u.Hostname() == "localhost" || ip != nil && (ip.IsLoopback() || ip.IsUnspecified()) {
			return usage("--forward-to %s is this listener itself", l.forwardTo).hint("--forward-to :3000, where your app listens")
		}
	}
	return nil
}
