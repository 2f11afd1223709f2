package senders

import (
	"slices"
	"time"
)

// Spacing is the development of the gaps between attempts.
type Spacing string

// The kinds of spacing. Two gaps show only whether they grow.
const (
	NoSpacing   Spacing = ""
	Constant    Spacing = "constant"
	Linear      Spacing = "linear"
	Exponential Spacing = "exponential"
	Growing     Spacing = "growing"
	Irregular   Spacing = "irregular"
)

// noise is the greatest difference of gaps that were meant to be equal, whatever their size.
const noise = 40 * time.Millisecond

// alike reports whether two gaps differ by at most that many percent, or by noise.
func alike(a, b time.Duration, percent int) bool {
	return max(a-b, b-a) <= max(max(a, b)*time.Duration(percent)/100, noise)
}

// spacingOf returns the spacing of at least two gaps.
func spacingOf(gaps []time.Duration) Spacing {
	if len(gaps) < 2 {
		return NoSpacing
	}
	if alike(slices.Min(gaps), slices.Max(gaps), 10) {
		return Constant
	}
	if !slices.IsSorted(gaps) {
		return Irregular
	}
	if len(gaps) == 2 {
		return Growing
	}
	return curve(gaps)
}

// curve distinguishes linear from exponential growth by the better prediction of each gap.
func curve(gaps []time.Duration) Spacing {
	linear, exponential := true, true
	for i := 2; i < len(gaps); i++ {
		before, last, gap := gaps[i-2], gaps[i-1], gaps[i]
		linear = linear && alike(gap, 2*last-before, 12)
		exponential = exponential && before > 0 && alike(gap, time.Duration(float64(last)*float64(last)/float64(before)), 25)
	}
	switch {
	case linear:
		return Linear
	case exponential:
		return Exponential
	}
	return Growing
}

// jitter reports whether a sender varies its waits: the same gap differs between deliveries, or the gaps of one
// delivery have no order.
func jitter(all []*Delivery) Finding {
	result := Unknown
	for i := 0; ; i++ {
		var same []time.Duration // the gap after attempt i+1
		for _, d := range all {
			if i < len(d.Gaps) && d.Gaps[i] >= 0 && d.Attempts[i].RetryAfter == 0 && d.Attempts[i].retryable() {
				same = append(same, d.Gaps[i])
			}
		}
		if len(same) == 0 {
			break
		}
		if len(same) > 1 {
			spread := !alike(slices.Min(same), slices.Max(same), 5)
			if spread {
				return Yes
			}
			result = No
		}
	}
	if result != Unknown {
		return result
	}
	for _, d := range all {
		switch d.Spacing {
		case Irregular:
			return Yes
		case Constant, Linear:
			result = No
		}
	}
	return result
}
