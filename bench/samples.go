package main

import "slices"

// samples are the measurements of one thing, one a round.
type samples []float64

func (s *samples) add(v float64) { *s = append(*s, v) }

// median is 0 when there are none.
func (s samples) median() float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// to is the median of the ratios of the rounds. Two measurements of one round were taken within seconds of each other,
// so what else the machine does weighs on both and cancels out, as it would not in a ratio of two medians.
func (s samples) to(other samples) float64 {
	var ratios samples
	for i := range min(len(s), len(other)) {
		if other[i] > 0 {
			ratios.add(s[i] / other[i])
		}
	}
	return ratios.median()
}
