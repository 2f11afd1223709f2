package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/store"
)

// receiving are the rounds of barb and of a bare server under the same load.
type receiving struct{ barb, bare rounds }

// receive is `barb listen -s github` under wrk, against a server that verifies the same and keeps nothing.
func receive(b *bench) ([]row, error) {
	var few, many, one, free, light receiving
	var hook weight
	memory := "/dev/shm" // fsync costs nothing there
	steps := append(b.receivers(&few, load{connections: 64}, toolCPU, b.dir, &hook),
		b.receivers(&many, load{connections: 256}, toolCPU, b.dir, nil)...)
	steps = append(steps, b.receivers(&one, load{connections: 64, oneID: true}, toolCPU, b.dir, nil)...)
	steps = append(steps, b.receivers(&free, load{connections: 64, cpu: anywhere}, anywhere, b.dir, nil)...)
	if info, _ := os.Stat(memory); info != nil && info.IsDir() {
		steps = append(steps, b.receivers(&light, load{connections: 64}, toolCPU, memory, nil)...)
	} else {
		b.note("Not measured: listen without durability, for which the history is put into /dev/shm.")
	}
	if err := b.inTurn(steps...); err != nil {
		return nil, err
	}
	const what, net = "listen, verified and durable before the 200, c=64", "net/http + HMAC, keeps nothing"
	rows := []row{
		rateLine(what, net, few.barb, few.bare, atLeast(0.45, 0.6)),
		cpuLine(what, net, few.barb, few.bare, atMost(2, 1.6)),
		p99Line("listen, c=64", few, atMost(15, 5)),
		rateLine("listen, c=256", net, many.barb, many.bare, atLeast(0.6, 0.8)),
		cpuLine("listen, c=256", net, many.barb, many.bare, goal{}),
		p99Line("listen, c=256", many, goal{}),
		rateLine("listen on all cores, c=64", net, free.barb, free.bare, goal{}),
		cpuLine("listen on all cores, c=64", net, free.barb, free.bare, goal{}),
		rateLine("listen, c=64, all with one id", net, one.barb, one.bare, goal{}).drawn(""),
		cpuLine("listen, c=64, all with one id", net, one.barb, one.bare, goal{}).drawn(""),
	}
	if len(light.barb.rate) > 0 {
		b.note("The history in memory is a check that the rest of listen stays lean: its fsync costs nothing.")
		rows = append(rows,
			rateLine("listen, c=64, history in memory", net, light.barb, light.bare, goal{}).drawn(""),
			cpuLine("listen, c=64, history in memory", net, light.barb, light.bare, atMost(1, 0.8)).drawn(""))
	}
	rows = append(rows, row{What: "listen: bytes on disk a hook / its body and headers",
		Barb: fmt.Sprintf("%.0f B", hook.ratio.median()*float64(hook.bytes)), Peer: fmt.Sprintf("%d B", hook.bytes),
		CPU: micros(few.barb.cpu.median()), Value: hook.ratio.median(), Unit: "×", Goal: atMost(1.25, 0.7)})
	large, err := b.largeBodies()
	if err != nil {
		return rows, err
	}
	peers, err := b.peers(few.bare)
	return append(append(rows, large), peers...), err
}

// receivers are a round of barb, whose history is in a folder, and a round of the bare server.
func (b *bench) receivers(r *receiving, l load, cpu int, folder string, w *weight) []func() error {
	l.file = "body.json"
	if l.cpu == 0 {
		l.cpu = peerCPU
	}
	return []func() error{
		func() error { return b.receiveDurably(&r.barb, l, cpu, folder, w) },
		func() error { _, err := r.bare.addReceiver(b, b.self("bare").on(cpu), l); return err },
	}
}

// receiveDurably is a round of barb with a history of its own, in which every answer must be.
func (b *bench) receiveDurably(r *rounds, l load, cpu int, folder string, w *weight) error {
	dir, err := os.MkdirTemp(folder, "barb-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) // it is bounded by a round, and named so that one sees whose it was
	path := filepath.Join(dir, "listen.db")
	answered, err := r.addReceiver(b, b.listener(path).on(cpu), l)
	if err != nil {
		return err
	}
	return b.weigh(path, answered, w)
}

func p99Line(what string, r receiving, g goal) row {
	return row{What: what + ": p99", Against: "net/http + HMAC, keeps nothing", Barb: millis(r.barb.p99.median()),
		Peer: millis(r.bare.p99.median()), CPU: micros(r.barb.cpu.median()), PeerCPU: micros(r.bare.cpu.median()),
		Value: r.barb.p99.median() * 1e3, Unit: " ms", Goal: g}
}

// largeBodies is the memory of a listener to which 256 connections send 64 KiB each at a time.
func (b *bench) largeBodies() (row, error) {
	if err := os.WriteFile(b.path("large.json"), payload(64<<10), 0o600); err != nil {
		return row{}, err
	}
	var r rounds
	_, err := r.addReceiver(b, b.listener(b.path("large.db")), load{file: "large.json", connections: 256, cpu: peerCPU})
	if err != nil {
		return row{}, err
	}
	return row{What: "listen, c=256, bodies of 64 KiB: memory", Barb: mebibytes(r.rss.median()),
			CPU: micros(r.cpu.median()), Value: r.rss.median() / (1 << 20), Unit: " MiB", Goal: atMost(100, 0)},
		b.dropHistory("large.db")
}

func (b *bench) listener(history string) command {
	return b.barb("listen", "--addr", "127.0.0.1:0", "-s", "github", "--secret", "env:BENCH_SECRET", "--for", "10m",
		"--db", history)
}

// weight is what a hook takes on disk by what it is long, and how long it is: its head and its body.
type weight struct {
	ratio samples
	bytes int
}

// weigh looks into the history that was left: every answer must be in it.
func (b *bench) weigh(path string, answered int, w *weight) error {
	history, err := store.OpenExisting(b.ctx, path)
	if err != nil {
		return err
	}
	defer history.Close() // only read
	kept, err := history.Newest(b.ctx, 0)
	if err != nil {
		return err
	}
	if kept < int64(answered) {
		return fmt.Errorf("%d hooks were answered and %d kept", answered, kept)
	}
	if w == nil {
		return nil
	}
	x, err := history.Get(b.ctx, kept)
	if err != nil {
		return err
	}
	w.bytes = len(x.Request.Head) + len(x.Request.Body)
	w.ratio.add(float64(history.Size()) / float64(kept) / float64(w.bytes))
	return nil
}

type wrkReport struct {
	answers, errors int
	seconds, p99    float64
}

// wrk posts a file, correctly signed, over and over. It takes whole seconds only.
func (b *bench) wrk(url string, l load, seconds time.Duration) (wrkReport, error) {
	body, err := os.ReadFile(b.path(l.file))
	if err != nil {
		return wrkReport{}, err
	}
	var out strings.Builder
	c := command{path: "wrk", cpu: l.cpu, out: &out, args: []string{"-t1", "-c" + strconv.Itoa(l.connections),
		"-d" + seconds.Round(time.Second).String(), "-s", b.script, url + "/webhooks/github"}}
	c.env = []string{"BENCH_BODY=" + b.path(l.file), "BENCH_SIGNATURE=sha256=" + hex.EncodeToString(digest(secret, body))}
	if l.oneID {
		c.env = append(c.env, "BENCH_ONE_ID=1")
	}
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
