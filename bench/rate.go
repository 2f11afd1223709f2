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
func pace(b *bench) ([]row, error) {
	var ours, theirs paced
	err := b.withSink(peerCPU, func(to *server) error {
		for range min(b.rounds, 3) {
			if err := ours.add(b.barbStarts(to.url)); err != nil {
				return err
			}
			if err := theirs.add(b.vegetaStarts(to.url)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("send --rate %d/s", asked)
	cpu, peerCPU := micros(ours.cpu.median()), micros(theirs.cpu.median())
	return []row{
		{What: what + ": lateness p50", Against: "vegeta", Barb: millis(ours.late.median()),
			Peer: millis(theirs.late.median()), CPU: cpu, PeerCPU: peerCPU,
			Value: ours.late.to(theirs.late), Unit: "×", Goal: atMost(1, 0.2)},
		{What: what + ": lateness p99", Against: "vegeta", Barb: millis(ours.late99.median()),
			Peer: millis(theirs.late99.median()), CPU: cpu, PeerCPU: peerCPU,
			Value: ours.late99.to(theirs.late99), Unit: "×"},
		{What: what + ": off what was asked for", Against: "vegeta", Barb: fmt.Sprintf("%.2f/s", ours.rate.median()),
			Peer: fmt.Sprintf("%.2f/s", theirs.rate.median()), CPU: cpu, PeerCPU: peerCPU,
			Value: math.Abs(ours.rate.median()/asked-1) * 100, Unit: " %", Goal: atMost(0.1, 0)},
	}, nil
}

// paced are the rounds of one who keeps a schedule: seconds, and hooks a second.
type paced struct{ late, late99, rate, cpu samples }

// add takes the starts of one round. The schedule begins where no start is before its time.
func (p *paced) add(starts []time.Time, used usage, err error) error {
	if err != nil {
		return err
	}
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
	p.cpu.add(used.cpu.Seconds() / float64(len(starts)))
	return nil
}

// barbStarts sends for as long as a round lasts, and reads the starts from the history.
func (b *bench) barbStarts(url string) (starts []time.Time, used usage, err error) {
	used, err = b.run(b.barbSend(url, b.path("send.db"), "-n", strconv.Itoa(b.paced()), "--rate", strconv.Itoa(asked)+"/s"))
	if err != nil {
		return nil, used, err
	}
	history, err := store.OpenExisting(b.ctx, b.path("send.db"))
	if err != nil {
		return nil, used, err
	}
	defer func() { _ = b.dropHistory("send.db") }() // the folder goes, too
	defer history.Close()                           // only read
	for x, err := range history.List(b.ctx, store.Filter{Limit: b.paced()}) {
		if err != nil {
			return nil, used, err
		}
		starts = append(starts, x.Start)
	}
	return starts, used, nil
}

func (b *bench) paced() int { return int(b.seconds.Seconds() * asked) }

// vegetaStarts attacks as long, and reads the starts from vegeta's results.
func (b *bench) vegetaStarts(url string) (starts []time.Time, used usage, err error) {
	results := b.path("vegeta.bin")
	if used, err = b.run(b.vegeta(url, "body.json", 16, "-rate", strconv.Itoa(asked)+"/s", "-duration",
		b.seconds.String(), "-output", results)); err != nil {
		return nil, used, err
	}
	var text strings.Builder
	if _, err := b.run(command{path: filepath.Join(b.bin, "vegeta"), args: []string{"encode", "-to", "csv", results},
		cpu: anywhere, out: &text}); err != nil {
		return nil, used, err
	}
	for lines := csv.NewReader(strings.NewReader(text.String())); ; {
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return starts, used, nil
		}
		if err != nil {
			return nil, used, err
		}
		nanos, err := strconv.ParseInt(fields[0], 10, 64)
		if err != nil {
			return nil, used, err
		}
		starts = append(starts, time.Unix(0, nanos))
	}
}
