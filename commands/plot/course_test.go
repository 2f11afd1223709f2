package plot_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/barbhq/barb/commands/plot"
)

type count struct{ n int }

func newCourse() plot.Course[count] {
	return plot.Course[count]{Merge: func(into, from *count) { into.n += from.n }}
}

func numbers(steps []*count) (all []int) {
	for _, s := range steps {
		if s == nil {
			all = append(all, -1)
		} else {
			all = append(all, s.n)
		}
	}
	return all
}

func TestACourseHasAStepForEachTimeAndGapsBetween(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 1, 20, 12, 0, 0, 0, time.UTC)
	c := newCourse()
	for _, second := range []int{7, 0, 0, 3} { // in any order
		c.At(noon.Add(time.Duration(second)*time.Second)).n++
	}
	steps, each, from := c.Steps(80)
	want := []int{2, -1, -1, 1, -1, -1, -1, 1}
	if got := numbers(steps); !slices.Equal(got, want) || each != time.Second || !from.Equal(noon) {
		t.Errorf("%v in steps of %s from %s", got, each, from)
	}
	if got, each, _ := c.Steps(3); !slices.Equal(numbers(got), []int{2, 1, 1}) || each != 3*time.Second {
		t.Errorf("in three steps: %v of %s", numbers(got), each)
	}
	empty := newCourse()
	if steps, _, _ := empty.Steps(9); steps != nil {
		t.Error(steps)
	}
}

func TestACourseLosesNothingHoweverLongItIs(t *testing.T) {
	t.Parallel()
	c, begun := newCourse(), time.Date(1969, 12, 31, 23, 0, 0, 0, time.UTC) // before and after 1970
	const many, apart = 5000, 7 * time.Minute
	for i := range many {
		c.At(begun.Add(time.Duration(i)*apart)).n++
	}
	for _, most := range []int{1000, 47, 1} {
		steps, each, from := c.Steps(most)
		sum := 0
		for _, n := range numbers(steps) {
			sum += max(n, 0)
		}
		to := from.Add(time.Duration(len(steps)) * each)
		if len(steps) > most || sum != many || from.After(begun) || to.Before(begun.Add((many-1)*apart)) {
			t.Errorf("%d steps have %d of %d, from %s to %s", len(steps), sum, many, from, to)
		}
	}
}

func TestAPercentileIsAtMostATenthTooHigh(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var s, left, right plot.Spread
	if s.Percentile(95) != 0 || !s.Empty() {
		t.Error("of nothing")
	}
	var all []time.Duration
	for i := range 3000 {
		d := time.Duration(random.ExpFloat64() * float64(20*time.Millisecond))
		all = append(all, d)
		s.Add(d)
		[]*plot.Spread{&left, &right}[i%2].Add(d)
	}
	left.Merge(&right)
	slices.Sort(all)
	for _, percent := range []int64{1, 50, 95, 99, 100} {
		exact := all[(int64(len(all))*percent+99)/100-1]
		got := s.Percentile(percent)
		if got < exact || got > exact*11/10+1 || got != left.Percentile(percent) {
			t.Errorf("p%d is %s, %s when merged, and exactly %s", percent, got, left.Percentile(percent), exact)
		}
	}
	var one plot.Spread
	one.Add(2 * time.Millisecond)
	if got := one.Percentile(95); got != 2*time.Millisecond {
		t.Errorf("of one time: %s", got)
	}
}

func TestATrendDrawsItsLowestValueAndLeavesGapsOpen(t *testing.T) {
	t.Parallel()
	got := plot.Trends([]plot.Trend{
		{Name: "rate", Values: []float64{0, 7, plot.Gap, 14}, Note: "most 14"},
		{Name: "success", Values: []float64{.9, 1, plot.Gap, .95}, Bottom: .9, Note: "least 90 %"},
		{Name: "flat", Values: []float64{3, 3, 3, 3}, Bottom: 3}})
	want := []string{"rate     ▁▅ █  most 14", "success  ▁█ ▄  least 90 %", "flat     ▁▁▁▁"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if plot.TrendRoom(46, 14, 18) != 10 || plot.TrendRoom(20, 14, 18) != 4 {
		t.Error(plot.TrendRoom(46, 14, 18), plot.TrendRoom(20, 14, 18))
	}
}
