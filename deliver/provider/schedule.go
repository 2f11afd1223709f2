package provider

import (
	"math"
	"time"
)

// leastFirstWait is the shortest first wait of an invented schedule. Otherwise many doubling waits would begin with
// milliseconds, which no provider does.
const leastFirstWait = 30 * time.Second

// spreadOut invents a schedule from the number of waits and their sum. Each wait is twice the previous one; if the
// first would be shorter than leastFirstWait, the first is leastFirstWait and the others grow more slowly. All but the
// last are whole seconds.
func spreadOut(waits int, within time.Duration) []time.Duration {
	if waits <= 0 {
		return nil
	}
	first, ratio := float64(within)/(math.Pow(2, float64(waits))-1), 2.0
	if least := min(leastFirstWait, within/time.Duration(waits)); first < float64(least) {
		first = float64(least)
		ratio = growth(waits, float64(within)/first)
	}
	schedule := make([]time.Duration, waits)
	left := within
	for i := range schedule {
		schedule[i] = time.Duration(first * math.Pow(ratio, float64(i))).Round(time.Second)
		left -= schedule[i]
	}
	schedule[waits-1] += left
	return schedule
}

// growth returns the ratio, from 1 to 2, of the geometric series that has n items, begins with 1 and adds up to sum.
func growth(n int, sum float64) float64 {
	low, high := 1.0, 2.0
	for range 60 {
		ratio := (low + high) / 2
		total := 0.0
		for i := range n {
			total += math.Pow(ratio, float64(i))
		}
		if total < sum {
			low = ratio
		} else {
			high = ratio
		}
	}
	return low
}
