package commands

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/listen/verifier"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/handshake"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
)

// gateway is what a listener asks: it checks, records, answers and forwards, by the route of each request.
type gateway struct {
	*shell
	history   *store.Store
	client    *deliver.Client
	budget    *listen.Budget // for webhooks in flight and the apps' answers
	with      export.With
	publicURL string // scheme and authority
	hostTold  sync.Once
	// keepInvalid is --keep-invalid: whole bodies of webhooks with a bad signature are recorded.
	keepInvalid bool
	answering
	lanes    route.Lanes[*lane]
	secrets  []sign.Secret // all of them, to keep them out of the history
	learning learning
	pins     pins
	watch    *watch
	entrance *entrance
	refusals *refusals
	hooks    hookFilter
	runner   *runner // nil: no --exec
	duplicates
	policy  deliver.Policy // of forwarding
	outbox  *outbox        // nil: nothing goes by way of the queue
	mirrors *mirrors

	broken   error // of printing
	received atomic.Int64
	accepted atomic.Int64 // of these, what --count counts: valid, or unchecked where that is meant
	beside   atomic.Int64 // of these, unchecked although this listener checks others
	greeted  atomic.Int64 // handshakes
	invalid  atomic.Int64
}

// keptOfInvalid is how many bytes of the body of a webhook with a bad signature, or of a stray one, are recorded: anybody can
// send it, and a flood of large ones would fill the disk.
const keptOfInvalid = 64 << 10

// lane is what is done with the requests of one route.
type lane struct {
	route     *route.Route                      // in barb.toml; nil for the paths no route covers
	verifier  atomic.Pointer[verifier.Verifier] // nil: unchecked; a handshake may bring it a secret
	greeter   greeter
	told      sync.Map // what was said of it already: names of handshakes that are not proven, spellings
	name      string   // of the route, for what is delivered in order
	path      string   // of the route, "" where none covers; pins hold for it
	forwardTo string   // the first of targets, "" for none
	targets   []route.Target
	publicURL string
}

// takeRoutes makes a lane of the flags and one of each route of barb.toml. Flags go before routes.
func (g *gateway) takeRoutes(ctx context.Context, o listenOptions) error {
	file, err := g.configuration()
	if err != nil {
		return err
	}
	flagged := len(o.secrets) > 0 || o.scheme != "" && g.settings["scheme"] == "flag"
	g.lanes.ChecksAs = (*lane).checksAs
	everywhere := slices.IndexFunc(file.routes, func(r route.Route) bool { return r.CoversAll() })
	if everywhere < 0 {
		if g.lanes.Rest, err = g.lane(ctx, o, &route.Route{}); err != nil {
			return err
		}
	}
	for i := range file.routes {
		r := &file.routes[i]
		if flagged { // what the flags say about signatures holds everywhere
			r = &route.Route{Path: r.Path, Targets: r.Targets, PublicURL: r.PublicURL}
		}
		l, err := g.lane(ctx, o, r)
		if err != nil {
			return err
		}
		l.route = &file.routes[i]
		g.lanes.Rows = append(g.lanes.Rows, l)
	}
	if everywhere >= 0 { // no request is left to what the flags and BARB_SECRET alone say
		g.lanes.Rest = g.lanes.Rows[everywhere]
	}
	return nil
}

// allLanes returns the lanes of all routes and the one for what no route covers, which may be among them already.
func (g *gateway) allLanes() []*lane { return append(slices.Clone(g.lanes.Rows), g.lanes.Rest) }

func (g *gateway) lane(ctx context.Context, o listenOptions, r *route.Route) (*lane, error) {
	public, err := g.publicBase("public_url", r.PublicURL)
	if err != nil {
		return nil, err
	}
	l := &lane{name: r.Name(), path: strings.TrimSuffix(r.Path, "/"), publicURL: public}
	flags := o.schemeFlags
	if r.Scheme != "" { // flags, where there are any, have taken it out
		flags.scheme = r.Scheme
	}
	v, err := g.verifier(ctx, verifierOptions{schemeFlags: flags, row: r, tolerance: o.tolerance.D, strict: o.strict, learns: true})
	if err != nil {
		return nil, err
	}
	if v != nil {
		l.verifier.Store(v)
		g.tellHost(l, v.Scheme)
		g.secrets = append(g.secrets, v.Secrets...)
	}
	if l.greeter, err = newGreeter(o.handshake, v, &flags, r); err != nil {
		return nil, err
	}
	return l, l.takeTargets(o.forwardTo, r, g.respond != nil)
}

// check verifies a request, and reports which handshake, scheme and event it is.
func (g *gateway) check(r *record.Request, now time.Time) listen.Checked {
	if found, ok := g.checkHandshake(r, now); ok {
		return found
	}
	found := g.settle(func() (listen.Checked, []*pinning) { return g.verdict(r, now) })
	found.EventType = plainEvent(found.EventType)
	g.mark(&found, r, now)
	if found.Verdict.Status == record.Invalid || isUndecided(found.Marks) || g.isBeside(found, r) {
		found.Uncounted = true // --count waits for what is accepted: what anybody can send must not end it
	}
	return found
}

// greeting is the handshake that a request is, and the lane that answers it.
func (g *gateway) greeting(r *record.Request) (*lane, handshake.Handshake, bool) {
	m := messageOf(r)
	for _, group := range g.guards(r) {
		for _, l := range group {
			if h, ok := l.greeter.find(m); ok {
				return l, h, true
			}
		}
	}
	return nil, handshake.Handshake{}, false
}

// describe names an unchecked request by what its headers show, so that the line and the history say what it was.
func describe(m sign.Message, file *configFile) listen.Checked {
	for _, scheme := range file.catalog().Detect(m) {
		return listen.Checked{Scheme: scheme.Name, WebhookID: scheme.ID(m), EventType: scheme.Event(m)}
	}
	return listen.Checked{}
}

// Record makes a received exchange durable.
func (g *gateway) Record(ctx context.Context, x *record.Exchange) error {
	if g.unlisted(x) {
		return nil
	}
	if !g.keepInvalid && (x.Verdict.Status == record.Invalid || g.isStray(x)) {
		x.Truncate(keptOfInvalid)
	}
	err := g.record(ctx, x)
	if err == nil {
		g.watch.begin(x.ID)
	}
	return err
}

// Answer records how it ended, and says so.
func (g *gateway) Answer(ctx context.Context, x *record.Exchange) error {
	g.count(x)
	if g.unlisted(x) {
		return nil
	}
	err, kept := g.history.Answer(ctx, x), g.history.Redacted(x)
	hook := g.watch.end(kept)
	g.printing.Lock()
	defer g.printing.Unlock()
	if g.json {
		if jsonErr := g.emitExchange(kept, g.with); jsonErr != nil && g.broken == nil {
			g.broken = jsonErr // said at the end: a listener does not stop for a wrong --jq
		}
		return err
	}
	g.hook(hook)
	return err
}

// count counts an exchange for the summary. What was filtered out was not asked for and is no webhook received.
func (g *gateway) count(x *record.Exchange) {
	switch {
	case x.Handshake != "":
		g.greeted.Add(1)
	case isFiltered(x):
		g.hooks.count.Add(1)
	default:
		g.received.Add(1)
		switch {
		case x.Verdict.Status == record.Invalid, isUndecided(x.Marks):
		case g.isBeside(listen.Checked{Verdict: x.Verdict, Scheme: x.Scheme, EventType: x.EventType}, &x.Request):
			g.beside.Add(1)
		default:
			g.accepted.Add(1)
		}
	}
	if x.Verdict.Status == record.Invalid {
		g.invalid.Add(1)
	}
	if _, again := x.Marked(record.Duplicate); again {
		g.marked.Add(1)
	}
}

// reply is what the sender gets; nil where a script says it.
func (g *gateway) reply(ctx context.Context, x *record.Exchange) *record.Response {
	l := g.forwardLane(x)
	switch {
	case x.Verdict.Status == record.Invalid:
		return textAnswer(http.StatusUnauthorized, "invalid signature\n")
	case isUndecided(x.Marks):
		return unavailable()
	case x.Handshake != "":
		return g.greet(x)
	case isFiltered(x):
		return &record.Response{Status: http.StatusOK}
	case g.isScripted(x):
		return nil
	}
	return g.handOnce(ctx, x, func() *record.Response { return g.handOn(ctx, l, x) })
}

// handOn is what becomes of a webhook that is to be worked on.
func (g *gateway) handOn(ctx context.Context, l *lane, x *record.Exchange) *record.Response {
	if g.answersFirst(x) {
		return g.outbox.queued(ctx, x, l)
	}
	if failed := g.execute(ctx, x); failed != nil {
		return failed
	}
	if l.forwardTo != "" {
		return g.forwarded(ctx, x, l)
	}
	return &record.Response{Status: http.StatusOK}
}

func textAnswer(status int, text string) *record.Response {
	return &record.Response{Status: status, Body: []byte(text),
		Header: record.Header{{Name: "Content-Type", Value: "text/plain; charset=utf-8"}}}
}

// describe says what the listener does, a line each.
func (g *gateway) describe() []string {
	var lines []string
	say := func(where string, l *lane) {
		what := "unchecked"
		switch v := l.verifier.Load(); {
		case v == nil:
		case len(v.Secrets) == 0:
			what = "checked (" + v.Scheme.Name + ") once its handshake has brought the secret"
		case v.Auto:
			what = "checked (scheme auto)"
		default:
			what = "checked (" + v.Scheme.Name + ")"
		}
		lines = append(lines, where+" "+what+destinations(l.targets))
	}
	for _, l := range g.lanes.Rows {
		say(l.route.Name(), l)
	}
	if len(lines) == 0 {
		say("webhooks are", g.lanes.Rest)
	} else if g.file.routes.Covering("") == nil {
		say("other paths are", g.lanes.Rest)
	}
	if waiting := g.waiting(context.Background()); waiting != "" {
		if targets, err := g.history.QueueTargets(context.Background(), store.Forward); g.outbox == nil && err == nil && len(targets) > 0 {
			waiting += "; barb listen --queue delivers what its routes forward"
		}
		lines = append(lines, waiting)
	}
	lines = append(lines, g.unattended(context.Background())...)
	if g.runner != nil {
		when := ""
		if g.outbox != nil && g.outbox.ack {
			when = ", once their sender has an answer"
		}
		which := "verified webhooks run "
		if g.runner.unverified {
			which, when = "webhooks run ", ", also where no signature is checked"+when
		}
		lines = append(lines, which+ui.EscapeLine(g.runner.Args[0])+when)
	}
	return append(append(lines, g.answering.describe()...), "history "+g.history.Path())
}

// summary says at the end what came.
func (g *gateway) summary(ctx context.Context) {
	text := ui.Count(int(g.received.Load()), "webhook") + " received"
	if n := g.greeted.Load(); n > 0 {
		text += ", " + ui.Count(int(n), "handshake")
	}
	if n := g.marked.Load(); n > 0 {
		text += ", " + ui.Count(int(n), "duplicate")
	}
	if n := g.hooks.count.Load(); n > 0 {
		text += fmt.Sprintf(", %d filtered out", n)
	}
	if bad := g.invalid.Load(); bad > 0 {
		text += fmt.Sprintf(", %d with a bad signature", bad)
	}
	if waiting := g.waiting(ctx); waiting != "" {
		text += ", " + waiting + " (barb queue)"
	}
	if refused := g.refusals.text(g.entrance.rateText); refused != "" {
		text += "; refused: " + refused
	}
	g.say("barb: %s", text)
}
