package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
)

// replay is `barb replay` of captured hooks, signed anew and recorded, against vegeta sending one request over and
// over.
func replay(b *bench) ([]row, error) {
	fill := b.self("fill", "-db", b.path("captured.db"), "-rows", strconv.Itoa(b.replays))
	if _, err := b.run(fill.on(anywhere)); err != nil {
		return nil, err
	}
	var own, vegeta rounds
	err := b.withSink(peerCPU, func(to *server) error {
		return b.inTurn(func() error { return own.addReplay(b, to) },
			func() error { return vegeta.addSender(b, to, b.vegetaAttack(to.url)) })
	})
	what := fmt.Sprintf("replay of %d, signed anew and recorded, c=16", b.replays)
	return []row{rateLine(what, "vegeta", own, vegeta, atLeast(0.5, 0.7)), cpuLine(what, "vegeta", own, vegeta, goal{}),
		{What: fmt.Sprintf("replay of %d: memory", b.replays), Barb: mebibytes(own.rss.median()),
			CPU: micros(own.cpu.median()), Value: own.rss.median() / (1 << 20), Unit: " MiB"}}, err
}

// addReplay measures a round with a copy of the captured history.
func (r *rounds) addReplay(b *bench, to *server) error {
	if err := copyFile(b.path("captured.db"), b.path("replay.db")); err != nil {
		return err
	}
	c := b.barb("replay", "1.."+strconv.Itoa(b.replays), "--to", to.url, "--resign", "--secret", "env:BENCH_SECRET",
		"--concurrency", "16", "--db", b.path("replay.db"))
	return errors.Join(r.addSender(b, to, c), b.dropHistory("replay.db"))
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close() // only read
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		_ = out.Close()
		return err
	}
	if err := out.Sync(); err != nil { // else the first round pays for it
		_ = out.Close()
		return err
	}
	return out.Close()
}

// dropHistory removes a history with what SQLite puts beside it.
func (b *bench) dropHistory(name string) error {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(b.path(name + suffix)); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return nil
}

// sizeOf is how long a file is.
func (b *bench) sizeOf(name string) (int64, error) {
	info, err := os.Stat(b.path(name))
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
