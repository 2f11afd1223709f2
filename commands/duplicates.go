package commands

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/listen/dedupe"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

const (
	// lookingBack is how long the newest of the history are looked through at the start. Hooks that come meanwhile wait.
	lookingBack = time.Second
	// maxPrints is how many webhooks without an id are read whole for that: their signatures are not in the narrow rows.
	maxPrints = 2000
	// turnTimeout is how long a copy waits for the one before it to be answered, then it is told to come again.
	turnTimeout = 30 * time.Second
)

type duplicateFlags struct{ dedupe bool }

func (f *duplicateFlags) addFlags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.dedupe, "dedupe", false, "answer a duplicate of an accepted webhook 200 without handing "+
		"it on again")
}

// duplicates finds the webhooks that came before.
type duplicates struct {
	window *dedupe.Window
	neighbours
	once   bool // --dedupe
	marked atomic.Int64
}

// compares reports whether a received exchange counts as one that came before: a refused one does not, a handshake is
// no webhook, and what was filtered out or is undecided was never handed on.
func compares(x *record.Exchange) bool {
	return x.Kind == record.Received && x.Verdict.Status != record.Invalid && !isFiltered(x) &&
		!gateway.IsUndecided(x.Marks) && x.Handshake == ""
}

// fingerprintOf returns what an exchange is recognised by when it comes again.
func (c *configFile) fingerprintOf(x *record.Exchange) *dedupe.Fingerprint {
	target := x.Request.Target
	if target == "" { // of the narrow rows of the history
		target = x.Request.URL
	}
	return dedupe.FingerprintOf(x, route.Path(target), c.signatureOf(x))
}

// signatureOf is an exchange's signature as it was written, "" for none. A token is none: every webhook has the same
// one.
func (c *configFile) signatureOf(x *record.Exchange) string {
	scheme, ok := c.catalog().Lookup(x.Scheme)
	if !ok || scheme.Auth == sign.Token {
		return ""
	}
	if scheme.InBody() { // or in the query
		return x.Request.URL
	}
	values := x.Request.Header.Values(scheme.Header)
	for _, name := range scheme.Alt {
		values = append(values, x.Request.Header.Values(name)...)
	}
	return strings.Join(values, "\x00")
}

// lookBack begins to load; the function it returns ends that.
func (g *listener) lookBack(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	go g.load(ctx)
	return func() {
		cancel()
		g.window.WaitLoaded()
	}
}

// load looks through the newest of the history, so that what is sent again after a restart is known.
func (g *listener) load(ctx context.Context) {
	defer g.window.Loaded()
	ctx, cancel := context.WithTimeout(ctx, lookingBack)
	defer cancel()
	_, _, _ = g.history.Others(ctx) // from here on: what is older is looked through now
	heard := map[int64]int{}
	var whole []int64
	for x, err := range g.history.List(ctx, store.Filter{Kind: record.Received, Since: g.Now().Add(-dedupe.KeptFor),
		Limit: dedupe.MaxKept}) {
		switch {
		case err != nil:
			if ctx.Err() == nil {
				g.note("warning: duplicates of what came before are not known: %v", err)
			}
			return
		case !compares(x):
		case x.WebhookID != "":
			heard[x.ID] = g.window.Recall(g.file.fingerprintOf(x), x)
		case x.Scheme != "" && len(whole) < maxPrints:
			whole = append(whole, x.ID)
		}
	}
	for _, id := range whole {
		x, err := g.history.Get(ctx, id)
		if err != nil {
			break // pruned meanwhile, or the time is over
		}
		if f := g.file.fingerprintOf(x); f.HasSignature() {
			heard[id] = g.window.Recall(f, x)
		}
	}
	g.takePromises(ctx, heard)
}

// takePromises sets what was accepted by what the queue holds: a webhook that is to be delivered was, also when a kill
// came before its sender had an answer, and one that was given up is handed on when it comes again. The last copy
// decides.
func (g *listener) takePromises(ctx context.Context, heard map[int64]int) {
	if !g.once || len(heard) == 0 {
		return
	}
	promises, err := g.history.Accepted(ctx, slices.Min(slices.Collect(maps.Keys(heard))))
	if err != nil && ctx.Err() == nil {
		g.note("warning: what waits in the queue is not known: %v", err)
	}
	for _, p := range promises {
		if at, ok := heard[p.Thread]; ok {
			g.window.Decide(at, p.Kept)
		}
	}
}

// reject has a webhook handed on when it comes again: what the queue promised of it was given up.
func (g *listener) reject(x *record.Exchange) {
	if g.once {
		g.window.Reject(g.file.fingerprintOf(x))
	}
}

// meet marks an exchange that is about to be recorded, by what is kept of it. The claim is nil where nothing is
// compared.
func (g *listener) meet(ctx context.Context, x, kept *record.Exchange) (*dedupe.Claim, error) {
	if !compares(x) {
		return nil, nil
	}
	g.lookAround(ctx, g.Now())
	marks, c, err := g.window.Meet(ctx, g.file.fingerprintOf(kept), func(id int64) ([]byte, bool) {
		before, err := g.history.Get(ctx, id)
		if err != nil || !g.isOurs(ctx, before) {
			return nil, false
		}
		return before.Request.Body, true
	})
	x.Marks = append(x.Marks, marks...)
	return c, err
}
