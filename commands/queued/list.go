package queued

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/store"
)

// Part is a part of the queue that a view shows.
type Part struct {
	Word    string             // of an address, and the flag or word behind barb queue
	Name    string             // for a person
	States  []store.QueueState // nil: all
	Nothing string             // said where it has no entry
	Command string             // the command line that prints it
}

// Parts are the parts of the queue. The first is what barb queue lists.
var Parts = [...]Part{
	{"", "open and dead", []store.QueueState{store.Waiting, store.Leased, store.Dead},
		"No entry waits, is being delivered or is dead.", "barb queue"},
	{"dead", "dead letters", []store.QueueState{store.Dead}, "No delivery was given up.", "barb queue dead"},
	{"all", "all", nil, "The queue is empty.", "barb queue --all"},
}

// Entry is an entry of the queue as a view lists it.
type Entry struct {
	*store.Queued
	Lane   string // the target, so that no two look alike: the host with its path, or the program
	Behind int64  // the entry of its order that comes first; 0: none
	Retry  bool   // it can be retried now
	Cancel bool   // it can be given up
}

// List is a part of the queue.
type List struct {
	Depth   string // of the whole queue, as barb stats has it; "" where nothing waits
	Entries []Entry
	More    bool     // there are more entries
	Dead    int      // of Entries
	Takers  []string // what delivers those that are due
}

// Read reads the first entries of a part of the queue, at most so many.
func Read(ctx context.Context, history *store.Store, part *Part, most int, now time.Time) (*List, error) {
	all, err := worker.Entries(ctx, history, store.QueueFilter{States: part.States, Limit: most + 1}, now)
	if err != nil {
		return nil, err
	}
	depth, err := worker.Depth(ctx, history, now)
	if err != nil {
		return nil, err
	}
	l := &List{Depth: ui.QueueLine(depth), More: len(all) > most}
	all = all[:min(len(all), most)]
	l.Takers = ui.Takers(all, now)
	heads := map[string]int64{} // by target and order: the first open entry
	var names laneNames
	for _, q := range all { // in the order of their ids
		e := Entry{Queued: q, Lane: names.of(q), Retry: q.State != store.Leased && q.State != store.Done,
			Cancel: q.State == store.Waiting || q.State == store.Leased}
		order := q.Target + "\n" + q.Order
		if e.Cancel && !q.Blocked && heads[order] == 0 {
			heads[order] = q.ID
		}
		if q.Blocked && q.State == store.Waiting && heads[order] != q.ID {
			e.Behind = heads[order]
		}
		if q.State == store.Dead {
			l.Dead++
		}
		l.Entries = append(l.Entries, e)
	}
	return l, nil
}

// laneNames are what targets are called: the host with its path, or the program. The query is left out, as it may have
// a token; targets that then look alike are numbered.
type laneNames struct{ targets map[string][]string }

func (n *laneNames) of(q *store.Queued) string {
	name := Target(q.Kind, q.Target)
	if u, err := url.Parse(q.Target); err == nil && q.Kind != store.Command && u.Path != "/" {
		name += u.EscapedPath()
	}
	if n.targets == nil {
		n.targets = map[string][]string{}
	}
	at := slices.Index(n.targets[name], q.Target)
	if at < 0 {
		at = len(n.targets[name])
		n.targets[name] = append(n.targets[name], q.Target)
	}
	if at > 0 {
		name += " (" + strconv.Itoa(at+1) + ")"
	}
	return name
}

// ChangeOf returns the change of a name; nil when there is none.
func ChangeOf(name string) *Change {
	i := slices.IndexFunc(Changes, func(c Change) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return &Changes[i]
}
