package dedupe

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/barbhq/barb/store/record"
)

func TestAWindowIsBounded(t *testing.T) {
	w := New()
	w.Loaded()
	now := time.Now()
	meet := func(n int, at time.Time) []record.Mark {
		f := &Fingerprint{keys: keys{digestOf("id", fmt.Sprint(n)), digestOf("print", fmt.Sprint(n))},
			body: digestOf("body"),
			at:   at, event: digestOf(fmt.Sprint(n)), signed: at}
		marks, c, err := w.Meet(context.Background(), f, nil)
		if err != nil {
			t.Fatal(err)
		}
		c.Settle(int64(n + 1))
		return marks
	}
	for n := range MaxKept + MaxKept/2 {
		meet(n, now)
	}
	if len(w.seen) != MaxKept || len(w.by) != 2*MaxKept || len(w.latest) > maxEvents ||
		len(w.beginning)+len(w.flights) != 0 {
		t.Errorf("%d seen, %d keys, %d types, %d %d", len(w.seen), len(w.by), len(w.latest), len(w.beginning), len(w.flights))
	}
	if marks := meet(MaxKept/2-1, now); len(marks) != 0 {
		t.Errorf("the oldest are not forgotten: %v", marks)
	}
	if marks := meet(MaxKept, now); len(marks) != 1 || marks[0].Of != MaxKept+1 {
		t.Errorf("a newer one is: %v", marks)
	}
	if marks := meet(MaxKept+1, now.Add(KeptFor+time.Minute)); len(marks) != 0 {
		t.Errorf("after a day it is known: %v", marks)
	}
}
