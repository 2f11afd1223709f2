package main

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/webhooks"
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
		rows = append(rows, whole)
		for _, l := range listings {
			inside, err := b.askStore(q, l, small, large)
			if err != nil {
				return rows, err
			}
			rows = append(rows, inside)
		}
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

// listing is one way to ask the store.
type listing struct {
	name string
	ask  func(ctx context.Context, history *store.Store, f store.Filter) (found int, err error)
}

// listings are exchange by exchange, as `barb history --all` lists them, and webhook by webhook, as `barb history`
// does.
var listings = []listing{
	{"exchanges", func(ctx context.Context, history *store.Store, f store.Filter) (int, error) {
		return counted(history.List(ctx, f))
	}},
	{"webhooks", func(ctx context.Context, history *store.Store, f store.Filter) (int, error) {
		return counted(webhooks.List(ctx, history, f, time.Now()))
	}},
}

func counted[T any](listed iter.Seq2[T, error]) (found int, err error) {
	for _, err := range listed {
		if err != nil {
			return 0, err
		}
		found++
	}
	return found, nil
}

// askStore times the store alone, warm.
func (b *bench) askStore(q question, l listing, small, large string) (row, error) {
	var times [2]samples
	for i, path := range []string{large, small} {
		opened, err := store.OpenExisting(b.ctx, path)
		if err != nil {
			return row{}, err
		}
		defer opened.Close() // only read
		for range b.runs {
			begun := time.Now()
			found, err := l.ask(b.ctx, opened, q.filter(begun))
			if err != nil {
				return row{}, err
			}
			if found == 0 {
				return row{}, fmt.Errorf("history %s, %s: nothing found", q.name, l.name)
			}
			times[i].add(time.Since(begun).Seconds())
		}
	}
	return row{What: fmt.Sprintf("history %s, %d rows: %s in the database", q.name, b.rows, l.name),
		Against: fmt.Sprintf("itself with %d", smallHistory),
		Barb:    millis(times[0].median()), Peer: millis(times[1].median()),
		Value: times[0].median() * 1e3, Unit: " ms", Goal: atMost(3*times[1].median()*1e3, 0.5)}, nil
}
