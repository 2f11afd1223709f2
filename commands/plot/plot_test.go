package plot_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/barbhq/barb/commands/plot"
)

func TestAPlotKeepsItsWidthAndHidesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		values := rapid.SliceOfN(rapid.Int64Range(0, 1_000_000), 1, 300).Draw(r, "values")
		width, height := rapid.IntRange(1, 200).Draw(r, "width"), rapid.IntRange(1, 8).Draw(r, "height")
		lines := plot.Columns(values, width, height)
		if len(lines) != height {
			r.Fatalf("%d lines", len(lines))
		}
		last := []rune(lines[height-1])
		if n := len(last); n > width || len(values) <= width && n != len(values) {
			r.Fatalf("%d values in %d columns are %d", len(values), width, n)
		}
		for i, v := range values {
			if len(values) <= width && (v > 0) == (last[i] == ' ') {
				r.Fatalf("%d is %q", v, last[i])
			}
		}
	})
}

func TestBarsBeginBelowEachOther(t *testing.T) {
	t.Parallel()
	got := plot.Bars([]plot.Row{{"≤ 1ms", 8}, {"≤ 10ms", 0}, {"≤ 100ms", 100}, {"≤ 1s", 1}}, 30)
	want := []string{
		"  ≤ 1ms    8  █▍",
		" ≤ 10ms    0",
		"≤ 100ms  100  ████████████████",
		"   ≤ 1s    1  ▎",
	}
	for _, line := range got {
		if utf8.RuneCountInString(line) > 30 {
			t.Errorf("%q is wider than 30", line)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("\n%s", strings.Join(got, "\n"))
	}
}

func TestLatenciesAreInSteps(t *testing.T) {
	t.Parallel()
	var l plot.Latencies
	for _, d := range []time.Duration{0, 900 * time.Microsecond, time.Millisecond, 4 * time.Millisecond} {
		l.Add(d, 1)
	}
	var got []string
	for _, row := range l.Rows(time.Duration.String) {
		got = append(got, row.Name)
	}
	if want := []string{"≤ 100µs", "≤ 200µs", "≤ 500µs", "≤ 1ms", "≤ 2ms", "≤ 5ms"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestARateCountsEverythingInFewSteps(t *testing.T) {
	t.Parallel()
	var r plot.Rate
	begin := time.Date(2026, 1, 20, 12, 0, 0, 0, time.UTC)
	for i := range 10_000 {
		r.Add(begin.Add(time.Duration(i*7919%10_000) * time.Minute))
	}
	values, step, first, last := r.Values()
	sum := int64(0)
	for _, v := range values {
		sum += v
	}
	if sum != 10_000 || len(values) > 1024 || last.Sub(first) > 10_100*time.Minute || step < time.Minute {
		t.Errorf("%d in %d steps of %s from %s to %s", sum, len(values), step, first, last)
	}
}

func TestATimelineIsToScale(t *testing.T) {
	t.Parallel()
	ms := func(all ...int) (out []time.Duration) {
		for _, n := range all {
			out = append(out, time.Duration(n)*time.Millisecond)
		}
		return out
	}
	spans, length := plot.Timeline(ms(0, 60), ms(20, 40))
	got := plot.DrawTimeline(spans, length, []string{"1", "22"}, []string{"20ms", "after 40ms"}, 37)
	want := []string{" 1  ████                   20ms", "22      ········████████   after 40ms"}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	spans, length = plot.Timeline(ms(0, 3_600_000, 3_600_100), ms(20, 40, 10))
	if spans[1].Cut == 0 || length > time.Second {
		t.Errorf("a wait of an hour beside 60 ms makes a scale of %v", length)
	}
	lines := plot.DrawTimeline(spans, length, []string{"1", "2", "3"}, []string{"", "", ""}, 60)
	if !strings.Contains(lines[1], "· ·") {
		t.Errorf("%q does not show that its wait was cut short", lines[1])
	}
	if spans, length = plot.Timeline(ms(0, 0), ms(0, 0)); length <= 0 || spans[1].Cut != 0 {
		t.Errorf("nothing took any time: %v of %v", spans, length)
	}
}
