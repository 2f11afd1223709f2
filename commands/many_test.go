package commands

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Every message has its place, and those that are sent again two, whatever the order.
func TestAnOrderHasAPlaceForEachMessage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		messages := rapid.Int64Range(1, 3000).Draw(t, "messages")
		again := percentValue(float64(rapid.IntRange(0, 1000).Draw(t, "again")) / 1000)
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

// However few marks there are, every event is found, in any order, and bad and blank lines are passed over.
func TestEventsAreFoundByFewMarks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 200).Draw(t, "events")
		end := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "end")
		var text strings.Builder
		var want []string
		for i := range n {
			switch rapid.IntRange(0, 5).Draw(t, "kind") {
			case 0:
				text.WriteString(" " + end)
			case 1:
				text.WriteString("{bad" + end)
			}
			want = append(want, fmt.Sprintf(`{"n":%d}`, i)+strings.Repeat(" ", i%7))
			text.WriteString(want[i] + end)
		}
		l := newLines(strings.NewReader(strings.TrimSuffix(text.String(), end)), nil, "x", nil)
		l.limits = rapid.SampledFrom([]int{2, 4, 16, 1024}).Draw(t, "marks")
		if err := l.scan(); err != nil || l.count() != int64(n) || len(l.marks) > l.limits {
			t.Fatalf("%d events, %d marks, %v", l.count(), len(l.marks), err)
		}
		for range 50 {
			i := rapid.IntRange(0, n-1).Draw(t, "i")
			body, err := l.event(t.Context(), int64(i))
			if err != nil || string(body) != want[i] {
				t.Fatalf("event %d is %q, %v", i, body, err)
			}
		}
	})
}

func TestALineThatIsTooLongIsPassedOver(t *testing.T) {
	t.Parallel()
	long := `"` + strings.Repeat("x", maxEvent) + `"`
	fits := `"` + strings.Repeat("y", maxEvent-2) + `"`
	l := newLines(strings.NewReader("1\n"+long+"\n2\n"+fits+"\n3"), nil, "x", nil)
	if err := l.scan(); err != nil || l.count() != 4 || l.bad().count != 1 || l.bad().first[0] != "line 2 is longer than 17MB" {
		t.Fatalf("%d events, %+v, %v", l.count(), l.bad(), err)
	}
	for i, want := range []string{"1", "2", fits, "3"} {
		if body, err := l.event(t.Context(), int64(i)); err != nil || string(body) != want {
			t.Errorf("event %d has %d bytes, %v", i, len(body), err)
		}
	}
	s, err := newStream(strings.NewReader("1\n"+long+"\n2"), "stdin", &sendOptions{manyFlags: manyFlags{count: 1, skipBad: true}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	for i, want := range []string{"1", "2"} {
		if body, err := s.event(t.Context(), int64(i)); err != nil || string(body) != want {
			t.Errorf("event %d of the stream has %d bytes, %v", i, len(body), err)
		}
	}
	if _, err := s.event(t.Context(), 2); !errors.Is(err, io.EOF) || s.bad().count != 1 {
		t.Errorf("%v, %+v", err, s.bad())
	}
}
