// Program bench measures barb against its peers, each pair in turn in the same run, and prints the ratios. It judges
// nothing: a missed goal is a word in a table and never an exit code. It measures whole processes from outside; what
// happens inside barb is for the benchmarks of its packages.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/barbhq/barb/store/postgres/pgtest"
)

// comparison measures one thing and returns its lines of the table.
type comparison struct {
	name    string
	measure func(*bench) ([]row, error)
}

// comparisons run in this order: those that look at memory first, while the runner itself is small (see usage.rss).
var comparisons = []comparison{
	{"start", startUp},
	{"sign", signSmall},
	{"giant", signGiant},
	{"send", send},
	{"memory", memory},
	{"rate", pace},
	{"replay", replay},
	{"listen", receive},
	{"history", history},
	{"curves", growth},
}

// roles are what the runner starts itself as, beside the peers, so that each has a process of its own.
var roles = map[string]func(context.Context, []string) error{
	"sink":       sink,
	"bare":       bare,
	"unrecorded": unrecorded,
	"fill":       fill,
	"uplink":     uplink,
	"draw":       draw,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := start(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func start(ctx context.Context, args []string, out io.Writer) (err error) {
	if len(args) > 0 && roles[args[0]] != nil {
		return roles[args[0]](ctx, args[1:])
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	bin := flags.String("bin", "bin", "the `folder` of barb and its peers, where files are made, too")
	script := flags.String("wrk-script", "bench/post.lua", "what wrk posts")
	to := flags.String("json", "", "the `file` that the run is written to, for the role draw")
	onServer := flags.Bool("server", false, "a history on a PostgreSQL server against one in a file, instead of peers")
	if err := flags.Parse(args); err != nil {
		return err
	}
	known := comparisons
	if *onServer {
		known = serverComparisons
	}
	chosen, err := choose(known, flags.Args())
	if err != nil {
		return err
	}
	b, err := newBench(ctx, *bin, *script)
	if err != nil {
		return err
	}
	defer os.RemoveAll(b.dir) // what is left is in a folder that git ignores
	if *onServer {
		if err := b.startServer(); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, b.server.Stop()) }()
	}
	rows, err := b.all(chosen)
	if len(rows)+len(b.curves) == 0 {
		return err
	}
	r := b.found(rows)
	if *to != "" {
		err = errors.Join(err, r.write(*to))
	}
	return errors.Join(err, r.print(out))
}

// choose finds those of some comparisons that have the given names; no name is all of them.
func choose(comparisons []comparison, names []string) ([]comparison, error) {
	known := map[string]bool{}
	for _, c := range comparisons {
		known[c.name] = true
	}
	for _, name := range names {
		if !known[name] {
			return nil, fmt.Errorf("%q is none of %s", name, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
	}
	if len(names) == 0 {
		return comparisons, nil
	}
	return slices.DeleteFunc(slices.Clone(comparisons),
		func(c comparison) bool { return !slices.Contains(names, c.name) }), nil
}

// all runs the comparisons. One that cannot be measured does not keep the others from it.
func (b *bench) all(chosen []comparison) ([]row, error) {
	var rows []row
	var errs error
	for _, c := range chosen {
		b.say("measuring %s", c.name)
		measured, err := c.measure(b)
		rows = append(rows, measured...)
		if err != nil {
			errs = errors.Join(errs, fmt.Errorf("%s: %w", c.name, err))
		}
		if b.ctx.Err() != nil {
			break
		}
	}
	return rows, errs
}

// bench is one run: what is measured, with what, how often.
type bench struct {
	ctx        context.Context
	bin        string // barb, its peers and this program
	dir        string // for everything that is written
	script     string
	curves     []curve
	notes      []string        // what a reader of the table must know besides
	server     *pgtest.Cluster // nil: a history is in a file
	loadBefore string          // of the machine, as in /proc/loadavg
	amounts
}

func newBench(ctx context.Context, bin, script string) (*bench, error) {
	amounts, err := amountsFrom(os.Getenv)
	if err != nil {
		return nil, err
	}
	if bin, err = filepath.Abs(bin); err != nil {
		return nil, err
	}
	// Not the system's temporary folder: that may be memory, where a history would be durable for nothing.
	dir, err := os.MkdirTemp(bin, "bench-")
	if err != nil {
		return nil, err
	}
	load, _ := os.ReadFile("/proc/loadavg") // elsewhere than on Linux there is none
	b := &bench{ctx: ctx, bin: bin, dir: dir, script: script, amounts: amounts, loadBefore: string(load)}
	return b, os.WriteFile(b.path("body.json"), payload(1024), 0o600)
}

func (b *bench) note(format string, args ...any) {
	b.notes = append(b.notes, fmt.Sprintf(format, args...))
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

func (b *bench) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
}
