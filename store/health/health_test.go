package health_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/health"
)

func limits() health.Limits {
	return health.Limits{MinSamples: 20, MinSuccess: .95, MaxP99: 10 * time.Second, MaxQueue: 100, MaxDeadLetters: 0,
		MaxSignatureFailures: .01, MaxRetryRate: .2}
}

func text(r health.Report) string {
	var lines []string
	for _, f := range r.Figures {
		line := f.Name + " –"
		if f.Value != nil {
			line = fmt.Sprintf("%s %g", f.Name, *f.Value)
		}
		if f.Samples != nil {
			line += fmt.Sprintf(" of %d %s", *f.Samples, f.Of)
		}
		lines = append(lines, fmt.Sprintf("%s %s %s", line, f.Unit, f.State))
	}
	return strings.Join(lines, "\n")
}

func TestEveryFigureIsJudgedByItsLimit(t *testing.T) {
	for _, c := range []struct {
		name string
		got  store.Figures
		want string
	}{
		{"nothing happened", store.Figures{}, `success_rate – of 0 delivery ratio few
p99_latency – of 0 attempt ms few
queue_depth 0 count ok
signature_failures – of 0 signature ratio few
retry_rate – of 0 attempt ratio few
dead_letters 0 count ok`},
		{"one sample short of a judgement", store.Figures{Attempts: 19, Retries: 19, P99: time.Minute, Exhausted: 19,
			Checked: 19, Invalid: 19},
			`success_rate 0 of 19 delivery ratio few
p99_latency 60000 of 19 attempt ms few
queue_depth 0 count ok
signature_failures 1 of 19 signature ratio few
retry_rate 1 of 19 attempt ratio few
dead_letters 0 count ok`},
		{"all at their limits", store.Figures{Attempts: 100, Retries: 20, P99: 10 * time.Second, Delivered: 95, Exhausted: 5,
			Checked: 100, Invalid: 1, Waiting: 100},
			`success_rate 0.95 of 100 delivery ratio ok
p99_latency 10000 of 100 attempt ms ok
queue_depth 100 count ok
signature_failures 0.01 of 100 signature ratio ok
retry_rate 0.2 of 100 attempt ratio ok
dead_letters 0 count ok`},
		{"all beyond their limits", store.Figures{Attempts: 100, Retries: 21, P99: 10001 * time.Millisecond, Delivered: 94,
			Exhausted: 6, Checked: 100, Invalid: 2, Waiting: 101, Dead: 1},
			`success_rate 0.94 of 100 delivery ratio breach
p99_latency 10001 of 100 attempt ms breach
queue_depth 101 count breach
signature_failures 0.02 of 100 signature ratio breach
retry_rate 0.21 of 100 attempt ratio breach
dead_letters 1 count breach`},
	} {
		if got := text(limits().Judge(c.got, time.Minute)); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

func TestAReportNamesTheFiguresInAState(t *testing.T) {
	r := limits().Judge(store.Figures{Waiting: 101, Dead: 3}, time.Hour)
	names := func(state health.State) (all string) {
		for _, f := range r.In(state) {
			all += f.Name + " "
		}
		return all
	}
	if r.Over != time.Hour || names(health.Breach) != "queue_depth dead_letters " || names(health.OK) != "" ||
		names(health.Few) != "success_rate p99_latency signature_failures retry_rate " {
		t.Errorf("over %s, breach %s, ok %s, few %s", r.Over, names(health.Breach), names(health.OK), names(health.Few))
	}
}
