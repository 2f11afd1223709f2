package commands

import (
	"math"
	"math/bits"
	"math/rand/v2"

	"github.com/barbhq/barb/commands/flags"
)

// order says which message is sent at which place of a run. It is worked out, not kept: however many there are, it takes
// no memory, and a run that goes on finds everything where it was.
type order struct {
	messages int64 // without those that are sent again; 0: no end
	again    int64 // so many of a million are sent again, right behind
	mixed    *mixer
}

const million = 1_000_000

func newOrder(messages int64, again flags.Percent, shuffle bool, seed uint64) order {
	o := order{messages: messages, again: int64(math.Round(float64(again) * million))}
	if shuffle && messages > 0 {
		o.mixed = newMixer(o.places(), seed)
	}
	return o
}

// places is how many there are in all; 0: no end.
func (o order) places() int64 { return o.messages + o.before(o.messages) }

// before is how many of the first n messages are sent again.
func (o order) before(n int64) int64 {
	high, low := bits.Mul64(uint64(n), uint64(o.again))
	q, _ := bits.Div64(high, low, million)
	return int64(q)
}

// at is the message at a place, and whether it is sent again there.
func (o order) at(place int64) (message int64, again bool) {
	if o.mixed != nil {
		place = o.mixed.at(place)
	}
	high, low := bits.Mul64(uint64(place), million)
	q, _ := bits.Div64(high, low, uint64(million+o.again))
	n := int64(q)
	for n+1+o.before(n+1) <= place {
		n++
	}
	for n > 0 && n+o.before(n) > place {
		n--
	}
	return n, place > n+o.before(n)
}

// mixer is a permutation of the numbers below n: a Feistel network over the next power of four, walked until it comes out
// below n. It needs no table.
type mixer struct {
	n    uint64
	half int
	keys [4]uint64
}

func newMixer(n int64, seed uint64) *mixer {
	m := &mixer{n: uint64(n), half: (bits.Len64(uint64(n)) + 1) / 2}
	source := rand.NewPCG(seed, million)
	for i := range m.keys {
		m.keys[i] = source.Uint64()
	}
	return m
}

func (m *mixer) at(place int64) int64 {
	if m.n < 2 {
		return place
	}
	p := uint64(place)
	for {
		if p = m.round(p); p < m.n {
			return int64(p)
		}
	}
}

func (m *mixer) round(p uint64) uint64 {
	mask := uint64(1)<<m.half - 1
	left, right := p>>m.half, p&mask
	for _, key := range m.keys {
		left, right = right, left^(scatter(right^key)&mask)
	}
	return left<<m.half | right
}

// scatter is the finisher of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
func scatter(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
