package listen

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Dice decides what is left to chance. The same seed decides the same for the same hook, whatever happens to the others
// meanwhile: no state is shared.
type Dice struct{ Seed uint64 }

// Throw is what is decided: each has a chance of its own.
type Throw uint8

// The things left to chance.
const (
	ThrowFail    Throw = iota // whether a hook fails
	ThrowLatency              // how long all answers take
	ThrowDelay                // how long a scripted one takes
)

// Roll is a number from [0, 1) for hook n.
func (d Dice) Roll(n int64, of Throw) float64 {
	return rand.New(rand.NewPCG(d.Seed, uint64(n)<<8|uint64(of))).Float64()
}

// Span is a time, or any between two.
type Span struct{ Min, Max time.Duration }

// ParseSpan reads "3s" or "50ms..2s", at most MaxWait.
func ParseSpan(s string) (Span, error) {
	from, to, ranged := strings.Cut(s, "..")
	if !ranged {
		to = from
	}
	span := Span{}
	for _, end := range []struct {
		text string
		d    *time.Duration
	}{{from, &span.Min}, {to, &span.Max}} {
		d, err := time.ParseDuration(end.text)
		switch {
		case err != nil || d < 0:
			return Span{}, fmt.Errorf("%q is not a time such as 200ms, 3s or 50ms..2s", s)
		case d > MaxWait:
			return Span{}, fmt.Errorf("%s is longer than %s", end.text, "10m")
		}
		*end.d = d
	}
	if span.Max < span.Min {
		return Span{}, fmt.Errorf("%q ends before it begins", s)
	}
	return span, nil
}

// String is what ParseSpan reads.
func (s Span) String() string {
	if s.Min == s.Max {
		return s.Min.String()
	}
	return s.Min.String() + ".." + s.Max.String()
}

// At is the time that a roll from [0, 1) chooses.
func (s Span) At(roll float64) time.Duration {
	return s.Min + time.Duration(roll*float64(s.Max-s.Min))
}
