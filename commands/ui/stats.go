package ui

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/webhooks"
)

// StatsPairs returns the statistics of a history as names and values: first those of webhooks, then those of exchanges.
func StatsPairs(s store.Stats, c *webhooks.Counts) [][2]string {
	pairs := [][2]string{{"webhooks", fmt.Sprintf("%d  (%d sent, %d received)", c.Total, c.Sent, c.Received)}}
	if c.Deliveries > 0 {
		text := fmt.Sprintf("%d  (%d delivered, %d gave up, %d open", c.Deliveries, c.Delivered, c.Exhausted, c.Open)
		if others := c.Deliveries - c.Delivered - c.Exhausted - c.Open; others > 0 {
			text += fmt.Sprintf(", %d cancelled", others)
		}
		pairs = append(pairs,
			[2]string{"deliveries", text + ")"},
			[2]string{"success rate", fmt.Sprintf("%.1f %%", 100*c.SuccessRate)})
	}
	pairs = append(pairs, [2]string{"exchanges", fmt.Sprintf("%d  (%d sent, %d received)", s.Total, s.Sent, s.Received)})
	if s.Sent > 0 {
		pairs = append(pairs,
			[2]string{"retries", strconv.FormatInt(s.Retries, 10)},
			[2]string{"sent latency", latencyLine(s.SentLatency) + "  (each attempt)"})
	}
	if s.Received > 0 {
		pairs = append(pairs,
			[2]string{"bad signatures", strconv.FormatInt(s.BadSignatures, 10)},
			[2]string{"received latency", latencyLine(s.ReceivedLatency) + "  (each request)"})
	}
	return append(pairs,
		[2]string{"answers", counts(s.ByStatus, nil)},
		[2]string{"no answer", counts(s.ByFailure, nil)})
}

func latencyLine(l store.Latency) string {
	return fmt.Sprintf("p50 %s  p95 %s  p99 %s  max %s", Duration(l.P50), Duration(l.P95), Duration(l.P99),
		Duration(l.Max))
}

// counts returns the count of each key, sorted by key: "200 ×12  503 ×3". paint colours the text about a key; nil: none
// is coloured.
func counts[K int | ~string](m map[K]int64, paint func(key K, text string) string) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		text := fmt.Sprintf("%v ×%d", key, m[key])
		if paint != nil {
			text = paint(key, text)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "  ")
}

// QueueLine returns the number of the queue's entries in each state that may need attention: "3 waiting, 1 dead".
func QueueLine(depth map[store.QueueState]int64) string {
	var parts []string
	for _, state := range []store.QueueState{store.Waiting, store.Leased, store.Dead} {
		if n := depth[state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, state))
		}
	}
	return strings.Join(parts, ", ")
}
