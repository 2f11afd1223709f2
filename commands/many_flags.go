package commands

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/infile"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/payload"
)

// manyFlags are for sending many messages: how many, which, in what order and how fast.
type manyFlags struct {
	count       int
	concurrency int
	rate, burst flags.Rate
	lasting     flags.OptionalDuration
	ndjson      bool
	skipBad     bool
	again       flags.Percent
	shuffle     bool
	resume      string

	counted, parallel bool    // -n and --concurrency were given
	kept              runPlan // what a run remembers of the command line
	resumed           *resumed
}

const manyLong = `
-n 1000, --for 30s, a file with one event a line (-d @events.ndjson) and a folder
(-d @events/) send many messages as one run, each with its own id and signature.
^C ends it cleanly, and barb send --resume RUN goes on where it stopped, with the
same ids; so it does after a kill.`

func (f *manyFlags) addFlags(cmd *cobra.Command) {
	set := cmd.Flags()
	set.IntVarP(&f.count, "count", "n", 1, "send it so many times, each with its own id and signature; of a list, "+
		"the whole list")
	set.IntVar(&f.concurrency, "concurrency", 1, "how many at a time (with --rate 64, with --burst as many as a burst)")
	set.Var(&f.rate, "rate", "begin so many in a `time`, evenly spread: 50/s, 5/m")
	set.Var(&f.burst, "burst", "begin so many at once, again and again: 100/5s")
	set.Var(&f.lasting, "for", "begin none after this time; without -n, repeat until then")
	set.BoolVar(&f.ndjson, "ndjson", false, "the payload is one event a line, as in a file called .ndjson or .jsonl")
	set.BoolVar(&f.skipBad, "skip-bad", false, "leave out lines that are not JSON, and list them, instead of "+
		"sending nothing")
	set.Var(&f.again, "duplicate", "send this `part` a second time with the same id and body, as providers do: 10%")
	set.BoolVar(&f.shuffle, "shuffle", false, "send in a random order, the same for the same --seed")
	set.StringVar(&f.resume, "resume", "", "go on with a `run` that was interrupted; @ is the newest")
	cmd.MarkFlagsMutuallyExclusive("rate", "burst")
}

// pace is the rate of either flag.
func (f *manyFlags) pace() deliver.Rate {
	r := f.rate.Rate
	if f.burst.N > 0 {
		r = f.burst.Rate
		r.Burst = true
	}
	return r
}

func (f *manyFlags) duration() time.Duration {
	if f.lasting.D == nil {
		return 0
	}
	return *f.lasting.D
}

// isMany tells a run from one message.
func (o *sendOptions) isMany() bool {
	return o.resumed != nil || o.count != 1 || o.pace().N > 0 || o.duration() > 0 || o.again > 0 || o.shuffle || o.listed()
}

// given notes which flags were given, and what a run remembers. Whatever makes no sense about them ends here.
func (o *sendOptions) given(ctx context.Context, sh *shell, cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		o.url = args[0]
	}
	if o.resume != "" {
		if err := o.resumeRun(ctx, sh, cmd); err != nil {
			return err
		}
	}
	o.counted, o.parallel = cmd.Flag("count").Changed, cmd.Flag("concurrency").Changed
	if o.count < 1 || o.concurrency < 1 {
		return fail.Usage("-n %d and --concurrency %d must be at least 1", o.count, o.concurrency)
	}
	if err := o.checkMany(); err != nil || !o.isMany() {
		return err
	}
	kept, err := planOf(sh, cmd, o)
	o.kept = kept
	return err
}

func (o *sendOptions) checkMany() error {
	rate := o.pace()
	flag := "--rate " + rate.String()
	if rate.Burst {
		flag = "--burst " + rate.String()
	}
	switch {
	case o.lasting.D != nil && *o.lasting.D == 0:
		return fail.Usage("--for 0s is no time").Hint("--for 30s")
	case rate.N > 0 && !o.counted && o.duration() == 0 && !o.listed():
		return fail.Usage("%s: how many, or for how long?", flag).Hintf("%s -n 1000, or %s --for 30s", flag, flag)
	case o.skipBad && !o.listed():
		return fail.Usage("--skip-bad is for a file with one event a line").Hint("-d @events.ndjson --skip-bad")
	case o.shuffle && o.duration() > 0 && !o.counted && rate.N == 0:
		return fail.Usage("--shuffle has to know how many there are").Hint("-n 1000 beside --for, or --rate 50/s")
	}
	return nil
}

// workers is how many messages are under way at most.
func (o *sendOptions) workers() int {
	rate := o.pace()
	if o.parallel || rate.N == 0 {
		return o.concurrency
	}
	if rate.Burst {
		return int(min(rate.N, 1024))
	}
	return 64
}

// listed reports whether the payload is a list of events rather than one.
func (o *sendOptions) listed() bool {
	if o.ndjson {
		return true
	}
	name, isFile := strings.CutPrefix(o.data, "@")
	if !isFile || name == "-" || name == "" {
		return false
	}
	return isLines(name) || isFolder(name)
}

func isLines(name string) bool {
	extension := strings.ToLower(filepath.Ext(name))
	return extension == ".ndjson" || extension == ".jsonl"
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// events opens the bodies that the flags name. A file or a folder is looked at as a whole before anything is sent.
func (sh *shell) events(o *sendOptions, check payload.Check) (payload.Bodies, error) {
	name, isFile := strings.CutPrefix(o.data, "@")
	switch {
	case !o.listed():
		print, err := o.content.Digest()
		return payload.Repeated(print), err
	case !isFile:
		return payload.Lines(strings.NewReader(o.data), "-d", o.skipBad, check)
	case name == "-":
		if slices.Contains(o.Secrets, "-") {
			return nil, fail.Usage("the payload and the secret cannot both come from stdin").
				Hint("--secret env:NAME or file:PATH")
		}
		return o.stream(sh.In, "stdin", check)
	case isFolder(name):
		return payload.Folder(name, o.skipBad, check)
	}
	f, err := infile.Open(name)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() { // a pipe cannot be read twice
		return o.stream(f, name, check)
	}
	return payload.Lines(f, name, o.skipBad, check)
}

// stream refuses what cannot be done with events that are read once.
func (o *sendOptions) stream(in io.Reader, name string, check payload.Check) (payload.Bodies, error) {
	switch {
	case o.count > 1:
		return nil, fail.Usage("-n %d: %s can be read once", o.count, name).
			Hint("write it to a file first: -d @events.ndjson")
	case o.shuffle:
		return nil, fail.Usage("--shuffle: %s has to be known as a whole", name).
			Hint("write it to a file first: -d @events.ndjson")
	}
	return payload.Stream(in, name, o.skipBad, check), nil
}
