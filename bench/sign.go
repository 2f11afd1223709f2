package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// startUp is how long a process takes that does next to nothing.
func startUp(b *bench) ([]row, error) {
	own := b.barb("version").on(anywhere)
	peer := command{path: "openssl", args: []string{"version"}, cpu: anywhere}
	barb, openssl, err := b.race(own, peer, b.runs)
	if err != nil {
		return nil, err
	}
	line := raceLine("start-up: barb version", "openssl version", barb, openssl, goal{})
	line.Value, line.Unit, line.Goal = barb.wall.median()*1e3, " ms", atMost(5, 0)
	return []row{line}, nil
}

// signSmall signs 1 KiB, from exec to exit.
func signSmall(b *bench) ([]row, error) {
	barb, openssl, err := b.raceSign(b.path("body.json"), b.runs)
	if err != nil {
		return nil, err
	}
	return []row{raceLine("sign of 1 KiB: time of the process", "openssl dgst", barb, openssl, atMost(1, 0.9))}, nil
}

// signGiant signs a file larger than either program would read whole.
func signGiant(b *bench) ([]row, error) {
	file := b.path("giant")
	if err := writeGiant(file, b.giant); err != nil {
		return nil, err
	}
	defer os.Remove(file) // the folder goes, too
	barb, openssl, err := b.raceSign(file, b.rounds)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("sign of a file of %d MiB", b.giant>>20)
	memory := raceLine(what+": memory", "", barb, openssl, atMost(20, 0))
	memory.Barb, memory.Peer, memory.PeerCPU = mebibytes(barb.memory.median()), "", ""
	memory.Value, memory.Unit = barb.memory.median()/(1<<20), " MiB"
	return []row{raceLine(what+": time", "openssl dgst", barb, openssl, atMost(0.9, 0.76)), memory}, nil
}

// raceLine is the line of two commands that ran in turn: whole processes, by the wall clock.
func raceLine(what, against string, own, peer racer, g goal) row {
	return row{What: what, Against: against, Barb: millis(own.wall.median()), Peer: millis(peer.wall.median()),
		CPU: millis(own.cpu.median()), PeerCPU: millis(peer.cpu.median()), Value: own.wall.to(peer.wall), Unit: "×", Goal: g}
}

// raceSign has both sign a file, and first sees that they sign it alike.
func (b *bench) raceSign(file string, runs int) (barb, openssl racer, err error) {
	own := b.barb("sign", "-s", "github", "--secret", "env:BENCH_SECRET", file).on(anywhere)
	peer := command{path: "openssl", args: []string{"dgst", "-sha256", "-hmac", secret, file}, cpu: anywhere}
	if err := b.alike(own, peer); err != nil {
		return barb, openssl, err
	}
	return b.race(own, peer, runs)
}

func (b *bench) alike(own, peer command) error {
	var ours, theirs strings.Builder
	own.out, peer.out = &ours, &theirs
	for _, c := range []command{own, peer} {
		if _, err := b.run(c); err != nil {
			return err
		}
	}
	fields := strings.Fields(theirs.String())
	if len(fields) == 0 || !strings.Contains(ours.String(), fields[len(fields)-1]) {
		return fmt.Errorf("openssl says %q, barb %q", theirs.String(), ours.String())
	}
	return nil
}

// racer is one of two commands that run in turn.
type racer struct{ wall, cpu, memory samples }

func (b *bench) race(own, peer command, runs int) (barb, other racer, err error) {
	for range runs {
		for _, lane := range []struct {
			command
			*racer
		}{{own, &barb}, {peer, &other}} {
			used, err := b.run(lane.command)
			if err != nil {
				return barb, other, err
			}
			lane.wall.add(used.wall.Seconds())
			lane.racer.cpu.add(used.cpu.Seconds())
			lane.memory.add(float64(used.rss))
		}
	}
	return barb, other, nil
}

func writeGiant(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	block := bytes.Repeat(payload(1024), 1024)
	for left := size; left > 0 && err == nil; left -= int64(len(block)) {
		_, err = f.Write(block[:min(left, int64(len(block)))])
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}
