package worker

import (
	"context"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/fleet"
	"github.com/barbhq/barb/store"
)

// The states of a worker.
const (
	Live    = "live"
	Silent  = "silent"  // it has not beaten for 10 s, and others do its work
	Ended   = "ended"   // its process has; another worker of its machine takes over
	Unknown = "unknown" // it holds leases, and nothing else is known of it
)

// Info is what is known of a worker.
type Info struct {
	Name      string // what it does, and the beginning of its random number: "deliver-3f2a1b2c"
	Machine   string // "": not known
	PID       int    // 0: not known
	Version   string // of barb; "": not known
	State     string
	Beats     bool          // a history in a file keeps no beats
	BeatAge   time.Duration // since the last beat
	Leases    int64
	Endpoints []string // that are its own, of those that something waits for: host:port
}

// Workers returns the workers of a history: on a server all that beat or hold leases, in a file those that hold leases.
func Workers(ctx context.Context, history *store.Store) (all []Info, err error) {
	workers, err := history.Workers(ctx)
	if err != nil {
		return nil, err
	}
	view, owned := fleet.New(workers, "", IsGone), map[string][]string{}
	for _, kind := range []store.QueueKind{store.Forward, store.Message} {
		dues, err := history.Upcoming(ctx, kind, "")
		if err != nil {
			return nil, err
		}
		for _, due := range dues {
			owner := view.Owner(fleet.Lot{Kind: kind, Target: due.Target, Policy: due.Policy})
			if endpoint := deliver.EndpointOf(due.Target); !slices.Contains(owned[owner], endpoint) {
				owned[owner] = append(owned[owner], endpoint)
			}
		}
	}
	for _, w := range workers {
		i := infoOf(&w)
		i.Endpoints = owned[w.Holder]
		slices.Sort(i.Endpoints)
		all = append(all, i)
	}
	return all, nil
}

func infoOf(w *store.Worker) Info {
	i := Info{Name: w.Holder, Machine: w.Machine, Version: w.Version, State: Live, Beats: w.Beat != 0, BeatAge: w.Age,
		Leases: w.Leases}
	here := false
	if words := strings.Fields(w.Holder); len(words) == 5 {
		number, _, _ := strings.Cut(words[1], "-")
		i.Name = words[0] + "-" + number
		i.PID, _ = strconv.Atoi(words[3])
		here = words[2] == pidNamespace()
	}
	if here && i.Machine == "" {
		i.Machine, _ = os.Hostname() // it is only for people
	}
	switch {
	case IsGone(w.Holder):
		i.State = Ended
	case w.IsSilent():
		i.State = Silent
	case !i.Beats && !here:
		i.State = Unknown
	}
	return i
}
