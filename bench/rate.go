package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/store"
)

// asked is how many hooks a second are asked for where the clock is what is measured.
const asked = 1000

// pace is how well `barb send --rate` keeps an absolute schedule, against vegeta: both by the starts that they record
// themselves, and by one formula.
func pace(b *bench) (rows []row, err error) {
	if known, err := b.has("send", "--rate"); err != nil || !known {
		b.note("Not measured: send --rate, which this barb does not have.")
		return nil, err
	}
	to, err := b.serve(b.self("sink").on(peerCPU))
	if err != nil {
		return nil, err
	}
	defer closeServer(to, &err)
	var ours, theirs paced
	for range min(b.rounds, 3) {
		for _, lane := range []struct {
			*paced
			starts func(url string) ([]time.Time, error)
		}{{&ours, b.barbStarts}, {&theirs, b.vegetaStarts}} {
			starts, err := lane.starts(to.url)
			if err != nil {
				return nil, err
			}
			if err := lane.add(starts); err != nil {
				return nil, err
			}
		}
	}
	off := math.Abs(ours.rate.median()/asked-1) * 100
	return []row{
		{what: fmt.Sprintf("send --rate %d/s: lateness p50, against vegeta", asked), barb: millis(ours.late.median()),
			peer:  millis(theirs.late.median()),
			value: ours.late.to(theirs.late), unit: "×", goal: atMost(1, 0.2)},
		{what: "… lateness p99", barb: millis(ours.late99.median()), peer: millis(theirs.late99.median()),
			value: ours.late99.to(theirs.late99), unit: "×"},
		{what: "… achieved, off what was asked for", barb: fmt.Sprintf("%.2f/s", ours.rate.median()),
			peer:  fmt.Sprintf("%.2f/s", theirs.rate.median()),
			value: off, unit: " %", goal: atMost(0.1, 0)},
	}, nil
}

// paced are the rounds of one who keeps a schedule: seconds, and hooks a second.
type paced struct{ late, late99, rate samples }

// add takes the starts of one round. The schedule begins where no start is before its time.
func (p *paced) add(starts []time.Time) error {
	if len(starts) < asked {
		return fmt.Errorf("only %d starts of a second or more at %d/s", len(starts), asked)
	}
	slices.SortFunc(starts, time.Time.Compare)
	first, last := starts[0], starts[len(starts)-1]
	late := make(samples, len(starts))
	for i, s := range starts {
		late[i] = s.Sub(first).Seconds() - float64(i)/asked
	}
	slices.Sort(late)
	p.late.add(late[len(late)/2] - late[0])
	p.late99.add(late[len(late)*99/100] - late[0])
	p.rate.add(float64(len(starts)-1) / last.Sub(first).Seconds())
	return nil
}

// barbStarts sends for as long as a round lasts, and reads the starts from the history.
func (b *bench) barbStarts(url string) ([]time.Time, error) {
	c := b.barb("send", url, "-n", strconv.Itoa(b.paced()), "--rate", strconv.Itoa(asked)+"/s", "--concurrency", "16",
		"-s", "standard-webhooks",
		"--secret", "env:BENCH_SECRET", "-d", "@"+b.path("body.json"), "--db", b.path("rate.db"))
	if _, err := b.run(c); err != nil {
		return nil, err
	}
	history, err := store.OpenExisting(b.ctx, b.path("rate.db"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = b.dropHistory("rate.db") }() // the folder goes, too
	defer history.Close()                           // only read
	var starts []time.Time
	for x, err := range history.List(b.ctx, store.Filter{Limit: b.paced()}) {
		if err != nil {
			return nil, err
		}
		starts = append(starts, x.Start)
	}
	return starts, nil
}

func (b *bench) paced() int { return int(b.seconds.Seconds() * asked) }

// vegetaStarts attacks as long, and reads the starts from vegeta's results.
func (b *bench) vegetaStarts(url string) ([]time.Time, error) {
	results := b.path("vegeta.bin")
	if _, err := b.run(b.vegeta(url, "-rate", strconv.Itoa(asked)+"/s", "-duration", b.seconds.String(), "-output",
		results)); err != nil {
		return nil, err
	}
	var text strings.Builder
	if _, err := b.run(command{path: filepath.Join(b.bin, "vegeta"), args: []string{"encode", "-to", "csv", results},
		cpu: anywhere, out: &text}); err != nil {
		return nil, err
	}
	var starts []time.Time
	for lines := csv.NewReader(strings.NewReader(text.String())); ; {
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return starts, nil
		}
		if err != nil {
			return nil, err
		}
		nanos, err := strconv.ParseInt(fields[0], 10, 64)
		if err != nil {
			return nil, err
		}
		starts = append(starts, time.Unix(0, nanos))
	}
}
