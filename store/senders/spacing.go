package senders

import (
	"slices"
	"time"
)

// Spacing is how the gaps between attempts develop.
type Spacing string

// The kinds of spacing. Two gaps do not tell what three would: they grow, or they do not.
const (
	NoSpacing   Spacing = ""
	Constant    Spacing = "constant"
	Linear      Spacing = "linear"
	Exponential Spacing = "exponential"
	Growing     Spacing = "growing"
	Irregular   Spacing = "irregular"
)

// noise is by how much gaps differ that were meant to be alike, whatever their size.
const noise = 40 * time.Millisecond

// alike reports whether two gaps differ by no more than so many percent, or by noise.
func alike(a, b time.Duration, percent int) bool {
	return max(a-b, b-a) <= max(max(a, b)*time.Duration(percent)/100, noise)
}

// spacingOf says how gaps develop; it takes two to say anything.
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

// curve tells linear from exponential growth of the gaps, by which of the two predicts each gap better.
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

// jitter is whether a sender spreads its attempts: the same gap of several deliveries differs, or the gaps of one are
// in no order at all.
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
