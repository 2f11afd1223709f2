package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/store"
)

// receive is `barb listen -s github` under wrk, against a server that verifies the same and keeps nothing.
func receive(b *bench) ([]row, error) {
	var few, many, bareFew received
	var disk samples
	for range b.rounds {
		size, err := few.addBarb(b, 64)
		if err != nil {
			return nil, err
		}
		disk.add(size)
		if err := bareFew.add(b, b.self("bare"), 64); err != nil {
			return nil, err
		}
		if _, err := many.addBarb(b, 256); err != nil {
			return nil, err
		}
	}
	large, err := b.largeBodies()
	if err != nil {
		return nil, err
	}
	rows := []row{
		{what: "listen, verified and durable before the 200, c=64, against bare net/http", barb: perSecond(few.rate.median()),
			peer:  perSecond(bareFew.rate.median()),
			value: few.rate.to(bareFew.rate), unit: "×", goal: atLeast(0.45, 0.8)},
		{what: "… p99 at c=64", barb: millis(few.p99.median()), peer: millis(bareFew.p99.median()),
			value: few.p99.median() * 1e3, unit: " ms", goal: atMost(20, 5)},
		{what: "… c=256 against c=64", barb: perSecond(many.rate.median()), peer: perSecond(few.rate.median()),
			value: many.rate.to(few.rate), unit: "×", goal: atLeast(0.85, 1)},
		{what: "… p99 at c=256", barb: millis(many.p99.median()), value: many.p99.median() * 1e3, unit: " ms"},
		{what: "… bytes on disk a hook / its body and headers", barb: fmt.Sprintf("%.0f B", disk.median()*float64(few.hook)),
			peer:  fmt.Sprintf("%d B", few.hook),
			value: disk.median(), unit: "×", goal: atMost(1.25, 0.7)},
		large,
	}
	peers, err := b.peers(bareFew)
	return append(rows, peers...), err
}

// largeBodies is the memory of a listener to which 256 connections send 64 KiB each at a time.
func (b *bench) largeBodies() (row, error) {
	if err := os.WriteFile(b.path("large.json"), payload(64<<10), 0o600); err != nil {
		return row{}, err
	}
	s, err := b.serve(b.listener())
	if err != nil {
		return row{}, err
	}
	report, err := b.wrk(s.url, "large.json", 256, b.seconds/2)
	if err = errors.Join(err, s.stop(), b.dropHistory("listen.db")); err != nil {
		return row{}, err
	}
	return row{what: "… memory at c=256 with bodies of 64 KiB", barb: mebibytes(float64(s.used.rss)),
		peer:  perSecond(float64(report.answers) / report.seconds),
		value: float64(s.used.rss) / (1 << 20), unit: " MiB", goal: atMost(100, 0)}, nil
}

// listener keeps a history of its own.
func (b *bench) listener() command {
	return b.barb("listen", "--addr", "127.0.0.1:0", "-s", "github", "--secret", "env:BENCH_SECRET", "--for", "10m",
		"--db", b.path("listen.db"))
}

// received are the rounds of one who receives.
type received struct {
	rate, p99 samples // answers a second; seconds
	hook      int     // bytes of a hook's body and head
}

// addBarb measures one round of barb with a history of its own, and returns what a hook takes on disk by what it is
// long.
func (r *received) addBarb(b *bench, connections int) (disk float64, err error) {
	answered := 0
	if err := r.measure(b, b.listener(), connections, &answered); err != nil {
		return 0, err
	}
	disk, err = r.weigh(b, answered)
	if err != nil {
		return 0, err
	}
	return disk, b.dropHistory("listen.db")
}

func (r *received) add(b *bench, c command, connections int) error {
	return r.measure(b, c, connections, new(int))
}

func (r *received) measure(b *bench, c command, connections int, answered *int) (err error) {
	s, err := b.serve(c)
	if err != nil {
		return err
	}
	defer closeServer(s, &err)
	*answered, err = r.load(b, s, connections)
	return err
}

// load puts a server under load and returns how many answers it gave.
func (r *received) load(b *bench, s *server, connections int) (answered int, err error) {
	report, err := b.wrk(s.url, "body.json", connections, b.seconds)
	if err != nil {
		return 0, err
	}
	if report.errors > 0 || report.answers == 0 {
		return 0, fmt.Errorf("%s: %d answers, %d errors", filepath.Base(s.cmd.Path), report.answers, report.errors)
	}
	r.rate.add(float64(report.answers) / report.seconds)
	r.p99.add(report.p99)
	return report.answers, nil
}

// weigh looks into the history that was left: every answer must be in it.
func (r *received) weigh(b *bench, answered int) (float64, error) {
	history, err := store.OpenExisting(b.ctx, b.path("listen.db"))
	if err != nil {
		return 0, err
	}
	defer history.Close() // only read
	kept, err := history.Newest(b.ctx, 0)
	if err != nil {
		return 0, err
	}
	if kept < int64(answered) {
		return 0, fmt.Errorf("%d hooks were answered and %d kept", answered, kept)
	}
	x, err := history.Get(b.ctx, kept)
	if err != nil {
		return 0, err
	}
	r.hook = len(x.Request.Head) + len(x.Request.Body)
	return float64(history.Size()) / float64(kept) / float64(r.hook), nil
}

type wrkReport struct {
	answers, errors int
	seconds, p99    float64
}

// wrk posts a file, correctly signed, over and over. It takes whole seconds only.
func (b *bench) wrk(url, file string, connections int, seconds time.Duration) (wrkReport, error) {
	body, err := os.ReadFile(b.path(file))
	if err != nil {
		return wrkReport{}, err
	}
	var out strings.Builder
	c := command{path: "wrk", cpu: peerCPU, out: &out, args: []string{"-t1", "-c" + strconv.Itoa(connections),
		"-d" + seconds.Round(time.Second).String(), "-s", b.script, url + "/webhooks/github"}}
	c.env = []string{"BENCH_BODY=" + b.path(file), "BENCH_SIGNATURE=sha256=" + hex.EncodeToString(digest(secret, body))}
	if _, err := b.run(c); err != nil {
		return wrkReport{}, err
	}
	_, line, _ := strings.Cut(out.String(), "BENCH ")
	var report wrkReport
	var took, p99 float64 // microseconds
	if _, err := fmt.Sscan(line, &report.answers, &took, &p99, &report.errors); err != nil {
		return wrkReport{}, fmt.Errorf("wrk said %q", out.String())
	}
	report.seconds, report.p99 = took/1e6, p99/1e6
	return report, nil
}
