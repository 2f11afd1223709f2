//go:build unix

package monitoring

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// scrape reads the counters as Prometheus does.
func scrape(t *testing.T, url string) map[string]*dto.MetricFamily {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if kind := answer.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/plain; version=0.0.4") {
		t.Errorf("content type %q", kind)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// scrapeUntil scrapes until a metric reaches a value, since an answer is counted a moment after it was sent. It returns
// the next scrape: a scrape reads the metrics one by one, so the first may have read others too early.
func scrapeUntil(t *testing.T, p *process, url, name string, want float64) map[string]*dto.MetricFamily {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if value(scrape(t, url)[name]) >= want {
			return scrape(t, url)
		}
	}
	t.Fatalf("%s did not come to %v\n%s", name, want, p.stderr)
	return nil
}

// value is the counter, gauge or number of observations with these labels: name and value in turn.
func value(f *dto.MetricFamily, labels ...string) float64 {
	for _, m := range f.GetMetric() {
		have := map[string]string{}
		for _, l := range m.GetLabel() {
			have[l.GetName()] = l.GetValue()
		}
		fits := true
		for i := 0; i < len(labels); i += 2 {
			fits = fits && have[labels[i]] == labels[i+1]
		}
		if fits {
			return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return -1
}

func TestPrometheusReadsTheCounters(t *testing.T) {
	t.Parallel()
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusAccepted)
	}))
	defer app.Close()
	p := start(t,
		`exec barb listen -s github --secret barb_test_secret_0123456789abcdef --addr 127.0.0.1:0 --metrics :0 --forward-to `+
			app.URL+
			` --json --jq 'select(.event=="listening") | .url + " " + .metrics_url'`)
	url, counters, _ := strings.Cut(p.url, " ")

	for range 2 {
		if status := post(t, url); status != http.StatusUnauthorized {
			t.Fatalf("answered %d", status)
		}
	}
	signed, err := http.NewRequest(http.MethodPost, url, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	signed.Header.Set("X-Hub-Signature-256", "sha256=68449c869dd4aa04ee3f77c043a6df9f886836c55bfbb6665cb7e26c2e40b2a8")
	answer, err := http.DefaultClient.Do(signed)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusAccepted {
		t.Fatalf("answered %d", answer.StatusCode)
	}

	got := scrapeUntil(t, p, counters, "barb_answer_duration_seconds", 3)
	for _, want := range []struct {
		name   string
		labels []string
		value  float64
		kind   dto.MetricType
	}{
		{"barb_webhooks_received_total", []string{"scheme", "github", "verdict", "invalid"}, 2, dto.MetricType_COUNTER},
		{"barb_webhooks_received_total", []string{"scheme", "github", "verdict", "valid"}, 1, dto.MetricType_COUNTER},
		{"barb_webhooks_answered_total", []string{"code", "401"}, 2, dto.MetricType_COUNTER},
		{"barb_webhooks_answered_total", []string{"code", "202"}, 1, dto.MetricType_COUNTER},
		{"barb_forward_total", []string{"code", "202", "error", ""}, 1, dto.MetricType_COUNTER},
		{"barb_forward_duration_seconds", nil, 1, dto.MetricType_HISTOGRAM},
		{"barb_answer_duration_seconds", nil, 3, dto.MetricType_HISTOGRAM},
		{"barb_duplicates_total", nil, 0, dto.MetricType_COUNTER},
		{"barb_queue_depth", nil, 0, dto.MetricType_GAUGE},
		{"barb_dead_letters", nil, 0, dto.MetricType_GAUGE},
		{"barb_signatures_total", []string{"verdict", "invalid"}, 2, dto.MetricType_COUNTER},
		{"barb_signatures_total", []string{"verdict", "valid"}, 1, dto.MetricType_COUNTER},
		{"barb_attempts_total", []string{"retry", "false"}, 1, dto.MetricType_COUNTER},
		{"barb_attempts_total", []string{"retry", "true"}, 0, dto.MetricType_COUNTER},
		{"barb_attempt_duration_seconds", nil, 1, dto.MetricType_HISTOGRAM},
		{"barb_deliveries_total", []string{"outcome", "delivered"}, 1, dto.MetricType_COUNTER},
		{"barb_deliveries_total", []string{"outcome", "exhausted"}, 0, dto.MetricType_COUNTER},
		{"barb_build_info", nil, 1, dto.MetricType_GAUGE},
	} {
		f := got[want.name]
		if f == nil || f.GetType() != want.kind || value(f, want.labels...) != want.value {
			t.Errorf("%s %v: got %v, want %v", want.name, want.labels, f, want.value)
		}
	}
	if n := value(got["barb_store_commit_seconds"]); n < 3 {
		t.Errorf("%v commits", n)
	}
}

// What an app does not take is retried, given up and a dead letter, in the counters as in the queue.
func TestTheQueueShowsInTheMetrics(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer app.Close()
	p := start(t, `exec barb listen --addr 127.0.0.1:0 --metrics :0 --mode ack --retries 2 --base 1ms --forward-to `+
		app.URL+
		` --json --jq 'select(.event=="listening") | .url + " " + .metrics_url'`)
	url, counters, _ := strings.Cut(p.url, " ")
	if status := post(t, url); status != http.StatusOK {
		t.Fatalf("answered %d", status)
	}
	got := scrapeUntil(t, p, counters, "barb_dead_letters", 1)
	for name, want := range map[string]float64{"barb_queue_depth": 0, "barb_dead_letters": 1,
		"barb_attempt_duration_seconds": 3} {
		if n := value(got[name]); n != want {
			t.Errorf("%s is %v, want %v", name, n, want)
		}
	}
	if n := value(got["barb_attempts_total"], "retry", "true"); n != 2 {
		t.Errorf("%v retries", n)
	}
	if n := value(got["barb_deliveries_total"], "outcome", "exhausted"); n != 1 {
		t.Errorf("%v exhausted", n)
	}
}

func TestTheWorkerCountsTheSame(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer app.Close()
	p := start(t, `barb send `+app.URL+
		` -d '{}' --queue --retries 2 --base 1ms >/dev/null && exec barb deliver --metrics 127.0.0.1:0 2>&1`)
	url, ok := strings.CutPrefix(p.url, "barb: metrics at ")
	if !ok {
		t.Fatalf("it begins with %q", p.url)
	}
	got := scrapeUntil(t, p, url, "barb_dead_letters", 1)
	if n := value(got["barb_attempts_total"], "retry", "true"); n != 2 {
		t.Errorf("%v retries", n)
	}
	if n := value(got["barb_deliveries_total"], "outcome", "exhausted"); n != 1 {
		t.Errorf("%v exhausted", n)
	}
}
