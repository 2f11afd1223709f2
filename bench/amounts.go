package main

import (
	"bytes"
	"fmt"
	"strconv"
	"time"
)

// amounts say how much is measured. The defaults take a few minutes in all.
type amounts struct {
	rounds     int           // of each comparison that is about throughput
	sends      int           // a round of send
	seconds    time.Duration // a round of listen, and of vegeta
	rows       int           // in the large history
	runs       int           // of each short process
	giant      int64         // bytes of the large file
	replays    int           // hooks a round of replay
	deliveries int           // messages a round of deliver
	big        int           // requests where memory is measured; 0: it is not
}

func amountsFrom(getenv func(string) string) (amounts, error) {
	var err error
	number := func(name string, standard int) int {
		text := getenv(name)
		if text == "" {
			return standard
		}
		n, convErr := strconv.Atoi(text)
		if convErr != nil || n < 1 {
			err = fmt.Errorf("%s=%s is not a number from 1", name, text)
		}
		return n
	}
	a := amounts{
		rounds:     number("BENCH_ROUNDS", 5),
		sends:      number("BENCH_SENDS", 40_000),
		seconds:    time.Duration(number("BENCH_SECONDS", 4)) * time.Second,
		rows:       number("BENCH_ROWS", 200_000),
		runs:       number("BENCH_RUNS", 200),
		giant:      int64(number("BENCH_GIANT_MIB", 1024)) << 20,
		replays:    number("BENCH_REPLAY", 20_000),
		deliveries: number("BENCH_DELIVERIES", 6_000),
	}
	if getenv("BENCH_BIG") != "" {
		a.big = number("BENCH_BIG", 0)
	}
	return a, err
}

// payload is a JSON webhook of exactly size bytes.
func payload(size int) []byte {
	b := []byte(`{"type":"order.completed","id":"evt_000000000001","data":{"amount":4200,"currency":"eur","note":"`)
	end := []byte(`"}}`)
	words := []byte("the quick brown fox jumps over the lazy dog ")
	for len(b) < size-len(end) {
		b = append(b, words[:min(len(words), size-len(end)-len(b))]...)
	}
	return append(bytes.Clone(b), end...)
}
