//go:build unix

package store_test

import (
	"bufio"
	"fmt"
	"testing"
)

// Two processes that write as fast as they can get about as much done, from when both have begun.
func TestTwoBusyProcessesShareTheLockOfAHistory(t *testing.T) {
	t.Parallel()
	const each = 500
	s := newHistory(t)
	last := make(chan int64, 2)
	for _, first := range []string{"0", "1000000"} {
		cmd, _, out := child(t, "flood", s.Path(), first)
		go tellLast(out, each, last)
		defer func() { _ = cmd.Process.Kill() }()
	}
	begun := "SELECT min(id) FROM exchange GROUP BY length(webhook_id) > 10 ORDER BY 1 DESC LIMIT 1"
	until := max(<-last, <-last) // the slower one has recorded its part
	count := func(which string) int64 {
		return number(t, s.Path(), fmt.Sprintf("SELECT count(*) FROM exchange WHERE length(webhook_id) %s 10 AND "+
			"id BETWEEN (%s) AND %d", which, begun, until))
	}
	if low, high := count("<="), count(">"); min(low, high) < each/2 || min(low, high) < max(low, high)/3 {
		t.Errorf("one process recorded %d webhooks while the other recorded %d", low, high)
	}
}

// tellLast tells the id that the line n of a flood has, and reads on until it is killed.
func tellLast(out *bufio.Scanner, n int, last chan<- int64) {
	var number, id int64
	for ; out.Scan(); n-- {
		if _, err := fmt.Sscan(out.Text(), &number, &id); err == nil && n == 1 {
			last <- id
		}
	}
	if n > 0 {
		last <- id
	}
}
