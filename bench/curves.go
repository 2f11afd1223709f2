package main

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"
)

// curve is how processor time a request grows with something, for each of some programs.
type curve struct {
	Name  string `json:"name"`
	What  string `json:"what"`
	Bytes bool   `json:"bytes,omitempty"` // what it grows with is a length
	Lines []line `json:"lines"`
}

// line is one program: the points it was measured at, and µs of processor a request there.
type line struct {
	Name string    `json:"name"`
	At   []int     `json:"at"`
	CPU  []float64 `json:"cpu"`
}

func (l line) String() string {
	var b strings.Builder
	for i, at := range l.At {
		fmt.Fprintf(&b, "%d: %.1f µs  ", at, l.CPU[i])
	}
	return b.String()
}

// growth measures CPU a request by the number of connections and by the size of the body.
func growth(b *bench) ([]row, error) {
	connections := curve{Name: "connections", What: "CPU a request by connections, body 1 KiB"}
	sizes := curve{Name: "sizes", What: "CPU a request by the size of the body, 16 connections", Bytes: true}
	for _, n := range []int{1, 4, 16, 64, 256, 1024} {
		if err := b.point(&connections, n, 1024, n); err != nil {
			return nil, err
		}
	}
	for _, size := range []int{1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20} {
		if err := b.point(&sizes, size, size, 16); err != nil {
			return nil, err
		}
	}
	b.curves = append(b.curves, connections, sizes)
	return nil, nil
}

// point measures all programs once, in turn, for two seconds each.
func (b *bench) point(c *curve, at, size, connections int) error {
	short := *b
	short.seconds = min(b.seconds, 2*time.Second)
	const file = "sized.json"
	if err := os.WriteFile(b.path(file), payload(size), 0o600); err != nil {
		return err
	}
	l, many := load{file: file, connections: connections, cpu: peerCPU}, strconv.Itoa(connections)
	var listen, bare, send, vegeta rounds
	err := short.withSink(peerCPU, func(to *server) error {
		own := b.barb("send", to.url, "--for", short.seconds.String(), "--concurrency", many, "-s", "standard-webhooks",
			"--secret", "env:BENCH_SECRET", "-d", "@"+b.path(file), "--db", b.path("send.db"))
		if err := send.addSender(&short, to, own); err != nil {
			return err
		}
		if err := b.dropHistory("send.db"); err != nil {
			return err
		}
		return vegeta.addSender(&short, to, b.vegeta(to.url, file, connections, "-rate", "0", "-duration",
			short.seconds.String(), "-output", os.DevNull))
	})
	if err != nil {
		return err
	}
	if err := short.receiveDurably(&listen, l, toolCPU, b.dir, nil); err != nil {
		return err
	}
	if _, err := bare.addReceiver(&short, b.self("bare"), l); err != nil {
		return err
	}
	for i, p := range []struct {
		name string
		rounds
	}{{"barb listen", listen}, {"net/http + HMAC", bare}, {"barb send", send}, {"vegeta", vegeta}} {
		if len(c.Lines) == i {
			c.Lines = append(c.Lines, line{Name: p.name})
		}
		c.Lines[i].At = append(c.Lines[i].At, at)
		c.Lines[i].CPU = append(c.Lines[i].CPU, math.Round(p.cpu.median()*1e8)/100)
	}
	return nil
}
