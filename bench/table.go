package main

import (
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// row is a line of the table.
type row struct {
	What    string  `json:"what"`
	Against string  `json:"against,omitempty"` // the peer
	Barb    string  `json:"barb"`
	Peer    string  `json:"peer,omitempty"`
	CPU     string  `json:"cpu,omitempty"` // of processor time a request, or a process
	PeerCPU string  `json:"peer_cpu,omitempty"`
	Value   float64 `json:"value"` // what the goal is about: a ratio, or barb's own figure
	Unit    string  `json:"unit"`  // "×" for a ratio
	Goal    goal    `json:"goal"`
	Met     string  `json:"met,omitempty"`  // set when the run ends
	Bars    string  `json:"bars,omitempty"` // the chart that it is drawn in
}

// drawn is the line in another chart; "" is none.
func (r row) drawn(bars string) row { r.Bars = bars; return r }

// goal is what value should be; the zero goal is none.
type goal struct {
	Sign string  `json:"sign,omitempty"` // "≥" or "≤"
	Must float64 `json:"must,omitempty"`
	Aim  float64 `json:"aim,omitempty"`
}

func atLeast(must, aim float64) goal { return goal{"≥", must, aim} }
func atMost(must, aim float64) goal  { return goal{"≤", must, aim} }

func (g goal) met(value, bound float64) bool {
	if g.Sign == "≥" {
		return value >= bound
	}
	return value <= bound
}

// verdict is the last column.
func (r row) verdict() string {
	switch {
	case r.Goal.Sign == "":
		return ""
	case r.Goal.Aim > 0 && r.Goal.met(r.Value, r.Goal.Aim):
		return "aim"
	case r.Goal.met(r.Value, r.Goal.Must):
		return "yes"
	}
	return "NO"
}

func (r row) bound(value float64) string {
	if r.Goal.Sign == "" || value == 0 {
		return "–"
	}
	return fmt.Sprintf("%s %.4g%s", r.Goal.Sign, value, r.Unit)
}

// columns are the cells of the table, and cells those of a line.
var columns = []string{"what", "against", "barb", "peer", "ratio", "CPU of barb", "of the peer", "must", "aim", "met"}

func (r row) cells() []string {
	return []string{r.What, r.Against, r.Barb, r.Peer, fmt.Sprintf("%.2f%s", r.Value, r.Unit), r.CPU, r.PeerCPU,
		r.bound(r.Goal.Must), r.bound(r.Goal.Aim), r.Met}
}

// run is what one run of the bench found, as it is written to a file.
type run struct {
	Date    string   `json:"date"`
	Machine string   `json:"machine"`
	Of      string   `json:"of"` // barb, its peers, and how much was measured
	Short   bool     `json:"short,omitempty"`
	Server  bool     `json:"server,omitempty"` // the history that was measured is on a server
	Rows    []row    `json:"rows"`
	Curves  []curve  `json:"curves,omitempty"`
	Notes   []string `json:"notes,omitempty"`
}

func (b *bench) found(rows []row) run {
	for i := range rows {
		rows[i].Met = rows[i].verdict()
	}
	of := b.conditions
	if b.server != nil {
		of = b.serverConditions
	}
	return run{Date: time.Now().Format(time.DateOnly), Machine: machine(), Of: of(), Short: b.rounds < 3,
		Server: b.server != nil, Rows: rows, Curves: b.curves, Notes: b.notes}
}

func (r run) print(out io.Writer) error {
	fmt.Fprintf(out, "\n%s, %s\n%s\n\n", r.Date, r.Machine, r.Of)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, strings.Join(columns, "\t"))
	for _, line := range r.Rows {
		fmt.Fprintln(table, strings.Join(line.cells(), "\t"))
	}
	for _, c := range r.Curves {
		fmt.Fprintf(table, "\n%s\n", c.What)
		for _, l := range c.Lines {
			fmt.Fprintf(table, "%s\t%s\n", l.Name, l)
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out, "\nMedians; a ratio is the median of the rounds' ratios. "+
		"Figures of different runs cannot be compared, ratios can.")
	for _, note := range r.Notes {
		fmt.Fprintln(out, note)
	}
	return nil
}

// write keeps the run for those who draw it.
func (r run) write(path string) error {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644) //nolint:gosec // it holds no secret
}

// machine names the processor and the system.
func machine() string {
	model := runtime.GOARCH
	info, _ := os.ReadFile("/proc/cpuinfo") // elsewhere than on Linux there is none
	if _, rest, found := strings.Cut(string(info), "model name"); found {
		line, _, _ := strings.Cut(rest, "\n")
		model = strings.Trim(line, " \t:")
	}
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return strings.TrimSpace(fmt.Sprintf("%s, %d processors, %s %s", model, runtime.NumCPU(), runtime.GOOS, kernel))
}

// conditions is what a reader must know of the peers and of how much was measured.
func (b *bench) conditions() string {
	return fmt.Sprintf("%s, %s, %s, vegeta %s, bombardier %s; payload 1 KiB; %d rounds in turn, of %v each",
		b.version(filepath.Join(b.bin, "barb"), "version"),
		b.version("openssl", "version"), b.version("wrk", "-v"), b.versionOf("vegeta"), b.versionOf("bombardier"), b.rounds,
		b.seconds)
}

// version is the first two words that a program says of itself.
func (b *bench) version(path string, args ...string) string {
	text, _ := exec.CommandContext(b.ctx, path, args...).CombinedOutput() // wrk -v exits with 1
	words := strings.Fields(string(text))
	return strings.Join(words[:min(2, len(words))], " ")
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
