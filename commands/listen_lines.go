package commands

import (
	"context"
	"os"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/barbhq/barb/commands/metrics"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store/record"
)

// watch is what a person sees of a listener: a line for each webhook and the counts below them. Whoever finds out something
// about a webhook between its Record and its Answer notes it with remember.
type watch struct {
	lines ui.HookLines
	shown ui.Shown
	depth func() int64 // how many webhooks wait to be forwarded; nil: there is no queue

	metrics     *metrics.Received // nil without --metrics
	metricsPort *metrics.Port

	mu      sync.Mutex
	known   map[int64]*ui.Hook // between Record and Answer
	tally   ui.Tally
	answers *hdrhistogram.Histogram // in µs
	again   repeats
}

func newWatch() *watch {
	return &watch{known: map[int64]*ui.Hook{}, again: newRepeats(), answers: hdrhistogram.New(1, time.Hour.Microseconds(), 2)}
}

// begin makes room for what will be known of a webhook that was recorded.
func (w *watch) begin(id int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.known[id] = &ui.Hook{}
}

// underWay is how many webhooks are recorded and not answered.
func (w *watch) underWay() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.known)
}

// remember notes something about a webhook that has not been answered yet. Of one that has, the line is written already.
func (w *watch) remember(id int64, note func(h *ui.Hook)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if h, ok := w.known[id]; ok {
		note(h)
	}
}

// forwarded notes how an app answered, for the line of the webhook.
func (w *watch) forwarded(id int64, app *record.Exchange) {
	w.metrics.Forwarded(app)
	w.remember(id, func(h *ui.Hook) { h.Apps = append(h.Apps, app) })
}

// end counts a webhook that was answered and returns what is known of it.
func (w *watch) end(x *record.Exchange) *ui.Hook {
	w.mu.Lock()
	h, ok := w.known[x.ID]
	if !ok {
		h = &ui.Hook{}
	}
	delete(w.known, x.ID)
	h.Exchange = x
	w.count(h)
	w.mu.Unlock()
	if x.Handshake != "" {
		w.metrics.Handshake()
	} else {
		w.metrics.Answered(x)
	}
	return h
}

func (w *watch) count(h *ui.Hook) {
	if h.Handshake != "" {
		return
	}
	w.tally.Received++
	if h.Verdict.Status == record.Invalid {
		w.tally.Invalid++
	}
	if h.Err != nil || h.Outcome() == record.Failed {
		w.tally.Failed++
	}
	if _, repeats := h.Marked(record.Duplicate); repeats {
		w.tally.Duplicates++
	}
	_ = w.answers.RecordValue(min(h.Took.Microseconds(), time.Hour.Microseconds())) // cannot be out of range
	w.again.see(h.WebhookID, h.Request.Body, h.ID)
}

// repeated returns the exchanges of the webhooks whose id or body came more than once.
func (w *watch) repeated() []int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.again.exchanges()
}

// text is what the footer says.
func (w *watch) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.tally
	if t.Received > 0 {
		at := func(percent float64) time.Duration {
			return time.Duration(w.answers.ValueAtPercentile(percent)) * time.Microsecond
		}
		t.P50, t.P99 = at(50), at(99)
	}
	t.Waiting = w.waiting()
	return t.String()
}

// waiting is how many webhooks are still to be forwarded.
func (w *watch) waiting() int64 {
	if w.depth == nil {
		return 0
	}
	return w.depth()
}

// hook writes the line of a webhook and what is to be shown under it: what the flags ask for to where the lines go, what
// --verbose says to stderr. h holds what may be shown.
func (g *gateway) hook(h *ui.Hook) {
	g.watch.lines.Write(h)
	switch {
	case g.verbose:
		g.err.Details(h, ui.Shown{Headers: true, Body: true})
	case g.watch.shown != ui.Shown{}:
		g.out.Details(h, g.watch.shown)
	}
}

// startWatch prepares the lines and, on a terminal, the footer, which ends with ctx.
func (g *gateway) startWatch(ctx context.Context) (stop func()) {
	g.watch.lines = ui.HookLines{P: g.out, Columns: g.Columns}
	// A program that reads from a pipe may write to the same terminal and knows nothing of a footer.
	if !hasFooter(g.shell) || isPipe(g.Out) {
		return func() {}
	}
	return startFooter(ctx, g.shell, g.watch.text)
}

func isPipe(w any) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeNamedPipe != 0
}
