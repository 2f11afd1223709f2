package gateway

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/barbhq/barb/listen/dedupe"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

const (
	// lookingBack bounds the look through the newest of the history at the start. Webhooks that come meanwhile wait.
	lookingBack = time.Second
	// maxPrints is how many webhooks without an id are read whole for that: their signatures are not in the narrow rows.
	maxPrints = 2000
)

// compares reports whether an exchange is compared with those that came before. A refused one is not; a handshake is no
// webhook; and what was filtered out or is undecided was never handed on.
func compares(x *record.Exchange) bool {
	return x.Verdict.Status != record.Invalid && !isFiltered(x) && !isUnrouted(x) && !isUndecided(x.Marks) &&
		x.Handshake == ""
}

// fingerprintOf returns what an exchange is recognised by when it comes again.
func (g *Gateway) fingerprintOf(x *record.Exchange) *dedupe.Fingerprint {
	target := x.Request.Target
	if target == "" { // of the narrow rows of the history
		target = x.Request.URL
	}
	return dedupe.FingerprintOf(x, route.Path(target), g.signatureOf(x))
}

// signatureOf is an exchange's signature as it was written, "" for none. A token is none: every webhook has the same
// one.
func (g *Gateway) signatureOf(x *record.Exchange) string {
	scheme := g.named(x.Scheme)
	if scheme == nil || scheme.Auth == sign.Token {
		return ""
	}
	if scheme.InBody() { // or in the query
		return x.Request.URL
	}
	if first, n := x.Request.Header.First(scheme.Header); n <= 1 && len(scheme.Alt) == 0 {
		return first
	}
	values := x.Request.Header.Values(scheme.Header)
	for _, name := range scheme.Alt {
		values = append(values, x.Request.Header.Values(name)...)
	}
	return strings.Join(values, "\x00")
}

// load looks through the newest of the history, so that what is sent again after a restart is known.
func (g *Gateway) load(ctx context.Context) {
	g.looking = make(chan struct{}, 1)
	defer g.Window.Loaded()
	ctx, cancel := context.WithTimeout(ctx, lookingBack)
	defer cancel()
	_, _, _ = g.History.Others(ctx) // from here on: what is older is looked through now
	heard := map[int64]int{}
	var whole []int64
	for x, err := range g.History.List(ctx, store.Filter{Kind: record.Received, Since: g.Now().Add(-dedupe.KeptFor),
		Limit: dedupe.MaxKept}) {
		switch {
		case err != nil:
			if ctx.Err() == nil {
				g.trouble(0, fmt.Errorf("cannot recognise duplicates of earlier webhooks: %w", err))
			}
			return
		case !compares(x):
		case x.WebhookID != "":
			heard[x.ID] = g.Window.Recall(g.fingerprintOf(x), x)
		case x.Scheme != "" && len(whole) < maxPrints:
			whole = append(whole, x.ID)
		}
	}
	for _, id := range whole {
		x, err := g.History.Get(ctx, id)
		if err != nil {
			break // pruned meanwhile, or the time is over
		}
		if f := g.fingerprintOf(x); !f.IsEmpty() {
			heard[id] = g.Window.Recall(f, x)
		}
	}
	g.takeAccepted(ctx, heard)
}

// takeAccepted tells the window which of the webhooks in heard the queue accepted, as of their newest copy. A webhook
// with an entry that is open or done was accepted, even if barb was killed before it answered the sender: a copy of it
// is a duplicate. A webhook whose entry is dead was not: its next copy is handed on.
func (g *Gateway) takeAccepted(ctx context.Context, heard map[int64]int) {
	if !g.Once || len(heard) == 0 {
		return
	}
	accepted, err := g.History.Accepted(ctx, slices.Min(slices.Collect(maps.Keys(heard))))
	if err != nil && ctx.Err() == nil {
		g.trouble(0, fmt.Errorf("cannot read the queue: %w", err))
	}
	for _, p := range accepted {
		if at, ok := heard[p.Thread]; ok {
			g.Window.Decide(at, p.Kept)
		}
	}
}

// reject notes that the queue gave a webhook up, so that its next copy is handed on.
func (g *Gateway) reject(x *record.Exchange) {
	if g.Once {
		g.Window.Reject(g.fingerprintOf(x))
	}
}

// meet marks an exchange that is about to be recorded. It compares kept, the form that the history will have. The claim
// is nil if the exchange is not compared.
func (g *Gateway) meet(ctx context.Context, x, kept *record.Exchange) (*dedupe.Claim, error) {
	if !compares(x) {
		return nil, nil
	}
	g.lookAround(ctx, g.Now())
	marks, c, err := g.Window.Meet(ctx, g.fingerprintOf(kept), func(id int64) ([]byte, bool, error) {
		before, err := g.History.Get(ctx, id)
		if err != nil && (errors.Is(err, store.ErrAway) || ctx.Err() != nil) { // it may be there all the same
			return nil, false, err
		}
		there := err == nil && g.isOurs(ctx, before)
		if !there {
			return nil, false, nil
		}
		return before.Request.Body, true, nil
	})
	x.Marks = append(x.Marks, marks...)
	if c != nil && c.Repeats() != 0 {
		x.Thread, x.Role = c.Repeats(), record.Redelivery
	}
	return c, err
}
