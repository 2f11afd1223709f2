package ui

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/store/record"
)

// A session whose usual lines are written the short way reads as one whose lines are all written the long way.
func TestAUsualLineIsTheLine(t *testing.T) {
	pick := func(texts ...string) string { return texts[rand.IntN(len(texts))] }
	usual := 0
	for range 200 {
		var short, long bytes.Buffer
		width := []int{0, 0, 0, 120}[rand.IntN(4)]
		a := HookLines{P: &Printer{W: &short, Width: width, Color: rand.IntN(8) == 0}}
		b := HookLines{P: &Printer{W: &long, Width: width, Color: a.P.Color}}
		for n := range 60 {
			x := &record.Exchange{ID: int64(n) * rand.Int64N(1000), Kind: record.Received, Ended: true,
				Start:  time.Date(2026, 1, 20, 14, 2, n%60, 999_999_999, time.Local),
				Took:   time.Duration(rand.Int64N(int64(time.Second) / 10 << rand.IntN(16) >> rand.IntN(16))),
				Scheme: pick("github", "stripe", "", "standard-webhooks"),
				EventType: pick("push", "push", "invoice.paid", "", strings.Repeat("a", 59), strings.Repeat("a", 61), "é",
					"a\x1b[m", "a\tb", "a b "),
				Verdict: record.Verdict{Status: record.VerdictStatus(pick("valid", "valid", "", "invalid")),
					Reason: pick("", "x")},
				Request:  record.Request{Method: "POST", Target: "/in", Body: make([]byte, rand.IntN(1<<rand.IntN(17)))},
				Response: &record.Response{Status: 200 + 101*rand.IntN(4)}}
			h := &Hook{Exchange: x}
			switch rand.IntN(12) {
			case 0:
				x.Response, x.Err = nil, &record.Failure{Kind: record.FailReset}
			case 1:
				x.Marks = []record.Mark{{Kind: record.Duplicate, Of: int64(n)}}
			case 2:
				x.Marks, h.Again = []record.Mark{{Kind: record.Duplicate, Of: int64(n)}}, true
			case 3:
				x.Scripted = pick("reset", failRate)
			case 4:
				x.TooSlow("slack", time.Second)
			case 5:
				x.Handshake = "slack"
			case 6:
				h.Apps = []*record.Exchange{{Response: &record.Response{Status: 200}}}
			case 7:
				x.Run = &record.Run{Exit: rand.IntN(2)}
			}
			before := short.Len()
			switch {
			case a.writeUsual(h):
				usual++
			case short.Len() != before:
				t.Fatal("a line was begun and not finished")
			default:
				a.write(h)
			}
			b.write(h)
			if got, want := short.String()[before:], long.String()[before:]; got != want {
				t.Fatalf("%q, want\n%q", got, want)
			}
		}
	}
	if usual < 300 { // about 1,100 are
		t.Error(fmt.Sprint(usual, " lines were written the short way"))
	}
}
