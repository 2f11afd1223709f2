package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// send is `barb send -n` against vegeta, bombardier, and against the same engines without a history. All of them send
// the same payload, sixteen at a time, to the same sink.
func send(b *bench) ([]row, error) {
	var own, vegeta, bombardier, unrecorded, ownFree, vegetaFree rounds
	var disk samples
	err := b.withSink(peerCPU, func(to *server) error {
		return b.inTurn(
			func() error { return own.addBarbSend(b, to, toolCPU, &disk) },
			func() error { return vegeta.addSender(b, to, b.vegetaAttack(to.url)) },
			func() error { return bombardier.addSender(b, to, b.bombard(to.url)) },
			func() error {
				return unrecorded.addSender(b, to, b.self("unrecorded", "-url", to.url, "-body", b.path("body.json"), "-n",
					strconv.Itoa(b.sends)))
			})
	})
	if err != nil {
		return nil, err
	}
	err = b.withSink(anywhere, func(to *server) error {
		return b.inTurn(
			func() error { return ownFree.addBarbSend(b, to, anywhere, &disk) },
			func() error { return vegetaFree.addSender(b, to, b.vegetaAttack(to.url).on(anywhere)) })
	})
	const what, free = "send -n, signed and recorded, c=16", "send -n, on all cores"
	return []row{
		rateLine(what, "vegeta", own, vegeta, atLeast(1.1, 1.5)),
		cpuLine(what, "vegeta", own, vegeta, atMost(0.9, 0.65)),
		rateLine(free, "vegeta", ownFree, vegetaFree, atLeast(1.2, 1.5)),
		cpuLine(free, "vegeta", ownFree, vegetaFree, goal{}),
		rateLine(what, "bombardier", own, bombardier, goal{}),
		cpuLine(what, "bombardier", own, bombardier, goal{}),
		rateLine(what, "its own engines, unrecorded", own, unrecorded, goal{}).drawn(""),
		cpuLine(what, "its own engines, unrecorded", own, unrecorded, goal{}).drawn(""),
		{What: fmt.Sprintf("send -n %d: memory", b.sends), Barb: mebibytes(own.rss.median()),
			CPU: micros(own.cpu.median()), Value: own.rss.median() / (1 << 20), Unit: " MiB", Goal: atMost(40, 24)},
		{What: "send -n: bytes on disk a request", Barb: fmt.Sprintf("%.0f B", disk.median()),
			CPU: micros(own.cpu.median()), Value: disk.median(), Unit: " B", Goal: atMost(1600, 500)},
	}, err
}

// addBarbSend measures a round with a history of its own, and adds what a request takes there.
func (r *rounds) addBarbSend(b *bench, to *server, cpu int, disk *samples) error {
	if err := r.addSender(b, to, b.barbSend(to.url, b.path("send.db"), "-n", strconv.Itoa(b.sends)).on(cpu)); err != nil {
		return err
	}
	size, err := b.sizeOf("send.db")
	if err != nil {
		return err
	}
	disk.add(float64(size) / float64(b.sends))
	return b.dropHistory("send.db")
}

func (b *bench) barbSend(url, history string, args ...string) command {
	return b.barb(append([]string{"send", url, "--concurrency", "16", "-s", "standard-webhooks", "--secret",
		"env:BENCH_SECRET", "-d", "@" + b.path("body.json"), "--db", history}, args...)...)
}

// vegetaAttack sends with one static header, as fast as it can, for as long as a round lasts.
func (b *bench) vegetaAttack(url string) command {
	return b.vegeta(url, "body.json", 16, "-rate", "0", "-duration", b.seconds.String(), "-output", os.DevNull)
}

func (b *bench) vegeta(url, file string, concurrency int, args ...string) command {
	targets := b.path("targets")
	text := fmt.Sprintf("POST %s/\nContent-Type: application/json\n@%s\n", url, b.path(file))
	if err := os.WriteFile(targets, []byte(text), 0o600); err != nil {
		b.say("%v", err) // vegeta will miss it and say so
	}
	many := strconv.Itoa(concurrency)
	return command{path: filepath.Join(b.bin, "vegeta"), cpu: toolCPU,
		args: append([]string{"attack", "-targets", targets, "-workers", many, "-max-workers", many},
			args...)}
}

// bombard sends the same, with no signature and by way of fasthttp.
func (b *bench) bombard(url string) command {
	return command{path: filepath.Join(b.bin, "bombardier"), cpu: toolCPU,
		args: []string{"--no-print", "-c", "16", "-d", b.seconds.String(), "-m", "POST",
			"-f", b.path("body.json"), "-H", "Content-Type: application/json", url + "/"}}
}
