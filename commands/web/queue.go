package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/barbhq/barb/commands/queued"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/store"
)

// mostEntries is how many entries of the queue a page shows, the first of them.
const mostEntries = 200

// queueStates are what the page can show, by the word in its address.
var queueStates = map[string][]store.QueueState{
	"":     {store.Waiting, store.Leased, store.Dead}, // as barb queue
	"dead": {store.Dead},
	"all":  nil,
}

// queuePage is the queue as barb queue lists it.
type queuePage struct {
	sheet
	State   string
	Depth   string // of the whole queue, as barb stats has it
	Lanes   []*lane
	Entries []entry
	More    bool // there are more entries
	Dead    int  // of Entries
	Takers  []string
	Done    string // what was done
	Notes   []string
}

// lane is the entries that go one after the other, or have the target in common.
type lane struct {
	Target, Order         markup
	Waiting, Leased, Dead int
	Next                  string // of its first open entry
	head                  int64  // its first open entry; 0: none
}

type entry struct {
	ID, Thread    int64
	Kind          string
	Target        markup
	Class, State  string
	Next          string
	Behind        int64 // the entry of its order that comes first; 0: none
	Attempts      int
	Since, Stamp  string
	Why           markup
	Retry, Cancel bool
}

// queue shows the queue.
func (p *Page) queue(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := within(r, sheetWithin)
	defer cancel()
	q := queuePage{sheet: p.sheetOf(r, "Queue", "/queue")}
	show(w, r, p.readQueue(ctx, r, &q), "queue", &q)
}

// readQueue fills a page and returns its status.
func (p *Page) readQueue(ctx context.Context, r *http.Request, q *queuePage) int {
	now := p.Now()
	states, known := queueStates[r.URL.Query().Get("state")]
	if q.State = r.URL.Query().Get("state"); !known {
		q.State, states = "", queueStates[""]
	}
	all, err := worker.Entries(ctx, p.History, store.QueueFilter{States: states, Limit: mostEntries + 1}, now)
	if err != nil {
		return q.wrong(ctx, p, err)
	}
	depth, err := worker.Depth(ctx, p.History, now)
	if err != nil {
		return q.wrong(ctx, p, err)
	}
	q.Depth, q.More = ui.QueueLine(depth), len(all) > mostEntries
	all = all[:min(len(all), mostEntries)]
	q.Takers = ui.Takers(all, now)
	lanes := map[string]*lane{} // by target and order
	var names laneNames
	for _, one := range all {
		key := one.Target + "\n" + one.Order
		l := lanes[key]
		if l == nil {
			l = &lane{Target: wire(ui.Clip(names.of(one), 160)), Order: wire(orderOf(one))}
			lanes[key], q.Lanes = l, append(q.Lanes, l)
		}
		e := entryOf(one, p)
		e.Target = l.Target
		if l.add(one, e.Next); one.Blocked && one.State == store.Waiting && l.head != one.ID {
			e.Behind = l.head
		}
		if one.State == store.Dead {
			q.Dead++
		}
		q.Entries = append(q.Entries, e)
	}
	return http.StatusOK
}

// laneNames are what targets are called: the host with its path, or the program. The query is left out, as it may have
// a token; targets that then look alike are numbered.
type laneNames struct{ targets map[string][]string }

func (n *laneNames) of(q *store.Queued) string {
	name := queued.Target(q.Kind, q.Target)
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

// orderOf says what sets the order of an entry; "" for none.
func orderOf(q *store.Queued) string {
	if q.Order == "" {
		return ""
	}
	return ui.OrderText(q)
}

// add counts an entry; the entries come in the order of their ids.
func (l *lane) add(q *store.Queued, next string) {
	switch q.State {
	case store.Waiting:
		l.Waiting++
	case store.Leased:
		l.Leased++
	case store.Dead:
		l.Dead++
		return
	default:
		return
	}
	if l.head == 0 && !q.Blocked {
		l.head, l.Next = q.ID, next
	}
}

func entryOf(q *store.Queued, p *Page) entry {
	now := p.Now()
	open := q.State == store.Waiting || q.State == store.Leased
	e := entry{ID: q.ID, Thread: q.Thread, Kind: q.Kind.String(), Class: "none", State: ui.StateWord(q),
		Next: ui.WhenDue(q, now), Attempts: q.Attempts, Since: clock(q.Created, now),
		Stamp: q.Created.Format("2006-01-02T15:04:05.000Z07:00"), Why: wire(ui.Clip(q.Why, 300)),
		Retry: q.State != store.Leased && q.State != store.Done, Cancel: open}
	switch {
	case q.State == store.Dead:
		e.Class = "bad"
	case open && q.Attempts > 0:
		e.Class = "warn"
	case q.State == store.Done:
		e.Class = "ok"
	}
	return e
}

// changeQueue does to entries what a form asks for. It answers with the queue as it is then.
func (p *Page) changeQueue(ctx context.Context, d *doing) error {
	q := queuePage{sheet: p.sheetOf(d.r, "Queue", "/queue")}
	filter := store.QueueFilter{}
	if id := number(d.form.Get("id")); id > 0 {
		filter.IDs = []store.Range{{From: id, To: id}}
	} else if d.form.Get("state") == string(store.Dead) {
		filter.States = []store.QueueState{store.Dead}
	}
	name := d.form.Get("do")
	i := slices.IndexFunc(queued.Changes, func(c queued.Change) bool { return c.Name == name && name != "purge" })
	if i < 0 || len(filter.IDs)+len(filter.States) == 0 {
		refuse(d.w, http.StatusBadRequest, "The form names no entry of the queue, or nothing to do with it.")
		return nil
	}
	r, err := p.Actions.Queue(ctx, &queued.Changes[i], filter)
	reading, cancel := context.WithTimeout(ctx, sheetWithin)
	defer cancel()
	status := p.readQueue(reading, d.r, &q)
	switch {
	case errors.Is(err, store.ErrNoEntry):
		status = http.StatusNotFound
		q.Trouble = "Entry " + d.form.Get("id") + " is not in the queue."
	case err != nil:
		status = http.StatusServiceUnavailable
		q.Trouble, q.Hint = p.Hint(err)
	default:
		q.Done = strconv.FormatInt(r.Changed, 10) + " " + queued.Changes[i].Done
		q.Notes = slices.Concat(r.Notes, r.Hints)
	}
	show(d.w, d.r, status, "queue", &q)
	return nil
}
