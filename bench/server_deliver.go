package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// sinks is how many endpoints messages are delivered to: an endpoint belongs to one worker of a fleet.
const sinks = 6

// withSinks calls do with some sinks.
func (b *bench) withSinks(n int, do func([]*server) error) error {
	var all []*server
	var next func() error
	next = func() error {
		if len(all) == n {
			return do(all)
		}
		return b.withSink(anywhere, func(to *server) error {
			all = append(all, to)
			return next()
		})
	}
	return next()
}

// deliverOnServer is `barb deliver` with one worker, and with three at once. Every attempt is signed and recorded.
func deliverOnServer(b *bench) ([]row, error) {
	var one, three both
	err := b.withSinks(sinks, func(to []*server) error {
		return b.inTurn(append(
			b.onBoth(&one, func(r *rounds, history string) error { return r.addDeliveries(b, to, 1, history) }),
			b.onBoth(&three, func(r *rounds, history string) error { return r.addDeliveries(b, to, 3, history) })...)...)
	})
	least := three.server.rate.median()
	return []row{
		rateLine("deliver, signed and recorded, one worker", inFileToo, one.server, one.file, atLeast(0.7, 0)).drawn(""),
		cpuLine("deliver, one worker", inFileToo, one.server, one.file, goal{}).drawn(""),
		rateLine("deliver, three workers", inFileToo, three.server, three.file, atLeast(0.6, 0)).drawn(""),
		{What: "deliver, three workers: a second", Barb: perSecond(least), CPU: micros(three.server.cpu.median()),
			Value: least, Unit: "/s", Goal: atLeast(500, 0)},
	}, err
}

// addDeliveries measures a round of some workers that deliver a queue which is full when they start.
func (r *rounds) addDeliveries(b *bench, to []*server, workers int, history string) error {
	before, err := takenByAll(b, to)
	if err != nil {
		return err
	}
	each := strconv.Itoa(b.deliveries / len(to))
	for _, s := range to {
		if _, err := b.run(b.queued(s.url, history, "-n", each, "--concurrency", "64")); err != nil {
			return err
		}
	}
	used, err := b.runAll(workers, b.barb("deliver", "--drain", "--concurrency", "64", "--per-endpoint", "0", "--db",
		history).on(anywhere))
	if err != nil {
		return err
	}
	after, err := takenByAll(b, to)
	if err != nil {
		return err
	}
	if after-before != b.deliveries/len(to)*len(to) {
		return fmt.Errorf("%d of %d messages arrived", after-before, b.deliveries)
	}
	r.took(after-before, used.wall.Seconds(), used)
	return nil
}

// queued is `barb send --queue`.
func (b *bench) queued(url, history string, flags ...string) command {
	return b.barb(append([]string{"send", url, "--queue", "-s", "standard-webhooks", "--secret", "env:BENCH_SECRET",
		"-d", "@" + b.path("body.json"), "--db", history}, flags...)...).on(anywhere)
}

func takenByAll(b *bench, to []*server) (all int, err error) {
	for _, s := range to {
		n, err := takenBy(b.ctx, s.url)
		if err != nil {
			return 0, err
		}
		all += n
	}
	return all, nil
}

// perSecondQueued is how many messages a second are queued where the wait for an attempt is what is measured.
const perSecondQueued = 200

// pickup is how long a message of the queue waits for its first attempt, by the times that both have in the history.
func pickup(b *bench) ([]row, error) {
	var onServer, inFile samples
	err := b.withSink(anywhere, func(to *server) error {
		measure := func(s *samples) func(string) error {
			return func(history string) error {
				late, err := b.pickedUp(to.url, history)
				s.add(late)
				return err
			}
		}
		return b.inTurn(func() error { return b.inFile(measure(&inFile)) },
			func() error { return b.onServer(measure(&onServer)) })
	})
	return []row{{What: fmt.Sprintf("deliver, from the queue to the attempt at %d/s: p95", perSecondQueued),
		Against: inFileToo, Barb: millis(onServer.median()), Peer: millis(inFile.median()), Value: onServer.median() * 1e3,
		Unit: " ms", Goal: atMost(150, 0)}}, err
}

// pickedUp returns the 95th percentile, in seconds, of the messages that are queued while a round lasts.
func (b *bench) pickedUp(url, history string) (p95 float64, err error) {
	before, err := takenBy(b.ctx, url)
	if err != nil {
		return 0, err
	}
	metrics, err := freeAddress()
	if err != nil {
		return 0, err
	}
	worker, err := b.serveAt(b.barb("deliver", "--metrics", metrics, "--per-endpoint", "0", "--db", history).on(anywhere),
		metrics)
	if err != nil {
		return 0, err
	}
	n := int(b.seconds.Seconds() * perSecondQueued)
	_, err = b.run(b.queued(url, history, "-n", strconv.Itoa(n), "--rate", strconv.Itoa(perSecondQueued)+"/s"))
	if err == nil {
		err = b.untilTaken(url, before+n)
	}
	if err = errors.Join(err, worker.stop()); err != nil {
		return 0, err
	}
	return b.waited(history, n)
}

// untilTaken waits until a sink has had so many messages in all.
func (b *bench) untilTaken(url string, n int) error {
	for range 3000 {
		taken, err := takenBy(b.ctx, url)
		if err != nil || taken >= n {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("fewer than %d messages had arrived after 30 s", n)
}

// waited reads how long messages waited from the history.
func (b *bench) waited(history string, n int) (p95 float64, err error) {
	opened, err := store.OpenExisting(b.ctx, history)
	if err != nil {
		return 0, err
	}
	defer opened.Close() // only read
	queuedAt, late := map[int64]time.Time{}, samples{}
	for x, err := range opened.List(b.ctx, store.Filter{Kind: record.Sent, OldestFirst: true}) {
		if err != nil {
			return 0, err
		}
		switch x.Attempt {
		case 0:
			queuedAt[x.ID] = x.Start
		case 1:
			late.add(x.Start.Sub(queuedAt[x.First()]).Seconds())
		}
	}
	if len(late) != n || len(queuedAt) != n {
		return 0, fmt.Errorf("the history has %d messages and %d first attempts of %d", len(queuedAt), len(late), n)
	}
	slices.Sort(late)
	return late[n*95/100], nil
}
