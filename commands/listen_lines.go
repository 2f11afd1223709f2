package commands

import (
	"context"
	"os"

	"github.com/barbhq/barb/commands/metrics"
	"github.com/barbhq/barb/commands/ui"
)

// watch shows a listener at work: the counts, a line for each webhook, and the metrics.
type watch struct {
	*ui.Watch
	lines ui.HookLines
	shown ui.Shown

	metrics     *metrics.Received // nil without --metrics
	metricsPort *metrics.Port
}

func newWatch() *watch { return &watch{Watch: ui.NewWatch()} }

// answered counts what was answered.
func (w *watch) answered(h *ui.Hook, isBeside bool) {
	w.Answered(h, isBeside)
	if h.Handshake != "" {
		w.metrics.Handshake()
	} else {
		w.metrics.Answered(h.Exchange)
	}
}

// hook writes the line of a webhook and what is to be shown under it: what the flags ask for to where the lines go,
// what --verbose says to stderr. h holds what may be shown.
func (g *listener) hook(h *ui.Hook) {
	g.watch.lines.Write(h)
	switch {
	case g.sh.verbose:
		g.sh.err.Details(h, ui.Shown{Headers: true, Body: true})
	case g.watch.shown != ui.Shown{}:
		g.sh.out.Details(h, g.watch.shown)
	}
}

// startWatch prepares the lines and, on a terminal, the footer, which ends with ctx.
func (g *listener) startWatch(ctx context.Context) (stop func()) {
	g.watch.lines = ui.HookLines{P: g.sh.out, Columns: g.sh.Columns}
	// A program that reads from a pipe may write to the same terminal and knows nothing of a footer.
	if !hasFooter(g.sh) || isPipe(g.sh.Out) {
		return func() {}
	}
	return startFooter(ctx, g.sh, g.watch.Text)
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
	for _, s := range g.sh.file.Catalog().All() {
		schemes[s.Name] = true
	}
	g.watch.metrics, g.watch.metricsPort = metrics.NewReceived(g.sh.version, g.gate.History, schemes), port
}
