package batch

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// Every message has one place, and every repeated message two, in any order.
func TestAnOrderHasAPlaceForEachMessage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		messages := rapid.Int64Range(1, 3000).Draw(t, "messages")
		again := float64(rapid.IntRange(0, 1000).Draw(t, "again")) / 1000
		o := NewOrder(messages, again)
		if seed := rapid.Uint64().Draw(t, "seed"); rapid.Bool().Draw(t, "shuffle") {
			o = o.Shuffle(seed)
		}
		times := make([]int, messages)
		for place := range o.places() {
			times[o.at(place)]++
		}
		seconds := int64(0)
		for message, n := range times {
			if n != 1 && n != 2 {
				t.Fatalf("message %d has %d places", message, n)
			}
			seconds += int64(n - 1)
		}
		if want := int64(float64(messages)*again + 1e-6); seconds != want || o.places() != messages+want {
			t.Fatalf("%d are sent again, want %d; %d places", seconds, want, o.places())
		}
	})
}

func TestAnOrderIsTheSameForTheSameSeed(t *testing.T) {
	t.Parallel()
	one, same, other := NewOrder(1000, 0).Shuffle(7), NewOrder(1000, 0).Shuffle(7), NewOrder(1000, 0).Shuffle(8)
	differ, moved := 0, 0
	for place := range int64(1000) {
		a, b, c := one.at(place), same.at(place), other.at(place)
		if a != b {
			t.Fatalf("place %d: %d and %d", place, a, b)
		}
		if a != c {
			differ++
		}
		if a != place {
			moved++
		}
	}
	if differ < 990 || moved < 990 {
		t.Errorf("%d places differ from those of another seed, %d from no shuffle", differ, moved)
	}
}

// An order without an end has the places that an order with one has, and cannot be shuffled.
func TestAnOrderMayHaveNoEnd(t *testing.T) {
	t.Parallel()
	o := NewOrder(0, 0.5).Shuffle(3)
	var got []int64
	for place := range int64(6) {
		got = append(got, o.at(place))
	}
	if want := "[0 1 1 2 3 3]"; o.places() != 0 || fmt.Sprint(got) != want {
		t.Errorf("%d places, %v, want %s", o.places(), got, want)
	}
}
