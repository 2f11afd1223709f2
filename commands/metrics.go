package commands

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"time"

	vm "github.com/VictoriaMetrics/metrics"
	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// metricsFlags say where a listener shows its counters.
type metricsFlags struct{ metrics string }

func (f *metricsFlags) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.metrics, "metrics", "", "serve Prometheus metrics at http://`ADDR`/metrics; :0 picks a port of this machine")
}

// buckets are the bounds of the histograms in seconds: from an answer out of memory to the patience of the slowest sender.
func buckets() []float64 {
	return []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
}

// metrics counts what a listener does. All its methods do nothing on nil, which is a listener that nobody asked. No text
// of a stranger becomes a label: schemes are those there are, the rest are codes and kinds.
type metrics struct {
	set                     *vm.Set
	schemes                 map[string]bool
	answer, forward, commit *vm.PrometheusHistogram
	duplicates, failed      *vm.Counter
	handshakes              *vm.Counter
}

func newMetrics(version string, schemes map[string]bool, waiting func() float64) *metrics {
	set := vm.NewSet()
	m := &metrics{set: set, schemes: schemes,
		answer:     set.NewPrometheusHistogramExt("barb_answer_duration_seconds", buckets()),
		forward:    set.NewPrometheusHistogramExt("barb_forward_duration_seconds", buckets()),
		commit:     set.NewPrometheusHistogramExt("barb_store_commit_seconds", buckets()),
		failed:     set.NewCounter("barb_store_commit_errors_total"),
		duplicates: set.NewCounter("barb_duplicates_total"),
		handshakes: set.NewCounter("barb_handshakes_total"),
	}
	set.NewGauge("barb_queue_depth", waiting)
	set.NewGauge(fmt.Sprintf("barb_build_info{version=%q,goversion=%q}", version, runtime.Version()), func() float64 { return 1 })
	return m
}

func (m *metrics) count(format string, args ...any) {
	m.set.GetOrCreateCounter(fmt.Sprintf(format, args...)).Inc()
}

// answered counts a webhook that was answered.
func (m *metrics) answered(h *ui.Hook) {
	switch {
	case m == nil:
		return
	case isHandshake(h.Exchange):
		m.handshakes.Inc()
		return
	}
	verdict := string(h.Verdict.Status)
	if h.Verdict.Status == record.Unchecked {
		verdict = "unchecked"
	}
	m.count("barb_webhooks_received_total{scheme=%q,verdict=%q}", m.scheme(h.Scheme), verdict)
	m.count("barb_webhooks_answered_total{code=%q}", code(h.Exchange))
	m.answer.Update(h.Took.Seconds())
	if _, repeats := h.Marked(record.Duplicate); repeats {
		m.duplicates.Inc()
	}
}

// scheme is a scheme as a label.
func (m *metrics) scheme(name string) string {
	switch {
	case name == "":
		return "none"
	case m.schemes[name]:
		return name
	}
	return "other"
}

// code is the status of an exchange as a label, "" when there is none.
func code(x *record.Exchange) string {
	if status := x.Status(); status != 0 {
		return strconv.Itoa(status)
	}
	return ""
}

// forwarded counts a webhook that was handed to an app.
func (m *metrics) forwarded(app *record.Exchange) {
	if m != nil {
		m.count("barb_forward_total{code=%q,error=%q}", code(app), app.FailureKind())
		m.forward.Update(app.Took.Seconds())
	}
}

// refused counts what was answered without becoming an exchange.
func (m *metrics) refused(status int) {
	if m != nil && status != 0 {
		m.count("barb_refused_total{code=\"%d\"}", status)
	}
}

// committed counts a transaction of the history.
func (m *metrics) committed(c store.Commit) {
	m.commit.Update(c.Took.Seconds())
	if c.Err != nil {
		m.failed.Inc()
	}
}

// ServeHTTP serves GET /metrics and nothing else.
func (m *metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path != "/metrics":
		http.Error(w, "only /metrics is here", http.StatusNotFound)
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	m.set.WritePrometheus(w)
}

// openMetrics takes the port of --metrics; nil when it was not given.
func (g *gateway) openMetrics(ctx context.Context, o metricsFlags) (net.Listener, error) {
	if o.metrics == "" {
		return nil, nil
	}
	address, err := listenAddress(o.metrics)
	if err != nil {
		return nil, usage("--metrics %q is not HOST:PORT", o.metrics).hint("--metrics 127.0.0.1:9242, or :0 for a free port")
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, networkOf(address), address)
	if err != nil {
		return nil, local("--metrics: %w", plainNetError(err)).hint("--metrics :0 picks a free port")
	}
	return ln, nil
}

// countFor makes the counters and hands them to whoever has something to count.
func (g *gateway) countFor(ln net.Listener) {
	if ln == nil {
		return
	}
	schemes := map[string]bool{}
	for _, s := range g.file.schemes() {
		schemes[s.Name] = true
	}
	m := newMetrics(g.version, schemes, func() float64 { return float64(g.watch.waiting()) })
	g.history.Observe = m.committed
	g.watch.metrics = m
	tcp, ok := ln.Addr().(*net.TCPAddr)
	g.watch.metricsLocal = ok && tcp.IP.IsLoopback()
	g.watch.metricsURL = "http://" + ln.Addr().String() + "/metrics"
}

// announceMetrics says where the counters are.
func (g *gateway) announceMetrics() {
	if g.watch.metricsURL == "" {
		return
	}
	if !g.watch.metricsLocal {
		g.warn("%s can be read from other machines", g.watch.metricsURL)
	}
	g.say("barb: metrics at %s", g.watch.metricsURL)
}

// serveMetrics serves the counters until it is stopped.
func (g *gateway) serveMetrics(ln net.Listener) (stop func()) {
	if ln == nil {
		return func() {}
	}
	vm.ExposeMetadata(true) // the types, without which Prometheus takes everything for a gauge
	server := &http.Server{Handler: g.watch.metrics, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: log.New(io.Discard, "", 0)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(ln) // ends with Close
	}()
	return func() {
		_ = server.Close()
		<-done
	}
}
