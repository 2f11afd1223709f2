//go:build unix

package monitoring

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/VictoriaMetrics/metricsql"
	dto "github.com/prometheus/client_model/go"
	"go.yaml.in/yaml/v3"
)

// served is every series of a listener that has received, as a sample's name and its labels.
func served(t *testing.T) (p *process, series []map[string]string) {
	t.Helper()
	p = start(t,
		`exec barb listen -s github --secret barb_test_secret_0123456789abcdef --addr 127.0.0.1:0 --metrics :0 `+
			`--json --jq 'select(.event=="listening") | .url + " " + .metrics_url'`)
	url, counters, _ := strings.Cut(p.url, " ")
	if status := post(t, url); status != http.StatusUnauthorized {
		t.Fatalf("answered %d", status)
	}
	for name, family := range scrapeUntil(t, p, counters, "barb_answer_duration_seconds", 1) {
		names := []string{name}
		if family.GetType() == dto.MetricType_HISTOGRAM {
			names = []string{name + "_bucket", name + "_sum", name + "_count"}
		}
		for _, name := range names {
			for _, m := range family.GetMetric() {
				labels := map[string]string{"__name__": name, "job": "barb", "le": "10"}
				for _, l := range m.GetLabel() {
					labels[l.GetName()] = l.GetValue()
				}
				series = append(series, labels)
			}
		}
	}
	return p, series
}

// selectors are the sets of label filters of an expression of Prometheus.
func selectors(t *testing.T, expr string) (all [][]metricsql.LabelFilter) {
	t.Helper()
	expr = strings.NewReplacer("$__rate_interval", "5m", "$job", ".*").Replace(expr)
	parsed, err := metricsql.Parse(expr)
	if err != nil {
		t.Errorf("%s: %v", expr, err)
		return nil
	}
	metricsql.VisitAll(parsed, func(e metricsql.Expr) {
		if m, ok := e.(*metricsql.MetricExpr); ok {
			all = append(all, m.LabelFilterss...)
		}
	})
	return all
}

// mustSelect fails for a selector that finds nothing among the series: a misspelled metric, label or value.
func mustSelect(t *testing.T, series []map[string]string, where, expr string) {
	t.Helper()
	found := selectors(t, expr)
	if len(found) == 0 {
		t.Errorf("%s: %q selects no metric", where, expr)
	}
	for _, filters := range found {
		if !slices.ContainsFunc(series, func(labels map[string]string) bool {
			return !slices.ContainsFunc(filters, func(f metricsql.LabelFilter) bool {
				value, there := labels[f.Label]
				return !there || !f.IsRegexp && value != f.Value
			})
		}) {
			t.Errorf("%s: nothing that barb serves is selected by %v", where, filters)
		}
	}
}

type alertRules struct {
	Groups []struct {
		Name  string
		Rules []struct {
			Alert, Expr         string
			Labels, Annotations map[string]string
		}
	}
}

func TestTheAlertRulesAreThoseOfTheSixFigures(t *testing.T) {
	data, err := os.ReadFile("../../docs/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	var rules alertRules
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&rules); err != nil {
		t.Fatal(err)
	}
	p, series := served(t)
	thresholds := defaultThresholds(t, p)
	for _, group := range rules.Groups {
		for _, rule := range group.Rules {
			mustSelect(t, series, rule.Alert, rule.Expr)
			name := rule.Labels["figure"]
			if got, want := thresholdOf(t, rule.Expr), thresholds[name]; got != want {
				t.Errorf("%s fires at %q, barb stats --check at %q", rule.Alert, got, want)
			}
			if rule.Annotations["summary"] == "" || rule.Annotations["description"] == "" {
				t.Errorf("%s does not say what it is about", rule.Alert)
			}
			delete(thresholds, name)
		}
	}
	if len(thresholds) > 0 {
		t.Errorf("there is no rule for %v", slices.Collect(maps.Keys(thresholds)))
	}
}

// defaultThresholds are what barb stats takes for a breach, by figure: "< 0.95 of 20".
func defaultThresholds(t *testing.T, p *process) map[string]string {
	t.Helper()
	cmd := exec.Command("bash", "-c", "barb stats --check --json")
	cmd.Env, cmd.Dir = p.cmd.Env, p.cmd.Dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	thresholds := map[string]string{}
	for line := range strings.Lines(string(out)) {
		var f struct {
			Figure, Unit string
			Threshold    float64
			Samples      *int
		}
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatal(err)
		}
		sign := "> "
		if f.Figure == "success_rate" {
			sign = "< "
		}
		if f.Unit == "ms" { // Prometheus counts in seconds
			f.Threshold /= 1000
		}
		thresholds[f.Figure] = sign + strconv.FormatFloat(f.Threshold, 'g', -1, 64)
		if f.Samples != nil {
			thresholds[f.Figure] += " of 20"
		}
	}
	return thresholds
}

// thresholdOf is at what an expression fires, in the same form.
func thresholdOf(t *testing.T, expr string) (text string) {
	t.Helper()
	parsed, err := metricsql.Parse(expr)
	if err != nil {
		t.Fatal(err)
	}
	of := ""
	metricsql.VisitAll(parsed, func(e metricsql.Expr) {
		op, ok := e.(*metricsql.BinaryOpExpr)
		if !ok {
			return
		}
		number := string(op.Right.AppendString(nil))
		switch op.Op {
		case "<", ">":
			text = op.Op + " " + number
		case ">=":
			of = " of " + number
		}
	})
	return text + of
}

func TestTheDashboardShowsWhatIsServed(t *testing.T) {
	data, err := os.ReadFile("../../docs/grafana-dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			ID                       int
			Type, Title, Description string
			Targets                  []struct{ Expr string }
		}
		Templating struct {
			List []struct{ Name, Definition string }
		}
	}
	if err := json.Unmarshal(data, &dashboard); err != nil {
		t.Fatal(err)
	}
	_, series := served(t)
	ids, figures, kinds := map[int]bool{}, []string{}, map[string]bool{}
	for _, panel := range dashboard.Panels {
		if ids[panel.ID] {
			t.Errorf("two panels have the id %d", panel.ID)
		}
		ids[panel.ID], kinds[panel.Type] = true, true
		if figure, _, ok := strings.Cut(panel.Description, ": "); ok && panel.Type == "stat" {
			figures = append(figures, figure)
		}
		for _, target := range panel.Targets {
			mustSelect(t, series, panel.Title, target.Expr)
		}
	}
	if want := []string{"success_rate", "p99_latency", "queue_depth", "signature_failures", "retry_rate",
		"dead_letters"}; !slices.Equal(figures, want) {
		t.Errorf("the first row shows %v, want %v", figures, want)
	}
	if !kinds["heatmap"] {
		t.Error("there is no heatmap")
	}
	for _, v := range dashboard.Templating.List {
		if name, _, ok := strings.Cut(strings.TrimPrefix(v.Definition, "label_values("), ","); ok {
			mustSelect(t, series, v.Name, name)
		}
	}
}

func TestTheFiguresOfTheDocumentAreServed(t *testing.T) {
	data, err := os.ReadFile("../../docs/monitoring.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(data), "| metric |")
	section, _, _ = strings.Cut(section, "\n\n")
	_, series := served(t)
	names := map[string]bool{}
	for _, labels := range series {
		names[strings.TrimSuffix(labels["__name__"], "_bucket")] = true
	}
	n := 0
	for _, name := range regexp.MustCompile("`(barb_[a-z_]+)").FindAllStringSubmatch(section, -1) {
		if n++; !names[name[1]] {
			t.Errorf("%s is not served", name[1])
		}
	}
	if n != 6 {
		t.Errorf("the document has %d metrics of the six figures", n)
	}
}
