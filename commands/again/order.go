package again

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/infile"
	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/replay"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/store/record"
)

// order are the flags that say when and in which order webhooks are replayed, and where they may go.
type order struct {
	pace      string
	ordered   bool
	shuffle   bool
	duplicate string
	toMap     string
	yes       bool

	speed float64 // times as fast as they came; 0: at once
	part  float64 // of the webhooks that are sent twice
}

func (o *order) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.pace, "pace", "max", "send as fast as they came (`original`), 10x as fast, or without a pause (max)")
	f.BoolVar(&o.ordered, "ordered", false, "send each only after the one before it was answered (the default)")
	f.BoolVar(&o.shuffle, "shuffle", false, "send in a random order, which --seed repeats")
	f.StringVar(&o.duplicate, "duplicate", "", "send this `part` of the webhooks twice, such as 10%")
	f.StringVar(&o.toMap, "to-map", "", "send each webhook to the app of the [[route]] in this `file` that matches it")
	f.BoolVarP(&o.yes, "yes", "y", false, "send received webhooks to public addresses without asking")
	cmd.MarkFlagsMutuallyExclusive("ordered", "shuffle")
	cmd.MarkFlagsMutuallyExclusive("to", "to-map")
	cmd.MarkFlagsMutuallyExclusive("dead", "to-map")
}

// read checks the flags. concurrency is how many are sent at a time.
func (o *order) read(concurrency int) error {
	text, isTimes := strings.CutSuffix(o.pace, "x")
	times, err := strconv.ParseFloat(text, 64)
	switch {
	case o.pace == "max":
	case o.pace == "original":
		o.speed = 1
	case isTimes && err == nil && times > 0 && times <= 1e6:
		o.speed = times
	default:
		return fail.Usage("invalid --pace %q: choose original, max, or a number of times such as 10x", o.pace)
	}
	if o.ordered && concurrency > 1 {
		return fail.Usage("--ordered sends one webhook at a time, and --concurrency %d several", concurrency)
	}
	if o.duplicate == "" {
		return nil
	}
	text, isPercent := strings.CutSuffix(o.duplicate, "%")
	o.part, err = strconv.ParseFloat(text, 64)
	if isPercent {
		o.part /= 100
	}
	if err != nil || !(o.part > 0 && o.part <= 1) {
		return fail.Usage("invalid --duplicate %q: it is a part of the webhooks", o.duplicate).Hint("--duplicate 10%")
	}
	return nil
}

// changes reports whether webhooks are not sent once each in the order in which they came.
func (o *order) changes() bool { return o.shuffle || o.part > 0 }

// readMap returns what finds the address of a webhook by the routes of --to-map.
func (r *replayer) readMap() (func(*record.Exchange) (string, error), error) {
	name := r.options.toMap
	if name == "" {
		return nil, nil
	}
	file, err := config.Find(name, "", "")
	if err == nil {
		err = file.Read(r.sh.Dir, r.sh.SettingsOf)
	}
	if err != nil {
		return nil, fail.In("--to-map", err)
	}
	return func(x *record.Exchange) (string, error) {
		row, err := r.matching(file.Routes, x)
		switch {
		case err != nil:
			return "", err
		case row == nil:
			return "", fail.Usage("webhook %d matches no [[route]] of %s that has forward_to", x.ID, name).
				Hintf("add one for %s %s, or leave the webhook out", x.Request.Method, shell.URLPath(x.Request.URL))
		}
		return flags.Target(row.Targets.First())
	}, nil
}

// matching returns the row with an app that matches a webhook: of several the one with the longest path, and of these
// the first.
func (r *replayer) matching(rows route.Table, x *record.Exchange) (best *route.Route, err error) {
	for i := range rows {
		row := &rows[i]
		if row.Targets.First() == "" || !row.Covers(shell.URLPath(x.Request.URL)) ||
			!row.Selects(x.Request.Method, x.Event()) || best != nil && row.Depth() <= best.Depth() {
			continue
		}
		if row.Where != "" {
			where, err := jq.Compile(row.Where)
			if err != nil {
				return nil, err
			}
			whole, err := r.sh.History.Get(context.Background(), x.ID)
			if err != nil {
				return nil, err
			}
			if holds, err := where.True(whole, time.Second); err != nil || !holds {
				continue // as a listener does
			}
		}
		best = row
	}
	return best, nil
}

// aim notes where received webhooks leave the private networks.
func (r *replayer) aim(ctx context.Context, item replay.Item, target string) error {
	if r.options.yes || r.options.dryRun || item.Kind != record.Received {
		return nil
	}
	host, known := r.hosts[target]
	if !known {
		client := r.run.Sender.Client
		if r.options.to == "" && r.options.toMap == "" {
			own, _, err := r.way(item.Exchange, target)
			if err != nil {
				return err
			}
			if own != nil {
				client = own
			}
		}
		public, ok := client.(*deliver.Client)
		if !ok {
			return nil
		}
		var err error
		if host, err = public.Public(ctx, target); err != nil {
			return nil //nolint:nilerr // the attempt says why
		}
		if r.hosts == nil {
			r.hosts = map[string]string{}
		}
		r.hosts[target] = host
	}
	if host != "" {
		r.leaving, r.leavingTo = r.leaving+1, host
	}
	return nil
}

// LeavesError is the error for received webhooks that would leave the private networks, where nobody has agreed to it.
type LeavesError struct {
	Webhooks int
	To       string // the host; of several the last one, and how many more
}

// Error says how many webhooks would go where.
func (e *LeavesError) Error() string {
	return fmt.Sprintf("%s would go to %s, which is not a private address", ui.Count(e.Webhooks, "received webhook"), e.To)
}

// leaves returns the error for received webhooks that leave the private networks, nil without any.
func (r *replayer) leaves() *LeavesError {
	if r.leaving == 0 {
		return nil
	}
	others := map[string]bool{}
	for _, host := range r.hosts {
		others[host] = host != r.leavingTo && host != ""
	}
	e := &LeavesError{Webhooks: r.leaving, To: r.leavingTo}
	if n := otherHosts(others); n > 0 {
		e.To += fmt.Sprintf(" and %s more", ui.Count(n, "host"))
	}
	return e
}

// consent asks before received webhooks leave the private networks.
func (r *replayer) consent() error {
	sh, leaves := r.sh, r.leaves()
	if leaves == nil {
		return nil
	}
	if sh.InTerminal && sh.ErrTerminal {
		sh.Stderr.Printf("barb: %s\nsend? [y/N] ", ui.EscapeLine(leaves.Error()))
		answer, err := infile.Answer(sh.In)
		if err != nil || answer == "y" || answer == "yes" {
			return err
		}
		return fail.Usage("nothing was sent")
	}
	return fail.Usage("%w", leaves).Hint("--yes sends to it all the same; --to :3000 sends to this machine")
}

func otherHosts(set map[string]bool) (n int) {
	for _, is := range set {
		if is {
			n++
		}
	}
	return n
}
