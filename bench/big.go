package main

import (
	"fmt"
	"strconv"
)

// memory is what send and replay need for BENCH_BIG requests, against what they need for ten thousand. A million take
// minutes, so without BENCH_BIG nothing is measured.
func memory(b *bench) ([]row, error) {
	if b.big == 0 {
		b.note("Not measured: memory over a million rows, which BENCH_BIG=1000000 asks for.")
		return nil, nil
	}
	var sent, sentFew, again, againFew rounds
	err := b.withSink(peerCPU, func(to *server) error {
		if err := b.fewAndMany(to, smallHistory, &sentFew, &againFew); err != nil {
			return err
		}
		return b.fewAndMany(to, b.big, &sent, &again)
	})
	if err != nil {
		return nil, err
	}
	return []row{
		memoryLine(fmt.Sprintf("send -n %d: memory", b.big), sent, sentFew, atMost(40, 24)),
		memoryLine(fmt.Sprintf("replay of %d: memory", b.big), again, againFew, goal{}),
	}, nil
}

// fewAndMany sends so many messages, and replays a history of so many webhooks.
func (b *bench) fewAndMany(to *server, count int, sent, again *rounds) error {
	some := *b
	some.sends, some.replays = count, count
	var disk samples
	if err := sent.addBarbSend(&some, to, toolCPU, &disk); err != nil {
		return err
	}
	fill := b.self("fill", "-db", b.path("captured.db"), "-rows", strconv.Itoa(count))
	if _, err := b.run(fill.on(anywhere)); err != nil {
		return err
	}
	if err := again.addReplay(&some, to); err != nil {
		return err
	}
	return b.dropHistory("captured.db")
}

func memoryLine(what string, own, few rounds, g goal) row {
	return row{What: what, Against: fmt.Sprintf("itself with %d", smallHistory), Barb: mebibytes(own.rss.median()),
		Peer: mebibytes(few.rss.median()), CPU: micros(own.cpu.median()), PeerCPU: micros(few.cpu.median()),
		Value: own.rss.median() / (1 << 20), Unit: " MiB", Goal: g}
}
