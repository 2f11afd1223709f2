package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// send is `barb send -n` against vegeta, bombardier, and against the same engines without a history. All of them send
// the same payload, sixteen at a time, to the same sink.
func send(b *bench) (rows []row, err error) {
	to, err := b.serve(b.self("sink").on(peerCPU))
	if err != nil {
		return nil, err
	}
	defer closeServer(to, &err)
	var recorded, bareSend, vegeta, bombardier senders
	var memory samples
	for range b.rounds {
		used, err := recorded.add(b, to, b.barbSend(to.url))
		if err != nil {
			return nil, err
		}
		memory.add(float64(used.rss))
		if err := b.dropHistory("send.db"); err != nil {
			return nil, err
		}
		if _, err := vegeta.add(b, to, b.vegetaAttack(to.url)); err != nil {
			return nil, err
		}
		if _, err := bombardier.add(b, to, b.bombard(to.url)); err != nil {
			return nil, err
		}
		if _, err := bareSend.add(b, to, b.self("unrecorded", "-url", to.url, "-body", b.path("body.json"), "-n",
			strconv.Itoa(b.sends))); err != nil {
			return nil, err
		}
	}
	return []row{
		{what: "send -n, signed and recorded, against vegeta", barb: perSecond(recorded.rate.median()),
			peer:  perSecond(vegeta.rate.median()),
			value: recorded.rate.to(vegeta.rate), unit: "×", goal: atLeast(1, 2)},
		{what: "… CPU a request", barb: micros(recorded.cpu.median()), peer: micros(vegeta.cpu.median()),
			value: recorded.cpu.to(vegeta.cpu), unit: "×", goal: atMost(1, 0.5)},
		{what: "… against bombardier", barb: perSecond(recorded.rate.median()), peer: perSecond(bombardier.rate.median()),
			value: recorded.rate.to(bombardier.rate), unit: "×"},
		{what: "… CPU a request", barb: micros(recorded.cpu.median()), peer: micros(bombardier.cpu.median()),
			value: recorded.cpu.to(bombardier.cpu), unit: "×"},
		{what: "… against itself unrecorded", barb: perSecond(recorded.rate.median()),
			peer:  perSecond(bareSend.rate.median()),
			value: recorded.rate.to(bareSend.rate), unit: "×"},
		{what: fmt.Sprintf("… memory at %d", b.sends), barb: mebibytes(memory.median()),
			value: memory.median() / (1 << 20), unit: " MiB", goal: atMost(40, 24)},
	}, nil
}

func (b *bench) barbSend(url string) command {
	return b.barb("send", url, "-n", strconv.Itoa(b.sends), "--concurrency", "16", "-s", "standard-webhooks", "--secret",
		"env:BENCH_SECRET",
		"-d", "@"+b.path("body.json"), "--db", b.path("send.db"))
}

// vegetaAttack sends with one static header, as fast as it can, for as long as a round lasts.
func (b *bench) vegetaAttack(url string) command {
	return b.vegeta(url, "-rate", "0", "-max-workers", "16", "-duration", b.seconds.String(), "-output", os.DevNull)
}

func (b *bench) vegeta(url string, args ...string) command {
	targets := b.path("targets")
	text := fmt.Sprintf("POST %s/\nContent-Type: application/json\n@%s\n", url, b.path("body.json"))
	if err := os.WriteFile(targets, []byte(text), 0o600); err != nil {
		b.say("%v", err) // vegeta will miss it and say so
	}
	return command{path: filepath.Join(b.bin, "vegeta"), cpu: toolCPU,
		args: append([]string{"attack", "-targets", targets, "-workers", "16"}, args...)}
}

// bombard sends the same, with no signature and by way of fasthttp.
func (b *bench) bombard(url string) command {
	return command{path: filepath.Join(b.bin, "bombardier"), cpu: toolCPU,
		args: []string{"--no-print", "-c", "16", "-d", b.seconds.String(), "-m", "POST",
			"-f", b.path("body.json"), "-H", "Content-Type: application/json", url + "/"}}
}

// senders are the rounds of one who sends.
type senders struct {
	rate, cpu samples // hooks a second; seconds of processor a hook
}

// add measures one round. What arrived is what counts, not what the sender says.
func (s *senders) add(b *bench, to *server, c command) (usage, error) {
	before, err := takenBy(b.ctx, to.url)
	if err != nil {
		return usage{}, err
	}
	used, err := b.run(c)
	if err != nil {
		return usage{}, err
	}
	after, err := takenBy(b.ctx, to.url)
	if err != nil {
		return usage{}, err
	}
	arrived := float64(after - before)
	if arrived == 0 {
		return usage{}, fmt.Errorf("%s: nothing arrived", filepath.Base(c.path))
	}
	s.rate.add(arrived / used.wall.Seconds())
	s.cpu.add(used.cpu.Seconds() / arrived)
	return used, nil
}
