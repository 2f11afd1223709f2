package flags

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/deliver"
)

// Many says how many messages are sent, in which order and how fast.
type Many struct {
	Count       int
	concurrency int
	rate, burst deliver.Rate
	Plot        bool
	lasting     *time.Duration
	ndjson      bool
	SkipBad     bool
	Again       float64 // from 0 to 1
	Shuffle     bool
	Resume      string

	Counted, parallel bool // -n and --concurrency were given
}

// AddFlags adds the flags to a command.
func (f *Many) AddFlags(cmd *cobra.Command) {
	set := cmd.Flags()
	set.IntVarP(&f.Count, "count", "n", 1, "send it `N` times, each with its own id and signature")
	set.IntVar(&f.concurrency, "concurrency", 1, "send `N` at the same time (with --rate 64, with --burst a whole burst)")
	set.Var(Rate(&f.rate), "rate", "start this many, evenly spread: `50/s`, 5/m")
	set.Var(Rate(&f.burst), "burst", "start this many at once, again and again: `100/5s`")
	set.Var(OptionalDuration(&f.lasting), "for", "start no more after this time; without -n, repeat until then")
	set.BoolVar(&f.ndjson, "ndjson", false, "the payload is one event a line (the default for .ndjson and .jsonl files)")
	set.BoolVar(&f.SkipBad, "skip-bad", false, "leave out and list lines that are not JSON, instead of sending nothing")
	set.Var(Percent(&f.Again), "duplicate", "send this `part` twice, with the same id and body, as providers do: 10%")
	set.BoolVar(&f.Shuffle, "shuffle", false, "send in a random order, which --seed repeats")
	set.StringVar(&f.Resume, "resume", "", "continue an interrupted `run`; @ is the newest of them")
	set.BoolVar(&f.Plot, "plot", false, "draw the latencies as characters at the end")
	cmd.MarkFlagsMutuallyExclusive("rate", "burst")
}

// Pace returns the rate of --rate or --burst.
func (f *Many) Pace() deliver.Rate {
	if f.burst.N > 0 {
		r := f.burst
		r.Burst = true
		return r
	}
	return f.rate
}

// Duration returns the time of --for, 0 without it.
func (f *Many) Duration() time.Duration {
	if f.lasting == nil {
		return 0
	}
	return *f.lasting
}

// IsRun reports whether the flags ask for a run, even where the payload is one event.
func (f *Many) IsRun() bool {
	return f.Count != 1 || f.Pace().N > 0 || f.Duration() > 0 || f.Again > 0 || f.Shuffle
}

// CheckMany notes which flags were given to cmd, and refuses what makes no sense. listed says whether the payload is a
// list of events.
func (f *Many) CheckMany(cmd *cobra.Command, listed bool) error {
	f.Counted, f.parallel = cmd.Flag("count").Changed, cmd.Flag("concurrency").Changed
	rate := f.Pace()
	flag := "--rate " + rate.String()
	if rate.Burst {
		flag = "--burst " + rate.String()
	}
	switch {
	case f.Count < 1:
		return fail.Usage("-n %d must be at least 1", f.Count)
	case f.concurrency < 1:
		return fail.Usage("--concurrency %d must be at least 1", f.concurrency)
	case f.lasting != nil && *f.lasting == 0:
		return fail.Usage("--for 0s must be more than 0").Hint("--for 30s")
	case rate.N > 0 && !f.Counted && f.Duration() == 0 && !listed:
		return fail.Usage("%s: how many, or for how long?", flag).Hint("add -n 1000 or --for 30s")
	case f.SkipBad && !listed:
		return fail.Usage("--skip-bad is for a file with one event a line").Hint("-d @events.ndjson --skip-bad")
	case f.Shuffle && f.Duration() > 0 && !f.Counted && rate.N == 0:
		return fail.Usage("--shuffle needs to know how many messages there are").Hint("-n 1000 beside --for, or --rate 50/s")
	}
	return nil
}

// Workers returns how many messages may be under way at a time.
func (f *Many) Workers() int {
	rate := f.Pace()
	if f.parallel || rate.N == 0 {
		return f.concurrency
	}
	if rate.Burst {
		return int(min(rate.N, 1024))
	}
	return 64
}

// Listed reports whether the payload of -d is a list of events rather than one.
func (f *Many) Listed(data string) bool {
	if f.ndjson {
		return true
	}
	name, isFile := strings.CutPrefix(data, "@")
	if !isFile || name == "-" || name == "" {
		return false
	}
	extension := strings.ToLower(filepath.Ext(name))
	return extension == ".ndjson" || extension == ".jsonl" || IsFolder(name)
}

// IsFolder reports whether there is a folder of that name.
func IsFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}
