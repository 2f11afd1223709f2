package script

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/units"
)

// Random decides what is left to chance. The same seed decides the same for the same webhook, however many arrive at
// once: there is no state.
type Random struct{ Seed uint64 }

// Purpose is what a number is drawn for. Numbers for different purposes do not depend on each other.
type Purpose uint8

// The purposes of a drawn number.
const (
	ForFailure Purpose = iota // whether a webhook fails
	ForLatency                // how long all answers take
	ForDelay                  // how long a scripted answer takes
)

// Draw returns a number from [0, 1) for webhook n.
func (r Random) Draw(n int64, of Purpose) float64 {
	return rand.New(rand.NewPCG(r.Seed, uint64(n)<<8|uint64(of))).Float64()
}

// Span is a range of durations, from Min to Max. They are equal where nothing is left to chance.
type Span struct{ Min, Max time.Duration }

// ParseSpan reads "3s" or "50ms..2s", at most listen.MaxWait.
func ParseSpan(s string) (Span, error) {
	from, to, ranged := strings.Cut(s, "..")
	if !ranged {
		to = from
	}
	var ends [2]time.Duration
	for i, text := range []string{from, to} {
		d, err := units.ParseDuration(text)
		switch {
		case err != nil:
			return Span{}, fmt.Errorf("%q is not a time such as 200ms, 3s or 50ms..2s", s)
		case d > listen.MaxWait:
			return Span{}, fmt.Errorf("%s is longer than 10m", text)
		}
		ends[i] = d
	}
	if ends[1] < ends[0] {
		return Span{}, fmt.Errorf("%q ends before it begins", s)
	}
	return Span{Min: ends[0], Max: ends[1]}, nil
}

// String returns s as ParseSpan reads it.
func (s Span) String() string {
	if s.Min == s.Max {
		return s.Min.String()
	}
	return s.Min.String() + ".." + s.Max.String()
}

// At returns the duration that a drawn number from [0, 1) chooses.
func (s Span) At(drawn float64) time.Duration {
	return s.Min + time.Duration(drawn*float64(s.Max-s.Min))
}
