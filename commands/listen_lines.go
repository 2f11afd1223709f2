package commands

import (
	"context"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/barbhq/barb/commands/metrics"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store/record"
)

// watch is what a person sees of a listener: a line for each webhook and the counts below them.
type watch struct {
	lines ui.HookLines
	shown ui.Shown
	depth func() int64 // how many webhooks wait to be forwarded; nil: there is no queue

	metrics     *metrics.Received // nil without --metrics
	metricsPort *metrics.Port

	open atomic.Int64 // webhooks that are recorded and not answered

	mu      sync.Mutex
	tally   ui.Tally
	answers *hdrhistogram.Histogram // in µs
	again   repeats
}

func newWatch() *watch {
	return &watch{again: newRepeats(), answers: hdrhistogram.New(1, time.Hour.Microseconds(), 2)}
}

// begin notes that a webhook is recorded and not answered yet.
func (w *watch) begin() { w.open.Add(1) }

// underWay is how many webhooks are recorded and not answered.
func (w *watch) underWay() int { return int(w.open.Load()) }

// end counts a webhook that was answered.
func (w *watch) end(h *hook) {
	if h.begun {
		w.open.Add(-1)
	}
	x := h.line.Exchange
	w.mu.Lock()
	w.count(&h.line)
	w.mu.Unlock()
	if x.Handshake != "" {
		w.metrics.Handshake()
	} else {
		w.metrics.Answered(x)
	}
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

// hook writes the line of a webhook and what is to be shown under it: what the flags ask for to where the lines go,
// what --verbose says to stderr. h holds what may be shown.
func (g *listener) hook(h *ui.Hook) {
	g.watch.lines.Write(h)
	switch {
	case g.verbose:
		g.err.Details(h, ui.Shown{Headers: true, Body: true})
	case g.watch.shown != ui.Shown{}:
		g.out.Details(h, g.watch.shown)
	}
}

// startWatch prepares the lines and, on a terminal, the footer, which ends with ctx.
func (g *listener) startWatch(ctx context.Context) (stop func()) {
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

// countFor makes the counters of a listener. It does nothing without --metrics.
func (g *listener) countFor(port *metrics.Port) {
	if port == nil {
		return
	}
	schemes := map[string]bool{}
	for _, s := range g.file.catalog().All() {
		schemes[s.Name] = true
	}
	g.watch.metrics, g.watch.metricsPort = metrics.NewReceived(g.version, g.history, schemes), port
}
