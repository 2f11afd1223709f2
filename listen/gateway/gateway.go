// Package gateway decides what becomes of a received webhook.
package gateway

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/provider"
	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/listen/dedupe"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/listen/script"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// Gateway takes the requests of a listener from their check to their answer. Its fields are set before Prepare. Its
// methods may be called from several goroutines at once.
type Gateway struct {
	History   *store.Store // nil where requests are only checked: nothing is pinned then
	Redactor  *redact.Redactor
	Schemes   *catalog.Set
	Lanes     route.Lanes[*Lane]
	Secrets   []sign.Secret // of all lanes
	PublicURL string        // scheme and authority of the URL that senders use, "" when only they know it
	Hosts     []string      // in lower case: a GET of a program may name them, besides loopback
	Filter    Filter
	// OnlyRoutes has webhooks answered 404 whose path no route covers. Of handshakes only those are answered there that
	// have nothing to do with a secret.
	OnlyRoutes bool

	KeepInvalid bool               // whole bodies of webhooks with a bad signature are recorded
	Window      *dedupe.Window     // the webhooks that came before
	Once        bool               // a duplicate of an accepted webhook is not handed on
	Answers     script.Plan        // scripted answers
	Provider    *provider.Provider // whose deadline answers are held against; nil: none
	Runner      *Runner            // nil: no command runs
	Queue       *Queue             // nil: webhooks are forwarded at once or not at all

	Client deliver.Doer   // to the apps
	Budget *listen.Budget // for the apps' answers that are read while no sender waits
	Policy deliver.Policy // of forwarding

	Now  func() time.Time
	Rand func() float64 // uniform in [0, 1), for the waits between attempts
	// Keep keeps the first secret that a handshake brings; nil: no secret is kept.
	Keep func(sign.Secret) error
	// Tell is called with each event, from several goroutines at once.
	Tell func(Event)

	learning sync.Mutex // guards kept, and the learnt of each lane
	kept     bool       // a secret, by Keep
	pins     pins
	told     sync.Map // what tellOnce was told about
	schemes  sync.Map // *sign.Scheme by name: see named
	mirrors  mirrors
	looked   atomic.Int64  // when other listeners were looked for, in Unix nanoseconds
	looking  chan struct{} // has an element during such a look; made by load
	open     atomic.Int64  // webhooks that are recorded and not answered
}

// Receive returns the hook of a request.
func (g *Gateway) Receive(x *record.Exchange) *Hook { return &Hook{Gateway: g, Exchange: x} }

// endGrace is how long the forwards under way may take when the listener ends.
const endGrace = 10 * time.Second

// Start begins to look through the history for the webhooks that came before, and to deliver what waits in the queue.
// end waits for all forwarding to end; unless cut, it tries first what is due in the queue.
func (g *Gateway) Start(ctx context.Context) (end func(cut bool)) {
	looking, stop := context.WithCancel(ctx)
	go g.load(looking)
	endQueue := func(bool) {}
	if g.Queue != nil {
		endQueue = g.Queue.work(ctx)
	}
	return func(cut bool) {
		endQueue(cut)
		g.mirrors.end(endGrace)
		stop()
		g.Window.WaitLoaded()
	}
}

// UnderWay returns how many webhooks are being answered, forwarded or worked on.
func (g *Gateway) UnderWay() int {
	n := int(g.open.Load() + g.mirrors.count.Load())
	if g.Queue != nil {
		n += g.Queue.worker.UnderWay()
	}
	return n
}

// Waiting returns how many webhooks wait in the queue, 0 when that cannot be read.
func (g *Gateway) Waiting(ctx context.Context) int64 {
	depth, err := g.History.QueueDepth(ctx, store.Forward, store.Command)
	if err != nil {
		return 0
	}
	return depth[store.Waiting] + depth[store.Leased]
}

// describe names an unchecked request by what its headers show, so that its line and the history say what it was.
func (g *Gateway) describe(m sign.Message) listen.Checked {
	for _, scheme := range g.Schemes.Detect(m) {
		return listen.Checked{Scheme: scheme.Name, WebhookID: scheme.ID(m), EventType: scheme.Event(m)}
	}
	return listen.Checked{EventType: g.Schemes.Event(m)}
}

// named returns the scheme with a name, nil for none. It looks each up once, since a look-up copies the scheme, and
// nobody may change what it returns.
func (g *Gateway) named(name string) *sign.Scheme {
	if known, ok := g.schemes.Load(name); ok {
		return known.(*sign.Scheme)
	}
	scheme, ok := g.Schemes.Lookup(name)
	if !ok {
		return nil
	}
	g.schemes.Store(name, &scheme)
	return &scheme
}

// whole returns a recorded exchange as it came, to the byte, or says why it cannot: see redact.Redactor.Whole.
func (g *Gateway) whole(ctx context.Context, x *record.Exchange) (*record.Exchange, error) {
	if err := g.History.Pieces(ctx, x); err != nil {
		return nil, err
	}
	return g.Redactor.Whole(x)
}

// tellOnce tells of something unless it was told of before.
func (g *Gateway) tellOnce(about any, e Event) {
	if _, before := g.told.LoadOrStore(about, true); !before {
		g.Tell(e)
	}
}

// trouble tells of an error about a webhook, or with 0 about none.
func (g *Gateway) trouble(id int64, err error) { g.Tell(Event{Kind: Trouble, ID: id, Err: err}) }
