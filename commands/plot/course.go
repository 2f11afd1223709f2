package plot

import (
	"maps"
	"math"
	"slices"
	"time"
)

// mostMoments is how many steps of time a course keeps; with more, the steps become twice as long.
const mostMoments = 512

// Course keeps what happened in each step of time. It takes the same memory however much that was.
type Course[M any] struct {
	Merge func(into, from *M) // adds one step to another

	step        time.Duration
	moments     map[int64]*M
	first, last int64 // of moments
}

// At returns what happened in the step that a moment is in, to be added to.
func (c *Course[M]) At(at time.Time) *M {
	if c.moments == nil {
		c.moments, c.step = map[int64]*M{}, time.Second
		c.first, c.last = math.MaxInt64, math.MinInt64
	}
	i := floorDiv(at.UnixNano(), int64(c.step))
	for max(c.last, i)-min(c.first, i) >= mostMoments {
		c.widen()
		i >>= 1
	}
	c.first, c.last = min(c.first, i), max(c.last, i)
	if c.moments[i] == nil {
		c.moments[i] = new(M)
	}
	return c.moments[i]
}

func floorDiv(a, b int64) int64 {
	if a < 0 {
		return (a - b + 1) / b
	}
	return a / b
}

func (c *Course[M]) widen() {
	wider := map[int64]*M{}
	for i, m := range c.moments {
		if wider[i>>1] == nil {
			wider[i>>1] = m
		} else {
			c.Merge(wider[i>>1], m)
		}
	}
	c.moments, c.step, c.first, c.last = wider, 2*c.step, c.first>>1, c.last>>1
}

// Steps returns at most so many steps of equal length, nil for one without anything, with how long each is and when the
// first began.
func (c *Course[M]) Steps(most int) (steps []*M, each time.Duration, from time.Time) {
	if len(c.moments) == 0 {
		return nil, 0, from
	}
	wide := (c.last-c.first)/int64(max(most, 1)) + 1
	steps = make([]*M, (c.last-c.first)/wide+1)
	for i, m := range c.moments {
		at := (i - c.first) / wide
		if steps[at] == nil {
			steps[at] = new(M)
		}
		c.Merge(steps[at], m)
	}
	return steps, time.Duration(wide) * c.step, time.Unix(0, c.first*int64(c.step))
}

// Spread counts times so finely that a percentile is at most a tenth too high. The zero value has counted nothing.
type Spread struct {
	counts map[int]int64
	number int64
	most   time.Duration
}

// perDoubling is into how many steps the times up to the double of one are put.
const perDoubling = 8

// Add counts a time.
func (s *Spread) Add(d time.Duration) {
	if s.counts == nil {
		s.counts = map[int]int64{}
	}
	s.counts[int(math.Ceil(perDoubling*math.Log2(float64(max(d, 1)))))]++
	s.number++
	s.most = max(s.most, d)
}

// Empty reports whether nothing was counted.
func (s *Spread) Empty() bool { return s.number == 0 }

// Merge adds what another has counted.
func (s *Spread) Merge(from *Spread) {
	if s.counts == nil {
		s.counts = map[int]int64{}
	}
	for i, n := range from.counts {
		s.counts[i] += n
	}
	s.number += from.number
	s.most = max(s.most, from.most)
}

// Percentile returns the time that so many percent do not exceed; 0 where nothing was counted.
func (s *Spread) Percentile(percent int64) time.Duration {
	left := (s.number*percent + 99) / 100
	for _, i := range slices.Sorted(maps.Keys(s.counts)) {
		if left -= s.counts[i]; left <= 0 {
			return min(s.most, time.Duration(math.Exp2(float64(i)/perDoubling)))
		}
	}
	return s.most
}
