// Package metrics counts in the text format of Prometheus.
package metrics

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// registry holds counters, gauges and histograms and writes them in Prometheus' text format, version 0.0.4
// (prometheus.io/docs/instrumenting/exposition_formats). The name of a series includes its labels:
// `barb_attempts_total{retry="true"}`. The caller quotes the values of labels, with %q.
type registry struct {
	mu     sync.Mutex
	series map[string]sampler
}

// sampler is one series, or all series of a histogram.
type sampler interface {
	kind() string
	write(w io.Writer, name string)
}

func newRegistry() *registry { return &registry{series: map[string]sampler{}} }

// add returns the series of a name, and makes it with fresh if it does not exist.
func add[S sampler](r *registry, name string, fresh func() S) S {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s, ok := r.series[name].(S); ok {
		return s
	}
	s := fresh()
	r.series[name] = s
	return s
}

func (r *registry) counter(name string) *counter {
	return add(r, name, func() *counter { return &counter{} })
}

func (r *registry) gauge(name string, read func() float64) {
	add(r, name, func() gauge { return read })
}

func (r *registry) histogram(name string, bounds []float64) *histogram {
	return add(r, name, func() *histogram {
		return &histogram{bounds: bounds, counts: make([]atomic.Uint64, len(bounds)+1)}
	})
}

// write writes all series, grouped by metric after the type of the metric.
func (r *registry) write(w io.Writer) error {
	r.mu.Lock()
	series := maps.Clone(r.series)
	r.mu.Unlock()
	out := bufio.NewWriter(w)
	family := ""
	for _, name := range slices.SortedFunc(maps.Keys(series), byFamily) {
		if f := metricFamily(name); f != family {
			family = f
			fmt.Fprintf(out, "# TYPE %s %s\n", family, series[name].kind())
		}
		series[name].write(out, name)
	}
	return out.Flush()
}

func metricFamily(name string) string {
	family, _, _ := strings.Cut(name, "{")
	return family
}

// byFamily orders series so that those of a metric are adjacent. Plain order fails, because { sorts after letters.
func byFamily(a, b string) int {
	if c := strings.Compare(metricFamily(a), metricFamily(b)); c != 0 {
		return c
	}
	return strings.Compare(a, b)
}

// counter is a number that only grows.
type counter struct{ n atomic.Uint64 }

func (*counter) kind() string { return "counter" }

func (c *counter) write(w io.Writer, name string) { fmt.Fprintf(w, "%s %d\n", name, c.n.Load()) }

func (c *counter) inc() { c.n.Add(1) }

// gauge returns a number when it is written.
type gauge func() float64

func (gauge) kind() string { return "gauge" }

func (g gauge) write(w io.Writer, name string) { fmt.Fprintf(w, "%s %s\n", name, number(g())) }

// histogram counts the observations up to each bound. The last count holds those beyond every bound.
type histogram struct {
	bounds []float64 // ascending
	counts []atomic.Uint64
	sum    atomic.Uint64 // the bits of a float64
}

func (*histogram) kind() string { return "histogram" }

func (h *histogram) update(v float64) {
	i, _ := slices.BinarySearch(h.bounds, v)
	h.counts[i].Add(1)
	for {
		old := h.sum.Load()
		if h.sum.CompareAndSwap(old, math.Float64bits(math.Float64frombits(old)+v)) {
			return
		}
	}
}

// write adds the counts up itself, so that the last bucket equals the count while observations come in.
func (h *histogram) write(w io.Writer, name string) {
	total := uint64(0)
	for i := range h.counts {
		total += h.counts[i].Load()
		bound := math.Inf(1)
		if i < len(h.bounds) {
			bound = h.bounds[i]
		}
		fmt.Fprintf(w, "%s_bucket{le=%q} %d\n", name, number(bound), total)
	}
	fmt.Fprintf(w, "%s_sum %s\n%s_count %d\n", name, number(math.Float64frombits(h.sum.Load())), name, total)
}

// number formats a value, +Inf and NaN included.
func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
