package commands

import (
	"fmt"
	"testing"

	"github.com/barbhq/barb/commands/flags"
	"pgregory.net/rapid"
)

// Every message has its place, and those that are sent again two, whatever the order.
func TestAnOrderHasAPlaceForEachMessage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		messages := rapid.Int64Range(1, 3000).Draw(t, "messages")
		again := flags.Percent(float64(rapid.IntRange(0, 1000).Draw(t, "again")) / 1000)
		o := newOrder(messages, again, rapid.Bool().Draw(t, "shuffle"), rapid.Uint64().Draw(t, "seed"))
		times := make([]int, messages)
		seconds := int64(0)
		for place := range o.places() {
			message, second := o.at(place)
			times[message]++
			if second {
				seconds++
			}
		}
		for message, n := range times {
			if n != 1 && n != 2 {
				t.Fatalf("message %d has %d places", message, n)
			}
		}
		if want := int64(float64(messages)*float64(again) + 1e-6); seconds != want || o.places() != messages+want {
			t.Fatalf("%d are sent again, want %d; %d places", seconds, want, o.places())
		}
	})
}

func TestAnOrderIsTheSameForTheSameSeed(t *testing.T) {
	t.Parallel()
	one, same, other := newOrder(1000, 0, true, 7), newOrder(1000, 0, true, 7), newOrder(1000, 0, true, 8)
	differ, moved := 0, 0
	for place := range int64(1000) {
		a, _ := one.at(place)
		b, _ := same.at(place)
		c, _ := other.at(place)
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

// An order without an end is worked out like one with.
func TestAnOrderMayHaveNoEnd(t *testing.T) {
	t.Parallel()
	o := newOrder(0, 0.5, false, 0)
	var got []string
	for place := range int64(6) {
		message, again := o.at(place)
		got = append(got, fmt.Sprint(message, again))
	}
	if want := "[0 false 1 false 1 true 2 false 3 false 3 true]"; o.places() != 0 || fmt.Sprint(got) != want {
		t.Errorf("%d places, %v, want %s", o.places(), got, want)
	}
}
