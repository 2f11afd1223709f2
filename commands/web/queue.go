package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/barbhq/barb/commands/queued"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/commands/web/markup"
	"github.com/barbhq/barb/store"
)

// mostEntries is how many entries of the queue a page shows, the first of them.
const mostEntries = 200

// queuePage is the queue as barb queue lists it.
type queuePage struct {
	sheet
	State   string
	Command string // that prints the same
	Nothing string // said where there is no entry
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
	Target, Order         markup.HTML
	Waiting, Leased, Dead int
	Next                  string // of its first open entry
}

type entry struct {
	ID, Thread    int64
	Kind          string
	Target        markup.HTML
	Class, State  string
	Next          string
	Behind        int64 // the entry of its order that comes first; 0: none
	Attempts      int
	Since, Stamp  string
	Why           markup.HTML
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
	part := &queued.Parts[0]
	if i := slices.IndexFunc(queued.Parts[:], func(one queued.Part) bool {
		return one.Word == r.URL.Query().Get("state")
	}); i > 0 {
		part = &queued.Parts[i]
	}
	list, err := queued.Read(ctx, p.History, part, mostEntries, p.Now())
	if err != nil {
		return q.wrong(ctx, p, err)
	}
	q.State, q.Command, q.Nothing = part.Word, part.Command, part.Nothing
	q.Depth, q.More, q.Takers, q.Dead = list.Depth, list.More, list.Takers, list.Dead
	lanes := map[string]*lane{} // by target and order
	for i := range list.Entries {
		one := &list.Entries[i]
		key := one.Target + "\n" + one.Order
		l := lanes[key]
		if l == nil {
			l = &lane{Target: markup.Line(ui.Clip(one.Lane, 160)), Order: markup.Line(orderOf(one.Queued))}
			lanes[key], q.Lanes = l, append(q.Lanes, l)
		}
		e := entryOf(one, p)
		e.Target = l.Target
		l.add(one.Queued, e.Next)
		q.Entries = append(q.Entries, e)
	}
	return http.StatusOK
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
	if l.Next == "" && !q.Blocked {
		l.Next = next
	}
}

func entryOf(q *queued.Entry, p *Page) entry {
	now := p.Now()
	e := entry{ID: q.ID, Thread: q.Thread, Kind: q.Kind.String(), Class: "none", State: ui.StateWord(q.Queued),
		Next: ui.WhenDue(q.Queued, now), Attempts: q.Attempts, Since: clock(q.Created, now),
		Stamp: q.Created.Format("2006-01-02T15:04:05.000Z07:00"), Why: markup.Line(ui.Clip(q.Why, 300)),
		Behind: q.Behind, Retry: q.Retry, Cancel: q.Cancel}
	switch {
	case q.State == store.Dead:
		e.Class = "bad"
	case q.Cancel && q.Attempts > 0:
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
	change := queued.ChangeOf(name)
	if change == nil || name == "purge" || len(filter.IDs)+len(filter.States) == 0 {
		refuse(d.w, http.StatusBadRequest, "The form names no entry of the queue, or nothing to do with it.")
		return nil
	}
	r, err := p.Actions.Queue(ctx, change, filter)
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
		q.Done = strconv.FormatInt(r.Changed, 10) + " " + change.Done
		q.Notes = slices.Concat(r.Notes, r.Hints)
	}
	show(d.w, d.r, status, "queue", &q)
	return nil
}
