package main

import (
	"debug/buildinfo"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// row is a line of the table.
type row struct {
	what       string
	barb, peer string
	value      float64 // what the goal is about: a ratio, or barb's own figure
	unit       string  // "×" for a ratio
	goal       goal
}

// goal is what value should be; the zero goal is none.
type goal struct {
	sign      string // "≥" or "≤"
	must, aim float64
}

func atLeast(must, aim float64) goal { return goal{"≥", must, aim} }
func atMost(must, aim float64) goal  { return goal{"≤", must, aim} }

func (g goal) met(value, bound float64) bool {
	if g.sign == "≥" {
		return value >= bound
	}
	return value <= bound
}

// verdict is the last column.
func (r row) verdict() string {
	switch {
	case r.goal.sign == "":
		return ""
	case r.goal.aim > 0 && r.goal.met(r.value, r.goal.aim):
		return "aim"
	case r.goal.met(r.value, r.goal.must):
		return "yes"
	}
	return "NO"
}

func (r row) bound(value float64) string {
	if r.goal.sign == "" || value == 0 {
		return "–"
	}
	return fmt.Sprintf("%s %.3g%s", r.goal.sign, value, r.unit)
}

func (b *bench) print(out io.Writer, rows []row) error {
	fmt.Fprintf(out, "\n%s\n\n", b.conditions())
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "what\tbarb\tpeer\tratio\tmust\taim\tmet")
	for _, r := range rows {
		fmt.Fprintf(table, "%s\t%s\t%s\t%.2f%s\t%s\t%s\t%s\n", r.what, r.barb, r.peer, r.value, r.unit, r.bound(r.goal.must),
			r.bound(r.goal.aim), r.verdict())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out, "\nMedians; a ratio is the median of the rounds' ratios. "+
		"Figures of different runs cannot be compared, ratios can.")
	for _, note := range b.notes {
		fmt.Fprintln(out, note)
	}
	return nil
}

// conditions is what a reader must know of the machine and the peers.
func (b *bench) conditions() string {
	version := func(path string, args ...string) string {
		text, _ := exec.CommandContext(b.ctx, path, args...).CombinedOutput() // wrk -v exits with 1
		words := strings.Fields(string(text))
		return strings.Join(words[:min(2, len(words))], " ")
	}
	return fmt.Sprintf(
		"%s, %s/%s with %d processors; %s, %s, %s, vegeta %s, bombardier %s; payload 1 KiB, %d rounds in turn",
		time.Now().Format(time.DateOnly), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(),
		version(filepath.Join(b.bin, "barb"), "version"),
		version("openssl", "version"), version("wrk", "-v"), b.versionOf("vegeta"), b.versionOf("bombardier"), b.rounds)
}

// versionOf is read from the program: those that were built as modules do not know their own.
func (b *bench) versionOf(name string) string {
	info, err := buildinfo.ReadFile(filepath.Join(b.bin, name))
	if err != nil {
		return "?"
	}
	return info.Main.Version
}

func perSecond(v float64) string { return fmt.Sprintf("%.0f/s", v) }
func micros(v float64) string    { return fmt.Sprintf("%.1f µs", v*1e6) }
func millis(v float64) string    { return fmt.Sprintf("%.2f ms", v*1e3) }
func mebibytes(v float64) string { return fmt.Sprintf("%.1f MiB", v/(1<<20)) }
