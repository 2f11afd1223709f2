package commands

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

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
	cmd.Flags().BoolVar(&f.dedupe, "dedupe", false, "answer a duplicate of an accepted webhook 200 without handing it on again")
}

// duplicates finds the webhooks that came before.
type duplicates struct {
	*window
	neighbours
	once   bool // --dedupe
	marked atomic.Int64
}

// compares reports whether a received exchange counts as one that came before: a refused one does not, a handshake is no
// webhook, and what was filtered out or is undecided was never handed on.
func compares(x *record.Exchange) bool {
	return x.Kind == record.Received && x.Verdict.Status != record.Invalid && !isFiltered(x) && !isUndecided(x.Marks) && !isHandshake(x)
}

// sightingOf is what an exchange can be known again by. Only what came at the same path, of the same scheme and checked
// alike is compared: two endpoints may get the same event, and an unchecked id says nothing to a listener that checks.
func (c *configFile) sightingOf(x *record.Exchange) *sighting {
	r := &x.Request
	target := r.Target
	if target == "" { // of the narrow rows of the history
		target = r.URL
	}
	where := routePath(target) + "\x00" + x.Scheme + "\x00" + string(x.Verdict.Status)
	s := &sighting{body: bodyDigest(r.Body), at: x.Start, timed: x.Verdict.HasAge}
	if x.WebhookID != "" {
		s.byID = digestOf("id", where, x.WebhookID)
	}
	if signature, ok := c.signatureOf(x); ok {
		s.byPrint = digestOf("print", where, string(s.body[:]), signature)
	}
	if x.Verdict.Status == record.Valid && x.Verdict.HasAge {
		s.event, s.signed = digestOf("event", where, x.EventType), x.Start.Add(-x.Verdict.Age)
	}
	return s
}

// signatureOf is where an exchange's signature is written, as it came. A token is none: it is the same for every webhook.
func (c *configFile) signatureOf(x *record.Exchange) (string, bool) {
	scheme, ok := c.scheme(x.Scheme)
	if !ok || scheme.Auth == sign.Token {
		return "", false
	}
	if scheme.InBody() { // or in the query
		return x.Request.URL, true
	}
	values := x.Request.Header.Values(scheme.Header)
	for _, name := range scheme.Alt {
		values = append(values, x.Request.Header.Values(name)...)
	}
	return strings.Join(values, "\x00"), len(values) > 0
}

// lookBack begins to load; the function it returns ends that.
func (g *gateway) lookBack(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	go g.load(ctx)
	return func() {
		cancel()
		<-g.ready
	}
}

// load looks through the newest of the history, so that what is sent again after a restart is known.
func (g *gateway) load(ctx context.Context) {
	defer close(g.ready)
	defer g.sorted()
	ctx, cancel := context.WithTimeout(ctx, lookingBack)
	defer cancel()
	_, _, _ = g.history.Others(ctx) // from here on: what is older is looked through now
	heard := map[int64]int32{}
	var whole []int64
	for x, err := range g.history.List(ctx, store.Filter{Kind: record.Received, Since: time.Now().Add(-maxSeenFor), Limit: maxSeen}) {
		switch {
		case err != nil:
			if ctx.Err() == nil {
				g.note("warning: duplicates of what came before are not known: %v", err)
			}
			return
		case !compares(x):
		case x.WebhookID != "":
			heard[x.ID] = g.recall(g.file.sightingOf(x), x)
		case x.Scheme != "" && len(whole) < maxPrints:
			whole = append(whole, x.ID)
		}
	}
	for _, id := range whole {
		x, err := g.history.Get(ctx, id)
		if err != nil {
			break // pruned meanwhile, or the time is over
		}
		if s := g.file.sightingOf(x); s.byPrint != (digest{}) {
			heard[id] = g.recall(s, x)
		}
	}
	g.takePromises(ctx, heard)
}

// takePromises sets what was accepted by what the queue holds: a webhook that is to be delivered was, also when a kill came
// before its sender had an answer, and one that was given up is handed on when it comes again. The last copy decides.
func (g *gateway) takePromises(ctx context.Context, heard map[int64]int32) {
	if !g.once || len(heard) == 0 {
		return
	}
	promises, err := g.history.Promises(ctx, slices.Min(slices.Collect(maps.Keys(heard))))
	if err != nil && ctx.Err() == nil {
		g.note("warning: what waits in the queue is not known: %v", err)
	}
	for _, p := range promises {
		if i, ok := heard[p.Thread]; ok && i >= 0 {
			g.seen[i].accepted, g.seen[i].foreign = p.Kept, false
		}
	}
}

// recall remembers an exchange of the history and returns where. They come newest first, so that the last of an id is the
// one that the others are duplicates of.
func (w *window) recall(s *sighting, x *record.Exchange) (at int32) {
	id := x.ID
	of, again := x.Marked(record.Duplicate)
	if again {
		id = of
	} else {
		w.note(s.event, moment{s.signed, id})
	}
	if _, reused := x.Marked(record.ReusedID); reused {
		return -1
	}
	key, accepted := s.byID, x.Status()/100 == 2
	if key == (digest{}) {
		key = s.byPrint
	}
	if i, ok := w.by[key]; ok {
		w.seen[i].id = min(w.seen[i].id, id)
		w.seen[i].accepted = w.seen[i].accepted || accepted
		return i
	}
	e := seen{byID: s.byID, id: id, at: x.Start.Unix(), accepted: accepted, foreign: true}
	if s.byID == (digest{}) { // it was read whole
		e.byPrint, e.body = s.byPrint, s.body
	}
	w.keep(e)
	return w.by[key]
}

// reject has a webhook handed on when it comes again: what the queue promised of it was given up.
func (g *gateway) reject(x *record.Exchange) {
	if !g.once {
		return
	}
	s := g.file.sightingOf(x)
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, key := range [...]digest{s.byID, s.byPrint} {
		if i, ok := g.by[key]; ok {
			g.seen[i].accepted, g.seen[i].foreign = false, false
		}
		if t, ok := g.turns[key]; ok {
			t.rejected = true
		}
	}
}

// meet marks an exchange that is about to be recorded, by what is kept of it. The newcomer is nil where nothing is compared.
func (g *gateway) meet(ctx context.Context, x, kept *record.Exchange) (*newcomer, error) {
	if !compares(x) {
		return nil, nil
	}
	g.lookAround(ctx, time.Now())
	marks, c, err := g.duplicates.meet(ctx, g.file.sightingOf(kept), func(id int64) (digest, bool) {
		before, err := g.history.Get(ctx, id)
		if err != nil || !g.isOurs(ctx, before) {
			return digest{}, false
		}
		return bodyDigest(before.Request.Body), true
	})
	x.Marks = append(x.Marks, marks...)
	return c, err
}

// record makes an exchange durable with its marks. A copy of one that is being recorded waits for that.
func (g *gateway) record(ctx context.Context, x *record.Exchange) error {
	kept := g.history.Redacted(x) // what copies are compared by is what the history has of them
	c, err := g.meet(ctx, x, kept)
	if err != nil {
		return err
	}
	if c != nil {
		defer func() { c.settle(x.ID, g.once) }()
	}
	// Whether a copy is handed on is known when what it is a copy of was answered: what it needs is put into the queue then.
	return g.keep(ctx, x, kept, g.once && c != nil && c.again)
}

// handOnce hands a webhook on unless it, or a copy of it, was accepted. Copies take turns: one that comes while another is
// handed on waits for its answer, and is handed on itself when that was not 2xx.
func (g *gateway) handOnce(ctx context.Context, x *record.Exchange, handOn func() *record.Response) *record.Response {
	if !g.once {
		return handOn()
	}
	key, ok := g.keyOf(x.ID)
	if !ok {
		return handOn()
	}
	patient, cancel := context.WithTimeout(ctx, turnTimeout)
	defer cancel()
	g.askNeighbour(patient, key)
	accepted, err := g.take(patient, key)
	if (err != nil || accepted) && g.outbox != nil {
		g.outbox.forgo(context.WithoutCancel(ctx), x)
	}
	switch {
	case err != nil:
		busy := textAnswer(http.StatusServiceUnavailable, "a copy of this webhook is being worked on\n")
		busy.Header = append(busy.Header, record.Field{Name: "Retry-After", Value: "1"})
		return busy
	case accepted:
		return &record.Response{Status: http.StatusOK}
	}
	done := false
	defer func() { g.pass(key, done) }()
	response := handOn()
	done = response.Status/100 == 2
	return response
}

// keyOf is what the turns of a recorded webhook go by. It is asked for once.
func (w *window) keyOf(id int64) (digest, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	key, ok := w.keys[id]
	delete(w.keys, id)
	return key, ok
}

// take waits for the turn of a webhook. It ends with pass, unless a copy was accepted before.
func (w *window) take(ctx context.Context, key digest) (accepted bool, err error) {
	for {
		w.mu.Lock()
		if i, ok := w.by[key]; ok && w.seen[i].accepted {
			w.mu.Unlock()
			return true, nil
		}
		t, taken := w.turns[key]
		if !taken {
			w.turns[key] = &turn{ended: make(chan struct{})}
			w.mu.Unlock()
			return false, nil
		}
		w.mu.Unlock()
		select {
		case <-t.ended:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// pass ends a turn.
func (w *window) pass(key digest, accepted bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.turns[key]
	if i, ok := w.by[key]; ok && accepted && !t.rejected {
		w.seen[i].accepted = true
	}
	close(t.ended)
	delete(w.turns, key)
}
