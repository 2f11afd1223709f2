package main

import (
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/barbhq/barb/store"
)

// insert is how fast the store takes exchanges, in groups of 512, from one process and from four at once.
func insert(b *bench) ([]row, error) {
	var one, four both
	steps := append(b.onBoth(&one, func(r *rounds, history string) error { return r.addInserts(b, 1, history) }),
		b.onBoth(&four, func(r *rounds, history string) error { return r.addInserts(b, 4, history) })...)
	err := b.inTurn(steps...)
	return []row{
		rateLine("insert through the store", inFileToo, one.server, one.file, atLeast(0.4, 0)).drawn(""),
		cpuLine("insert through the store", inFileToo, one.server, one.file, goal{}).drawn(""),
		rateLine("insert, four processes", inFileToo, four.server, four.file, atLeast(0.8, 0)).drawn(""),
	}, err
}

// addInserts measures a round of some processes that share the exchanges.
func (r *rounds) addInserts(b *bench, processes int, history string) error {
	each := b.sends / processes
	used, err := b.runAll(processes, b.inserts(history, each))
	if err != nil {
		return err
	}
	r.took(each*processes, used.wall.Seconds(), used)
	return nil
}

func (b *bench) inserts(history string, rows int) command {
	return b.self("fill", "-mix", "-db", history, "-rows", strconv.Itoa(rows)).on(anywhere)
}

// runAll runs a command in some processes at once, and adds up what they took. The time is that of the longest.
func (b *bench) runAll(processes int, c command) (all usage, err error) {
	var running sync.WaitGroup
	used, errs := make([]usage, processes), make([]error, processes)
	begun := time.Now()
	for i := range processes {
		running.Go(func() { used[i], errs[i] = b.run(c) })
	}
	running.Wait()
	all.wall = time.Since(begun)
	for _, u := range used {
		all.cpu, all.rss = all.cpu+u.cpu, all.rss+u.rss
	}
	return all, errors.Join(errs...)
}

// sendOnServer is `barb send -n`, which records every request.
func sendOnServer(b *bench) ([]row, error) {
	var p both
	err := b.withSink(anywhere, func(to *server) error {
		return b.inTurn(b.onBoth(&p, func(r *rounds, history string) error {
			return r.addSender(b, to, b.barbSend(to.url, history, "-n", strconv.Itoa(b.sends)).on(anywhere))
		})...)
	})
	const what = "send -n, signed and recorded, c=16"
	return []row{rateLine(what, inFileToo, p.server, p.file, atLeast(0.4, 0)).drawn(""),
		cpuLine(what, inFileToo, p.server, p.file, goal{}).drawn("")}, err
}

// listenOnServer is `barb listen` under wrk. It would be slow, and no test would notice, if a listener read again what
// it has recorded itself.
func listenOnServer(b *bench) ([]row, error) {
	var p both
	l := load{file: "body.json", connections: 64, cpu: anywhere}
	err := b.inTurn(b.onBoth(&p, func(r *rounds, history string) error {
		answered, err := r.addReceiver(b, b.listener(history).on(anywhere), l)
		if err != nil {
			return err
		}
		return b.weigh(history, answered, nil)
	})...)
	const what = "listen, verified and durable before the 200, c=64"
	return []row{rateLine(what, inFileToo, p.server, p.file, atLeast(0.5, 0)).drawn(""),
		cpuLine(what, inFileToo, p.server, p.file, goal{}).drawn(""),
		{What: "listen, c=64: p99", Against: inFileToo, Barb: millis(p.server.p99.median()),
			Peer: millis(p.file.p99.median()), Value: p.server.p99.median() * 1e3, Unit: " ms", Goal: atMost(100, 0)},
	}, err
}

// network is how fast one inserts whose way to the server takes 1 ms there and back, and beside one whose uplink is
// slow.
func network(b *bench) ([]row, error) {
	var near, far, alone, beside rounds
	through := func(r *rounds, flags ...string) func() error {
		return func() error {
			return b.onServer(func(history string) error {
				return b.withUplink(history, flags, func(history string) error { return r.addInserts(b, 1, history) })
			})
		}
	}
	err := b.inTurn(through(&near), through(&far, "-rtt", "1ms"),
		func() error {
			return b.onServer(func(history string) error { return alone.addInserts(b, 1, history) })
		},
		func() error { return b.onServer(func(history string) error { return beside.besideSlow(b, history) }) })
	return []row{
		rateLine("insert, 1 ms to the server and back", "the same with no way", far, near, atLeast(0.6, 0)).drawn(""),
		rateLine("insert, beside one with an uplink of 256 KiB/s", "the same alone", beside, alone, atLeast(0.8, 0)).drawn(""),
	}, err
}

// besideSlow measures a round of one who inserts while another does whose uplink is slow.
func (r *rounds) besideSlow(b *bench, history string) error {
	return b.withUplink(history, []string{"-rate", strconv.Itoa(256 << 10)}, func(slow string) error {
		other, err := b.start(b.inserts(slow, 1_000_000)) // more than it can do
		if err != nil {
			return err
		}
		defer other.kill()
		if err := b.untilRecorded(history); err != nil { // then it is under way
			return err
		}
		return r.addInserts(b, 1, history)
	})
}

// untilRecorded waits until a history has an exchange.
func (b *bench) untilRecorded(history string) error {
	opened, err := store.OpenExisting(b.ctx, history)
	if err != nil {
		return err
	}
	defer opened.Close() // only read
	for range 3000 {
		if _, err := opened.Newest(b.ctx, 0); err == nil {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return errors.New("nothing was recorded within 30 s")
}
