package batch

import (
	"math"
	"math/bits"
	"math/rand/v2"
)

// Order says which message is sent at which place of a run. Places are computed, so an order takes no memory however
// many there are, and a resumed run has the same places.
type Order struct {
	messages int64    // without repetitions; 0: no end
	again    int64    // so many of a million are sent a second time, right behind the first
	shuffled *shuffle // nil: in the order of their numbers
}

const million = 1_000_000

// NewOrder returns the order of so many messages, 0 for an order without an end. The part again, from 0 to 1, of them
// has a second place right behind the first.
func NewOrder(messages int64, again float64) Order {
	return Order{messages: messages, again: int64(math.Round(again * million))}
}

// Shuffle returns the order with its places shuffled, always in the same way for a seed. An order without an end
// stays as it is.
func (o Order) Shuffle(seed uint64) Order {
	if o.messages > 0 {
		o.shuffled = newShuffle(o.places(), seed)
	}
	return o
}

// places returns how many places there are; 0: no end.
func (o Order) places() int64 { return o.messages + o.before(o.messages) }

// before returns how many of the first n messages have a second place.
func (o Order) before(n int64) int64 {
	high, low := bits.Mul64(uint64(n), uint64(o.again))
	q, _ := bits.Div64(high, low, million)
	return int64(q)
}

// at returns the message at a place, from 0.
func (o Order) at(place int64) int64 {
	if o.shuffled != nil {
		place = o.shuffled.at(place)
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
	return n
}

// shuffle is a permutation of the numbers below n that needs no table: a Feistel network over the next power of four,
// which is applied until the result is below n.
type shuffle struct {
	n    uint64
	half int
	keys [4]uint64
}

func newShuffle(n int64, seed uint64) *shuffle {
	m := &shuffle{n: uint64(n), half: (bits.Len64(uint64(n)) + 1) / 2}
	source := rand.NewPCG(seed, million)
	for i := range m.keys {
		m.keys[i] = source.Uint64()
	}
	return m
}

func (m *shuffle) at(place int64) int64 {
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

func (m *shuffle) round(p uint64) uint64 {
	mask := uint64(1)<<m.half - 1
	left, right := p>>m.half, p&mask
	for _, key := range m.keys {
		left, right = right, left^(scatter(right^key)&mask)
	}
	return left<<m.half | right
}

// scatter mixes the bits of a number as the finisher of SplitMix64 does (Steele, Lea, Flood: Fast Splittable
// Pseudorandom Number Generators, 2014).
func scatter(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
