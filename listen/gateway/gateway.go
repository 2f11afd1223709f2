// Package gateway decides what becomes of a received webhook.
package gateway

import (
	"sync"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// Gateway judges the requests of a listener. Its methods may be called from several goroutines at once.
type Gateway struct {
	History   *store.Store // keeps the pins; nil: nothing keeps them, and nothing is pinned
	Schemes   *catalog.Set
	Lanes     route.Lanes[*Lane]
	PublicURL string // scheme and authority of the URL that senders use, "" when only they know it
	Filter    Filter

	// FromPage says by which sign a request may have been sent by a web page; "" when nothing says so.
	FromPage func(r *record.Request) string
	// Keep keeps the first secret that a handshake brings; nil: no secret is kept.
	Keep func(sign.Secret) error
	// Tell is told what a person may want to know.
	Tell func(Event)

	learning learning
	pins     pins
	hostTold sync.Once
}

// Receive returns the hook of a request.
func (g *Gateway) Receive(x *record.Exchange) *Hook { return &Hook{Gateway: g, Exchange: x} }

// describe names an unchecked request by what its headers show, so that its line and the history say what it was.
func (g *Gateway) describe(m sign.Message) listen.Checked {
	for _, scheme := range g.Schemes.Detect(m) {
		return listen.Checked{Scheme: scheme.Name, WebhookID: scheme.ID(m), EventType: scheme.Event(m)}
	}
	return listen.Checked{}
}
