package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/barbhq/barb/store"
)

// question is asked of a small and of a large history, by `barb history` and by the store alone.
type question struct {
	name   string
	args   []string
	filter func(now time.Time) store.Filter
}

var questions = []question{
	{"last 20", nil, func(time.Time) store.Filter { return store.Filter{Limit: 20} }},
	{"by endpoint, status and time", []string{"--endpoint", "api-7.example.test", "--status", "2xx", "--since", "1h"},
		func(now time.Time) store.Filter {
			return store.Filter{Limit: 20, Endpoint: "api-7.example.test", Status: store.StatusRange{From: 200, To: 299},
				Since: now.Add(-time.Hour)}
		}},
	{"last 20 failures", []string{"--failed"},
		func(time.Time) store.Filter { return store.Filter{Limit: 20, Failed: true} }},
	{"of one webhook id", []string{"--id", fmt.Sprintf("msg_%032x", smallHistory/2+3)},
		func(time.Time) store.Filter {
			return store.Filter{Limit: 20, WebhookID: fmt.Sprintf("msg_%032x", smallHistory/2+3)}
		}},
}

const smallHistory = 10_000

// history is how the answers of a history slow down as it grows.
func history(b *bench) ([]row, error) {
	small, large := b.path("small.db"), b.path("large.db")
	for path, rows := range map[string]int{small: smallHistory, large: b.rows} {
		c := b.self("fill", "-mix", "-db", path, "-rows", strconv.Itoa(rows)).on(anywhere)
		c.limit = 2 * time.Hour
		if _, err := b.run(c); err != nil {
			return nil, err
		}
	}
	var rows []row
	for _, q := range questions {
		whole, err := b.askCommand(q, small, large)
		if err != nil {
			return rows, err
		}
		inside, err := b.askStore(q, small, large)
		if err != nil {
			return rows, err
		}
		rows = append(rows, whole, inside)
	}
	return rows, nil
}

// askCommand times whole processes.
func (b *bench) askCommand(q question, small, large string) (row, error) {
	ask := func(db string) command {
		return b.barb(append([]string{"history", "-n", "20", "--db", db}, q.args...)...).on(anywhere)
	}
	big, little, err := b.race(ask(large), ask(small), min(b.runs, 50))
	if err != nil {
		return row{}, err
	}
	return raceLine(fmt.Sprintf("history %s, %d rows: time of the process", q.name, b.rows),
		fmt.Sprintf("itself with %d", smallHistory), big, little, atMost(3, 0)), nil
}

// askStore times the store alone, warm.
func (b *bench) askStore(q question, small, large string) (row, error) {
	var times [2]samples
	for i, path := range []string{large, small} {
		opened, err := store.OpenExisting(b.ctx, path)
		if err != nil {
			return row{}, err
		}
		defer opened.Close() // only read
		for range b.runs {
			took, err := b.ask(opened, q)
			if err != nil {
				return row{}, err
			}
			times[i].add(took.Seconds())
		}
	}
	return row{What: fmt.Sprintf("history %s, %d rows: in the database", q.name, b.rows),
		Against: fmt.Sprintf("itself with %d", smallHistory),
		Barb:    millis(times[0].median()), Peer: millis(times[1].median()),
		Value: times[0].median() * 1e3, Unit: " ms", Goal: atMost(3*times[1].median()*1e3, 0.5)}, nil
}

func (b *bench) ask(history *store.Store, q question) (time.Duration, error) {
	begun := time.Now()
	found := 0
	for _, err := range history.List(b.ctx, q.filter(begun)) {
		if err != nil {
			return 0, err
		}
		found++
	}
	if found == 0 {
		return 0, fmt.Errorf("history %s: nothing found", q.name)
	}
	return time.Since(begun), nil
}
