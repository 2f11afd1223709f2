package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
)

// replay is `barb replay` of captured hooks, signed anew and recorded, against vegeta sending one request over and
// over.
func replay(b *bench) (rows []row, err error) {
	fill := b.self("fill", "-db", b.path("captured.db"), "-rows", strconv.Itoa(b.replays))
	if _, err := b.run(fill.on(anywhere)); err != nil {
		return nil, err
	}
	many, err := b.replaysMany()
	if err != nil {
		return nil, err
	}
	to, err := b.serve(b.self("sink").on(peerCPU))
	if err != nil {
		return nil, err
	}
	defer closeServer(to, &err)
	var again, vegeta senders
	for range b.rounds {
		if err := copyFile(b.path("captured.db"), b.path("replay.db")); err != nil {
			return nil, err
		}
		c := b.barb("replay", "1.."+strconv.Itoa(b.replays), "--to", to.url, "--resign", "--secret", "env:BENCH_SECRET",
			"--db", b.path("replay.db"))
		c.args = append(c.args, many...)
		if _, err := again.add(b, to, c); err != nil {
			return nil, err
		}
		if err := b.dropHistory("replay.db"); err != nil {
			return nil, err
		}
		if _, err := vegeta.add(b, to, b.vegetaAttack(to.url)); err != nil {
			return nil, err
		}
	}
	what := fmt.Sprintf("replay of %d, signed anew and recorded, against vegeta", b.replays)
	if many == nil {
		what += " (one at a time: replay has no --concurrency)"
	}
	return []row{{what: what, barb: perSecond(again.rate.median()), peer: perSecond(vegeta.rate.median()),
		value: again.rate.to(vegeta.rate), unit: "×", goal: atLeast(0.7, 1.4)}}, nil
}

// replaysMany is the flag by which replay sends sixteen at a time, as vegeta does; none when it has no such flag.
func (b *bench) replaysMany() ([]string, error) {
	if known, err := b.has("replay", "--concurrency"); err != nil || !known {
		return nil, err
	}
	return []string{"--concurrency", "16"}, nil
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
