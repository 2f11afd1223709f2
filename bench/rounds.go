package main

import (
	"context"
	"fmt"
)

// rounds are the measurements of one program, one of each kind a round.
type rounds struct {
	rate samples // requests a second
	cpu  samples // seconds of processor a request
	p99  samples // seconds; only of those who answer
	rss  samples // bytes
}

// took adds a round in which a program dealt with so many requests.
func (r *rounds) took(requests int, seconds float64, used usage) {
	r.rate.add(float64(requests) / seconds)
	r.cpu.add(used.cpu.Seconds() / float64(requests))
	r.rss.add(float64(used.rss))
}

// bars say in which chart a line of the table is drawn.
const (
	barsRate = "rate"
	barsCPU  = "cpu"
)

// rateLine and cpuLine are the two lines of a pair that ran in turn.
func rateLine(what, against string, own, peer rounds, g goal) row {
	return row{What: what + ": requests a second", Against: against, Barb: perSecond(own.rate.median()),
		Peer: perSecond(peer.rate.median()), CPU: micros(own.cpu.median()), PeerCPU: micros(peer.cpu.median()),
		Value: own.rate.to(peer.rate), Unit: "×", Goal: g, Bars: barsRate}
}

func cpuLine(what, against string, own, peer rounds, g goal) row {
	return row{What: what + ": CPU a request", Against: against, Barb: micros(own.cpu.median()),
		Peer: micros(peer.cpu.median()), CPU: micros(own.cpu.median()), PeerCPU: micros(peer.cpu.median()),
		Value: own.cpu.to(peer.cpu), Unit: "×", Goal: g, Bars: barsCPU}
}

// addSender measures a round of one who sends to a sink. What arrived is what counts, not what the sender says.
func (r *rounds) addSender(b *bench, to *server, c command) error {
	before, err := takenBy(b.ctx, to.url)
	if err != nil {
		return err
	}
	used, err := b.run(c)
	if err != nil {
		return err
	}
	after, err := takenBy(b.ctx, to.url)
	if err != nil {
		return err
	}
	if after == before {
		return fmt.Errorf("%s: nothing arrived", c.name())
	}
	r.took(after-before, used.wall.Seconds(), used)
	return nil
}

// load is what wrk does to a receiver.
type load struct {
	file        string // of the body
	connections int
	oneID       bool // all hooks have one delivery id
	cpu         int  // where wrk runs; 0, which is for what is measured, means peerCPU
}

// addReceiver measures a round of one who receives, and returns how many answers it gave.
func (r *rounds) addReceiver(b *bench, c command, l load) (answered int, err error) {
	s, err := b.serve(c)
	if err != nil {
		return 0, err
	}
	report, err := b.wrk(s.url, l, b.seconds)
	if stopErr := s.stop(); err == nil {
		err = stopErr
	}
	if err != nil {
		return 0, err
	}
	return report.answers, r.answered(c, report, s.used)
}

func (r *rounds) answered(c command, report wrkReport, used usage) error {
	if report.errors > 0 || report.answers == 0 {
		return fmt.Errorf("%s: %d answers, %d errors", c.name(), report.answers, report.errors)
	}
	r.took(report.answers, report.seconds, used)
	r.p99.add(report.p99)
	return nil
}

// withSink calls do with a sink that runs on a processor.
func (b *bench) withSink(cpu int, do func(*server) error) error {
	to, err := b.serve(b.self("sink").on(cpu))
	if err != nil {
		return err
	}
	defer func() { closeServer(to, &err) }()
	err = do(to)
	return err
}

// inTurn calls each of some measurements once a round, until one fails.
func (b *bench) inTurn(measure ...func() error) error {
	for range b.rounds {
		for _, m := range measure {
			if err := m(); err != nil {
				return err
			}
			if b.ctx.Err() != nil {
				return context.Cause(b.ctx)
			}
		}
	}
	return nil
}
