package ui

import (
	"testing"
	"time"

	"github.com/barbhq/barb/deliver/batch"
)

func TestProgressSaysWhatFits(t *testing.T) {
	t.Parallel()
	whole := batch.Progress{Done: 250, Total: 1000, Failed: 2, P99: 41 * time.Millisecond}
	for _, c := range []struct {
		p       batch.Progress
		rate    float64
		columns int
		want    string
	}{
		{whole, 50, 80, "[#####---------------]  250/1000  50/s  2 failed  p99 41ms  ETA 15s"},
		{whole, 50, 60, "250/1000  50/s  2 failed  p99 41ms  ETA 15s"},
		{whole, 0, 80, "[#####---------------]  250/1000  0/s  2 failed  p99 41ms"},
		{batch.Progress{Done: 1000, Total: 1000}, 1234.5, 80, "[####################]  1000/1000  1234/s  0 failed"},
		{batch.Progress{Done: 7}, 0.5, 80, "7 sent  0.5/s  0 failed"},
		{batch.Progress{Total: 1 << 60}, 0.001, 80, "[--------------------]  0/1152921504606846976  0/s  0 failed"},
	} {
		if got := progressText(c.p, c.rate, c.columns); got != c.want {
			t.Errorf("%+v at %v/s:\n%s\n%s", c.p, c.rate, got, c.want)
		}
	}
}

func TestMeterFollowsARateThatChanges(t *testing.T) {
	t.Parallel()
	m := Meter{}
	at := time.Unix(1e9, 0)
	for i := range int64(40) {
		m.measure(i*100, at.Add(time.Duration(i)*time.Second))
	}
	if m.rate < 99 || m.rate > 101 {
		t.Errorf("100/s is taken for %v/s", m.rate)
	}
	for i := range int64(20) {
		m.measure(4000, at.Add(time.Duration(40+i)*time.Second))
	}
	if m.rate > 1 {
		t.Errorf("20 s of nothing are taken for %v/s", m.rate)
	}
}
