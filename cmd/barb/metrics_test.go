//go:build unix

package main

import (
	"io"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/barbhq/barb/store/export"
)

func TestTheMetricsPortServesNothingElse(t *testing.T) {
	t.Parallel()
	p := listener(t,
		`exec barb listen --addr 127.0.0.1:0 --metrics 127.0.0.1:0 --json --jq 'select(.event=="listening") | .metrics_url'`)
	base := strings.TrimSuffix(p.url, "/metrics")
	for target, want := range map[string]int{"/": 404, "/debug/pprof/": 404, "/metrics/": 404, "/metrics": 200} {
		answer, err := http.Get(base + target)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%s: %d, want %d", target, answer.StatusCode, want)
		}
	}
	if status := post(p.url, "x", 10); status != http.StatusMethodNotAllowed {
		t.Errorf("a POST is answered %d", status)
	}
}

// contract are the fields that every log line has, in their order.
var contract = []string{"schema", "level", "timestamp", "id", "direction", "webhook_id", "event_type",
	"endpoint_domain", "method", "status_code", "latency_ms",
	"attempt", "retry_count", "scheme", "verdict", "outcome"}

// What scripts may rely on is what is written down: the fields of the contract in every line, each addition in the
// document.
func TestEveryFieldOfALogLineIsDocumented(t *testing.T) {
	data, err := os.ReadFile("../../docs/monitoring.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(data), "## Log lines")
	var documented, always []string
	for line := range strings.Lines(section) {
		name, when, ok := strings.Cut(strings.TrimPrefix(line, "| `"), "` | ")
		if !ok || name == line {
			continue
		}
		documented = append(documented, name)
		if strings.HasPrefix(when, "always") {
			always = append(always, name)
		}
	}
	if !slices.Equal(always, contract) {
		t.Errorf("always there, by the document: %v\nwant %v", always, contract)
	}
	var there []string
	for _, f := range reflect.VisibleFields(reflect.TypeFor[export.Line]()) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		there = append(there, name)
		if required := slices.Contains(contract, name); required == (options == "omitempty") {
			t.Errorf("%s: required is %v, its tag says %q", name, required, options)
		}
	}
	if !slices.Equal(documented, there) {
		t.Errorf("documented %v\nthere     %v", documented, there)
	}
}
