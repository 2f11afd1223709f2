package payload

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

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
		l := newLines(strings.NewReader(strings.TrimSuffix(text.String(), end)), "x", nil)
		l.limit = rapid.SampledFrom([]int{2, 4, 16, 1024}).Draw(t, "marks")
		if err := l.scan(); err != nil || l.Count() != int64(n) || len(l.marks) > l.limit {
			t.Fatalf("%d events, %d marks, %v", l.Count(), len(l.marks), err)
		}
		for range 50 {
			i := rapid.IntRange(0, n-1).Draw(t, "i")
			body, err := l.Event(t.Context(), int64(i))
			if err != nil || string(body) != want[i] {
				t.Fatalf("event %d is %q, %v", i, body, err)
			}
		}
	})
}

func TestALineThatIsTooLongIsPassedOver(t *testing.T) {
	t.Parallel()
	long := `"` + strings.Repeat("x", MaxEvent) + `"`
	fits := `"` + strings.Repeat("y", MaxEvent-2) + `"`
	l, err := Lines(strings.NewReader("1\n"+long+"\n2\n"+fits+"\n3"), "x", true, nil)
	if err != nil || l.Count() != 4 || l.Bad().Count != 1 || l.Bad().First[0] != "line 2 is longer than 17MB" {
		t.Fatalf("%+v, %v", l, err)
	}
	for i, want := range []string{"1", "2", fits, "3"} {
		if body, err := l.Event(t.Context(), int64(i)); err != nil || string(body) != want {
			t.Errorf("event %d has %d bytes, %v", i, len(body), err)
		}
	}
	s := Stream(strings.NewReader("1\n"+long+"\n2"), "stdin", true, nil)
	defer s.Close()
	for i, want := range []string{"1", "2"} {
		if body, err := s.Event(t.Context(), int64(i)); err != nil || string(body) != want {
			t.Errorf("event %d of the stream has %d bytes, %v", i, len(body), err)
		}
	}
	if _, err := s.Event(t.Context(), 2); !errors.Is(err, io.EOF) || s.Bad().Count != 1 {
		t.Errorf("%v, %+v", err, s.Bad())
	}
}
