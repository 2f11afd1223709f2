// Package queued changes entries of the queue for a person.
package queued

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// Target is the destination of an entry as a table shows it: the host, or the program.
func Target(kind store.QueueKind, target string) string {
	if kind == store.Command {
		program, _ := gateway.CommandOf(target)
		return "exec " + filepath.Base(program)
	}
	return flags.HostOf(target)
}

// Change is what a person does to entries.
type Change struct {
	Name, Done string // retry, retried
	Do         func(s *store.Store, ctx context.Context, f store.QueueFilter, now time.Time) (int64, error)
}

// Changes are those that barb queue has.
var Changes = []Change{
	{"retry", "retried", (*store.Store).Retry},
	{"cancel", "cancelled", (*store.Store).Cancel},
	{"purge", "removed", func(s *store.Store, ctx context.Context, f store.QueueFilter, _ time.Time) (int64, error) {
		return s.Purge(ctx, f)
	}},
}

// Result is what became of the entries.
type Result struct {
	Changed int64    // entries that were changed; without those of Behind
	Behind  int64    // entries that are to be retried and wait for an earlier one of their order
	Notes   []string // what hinders an entry
	Hints   []string // the next commands to type
}

// Apply changes the entries that a filter selects; store.ErrNoEntry for an id that is not there. Entries of a
// worker that was killed are nobody's.
func (c *Change) Apply(ctx context.Context, history *store.Store, f store.QueueFilter, now time.Time) (r Result,
	err error) {
	for _, id := range f.IDs {
		if id.From == id.To {
			if _, err := history.GetQueued(ctx, id.From); err != nil {
				return r, err
			}
		}
	}
	if err := worker.ReleaseGone(ctx, history, now); err != nil {
		return r, err
	}
	before, err := worker.Entries(ctx, history, f, now)
	if err != nil {
		return r, err
	}
	if r.Changed, err = c.Do(history, ctx, f, now); err != nil || len(before) == 0 {
		return r, err
	}
	first, last := before[0].ID, before[len(before)-1].ID
	after, err := worker.Entries(ctx, history, store.QueueFilter{IDs: []store.Range{{From: first, To: last}}}, now)
	if err != nil {
		return r, err
	}
	behind := map[string][]*store.Queued{} // by target and order
	for _, was := range before {
		i, found := slices.BinarySearchFunc(after, was.ID, func(q *store.Queued, id int64) int { return int(q.ID - id) })
		if c.Name == "retry" && found && after[i].State == store.Waiting && after[i].Blocked {
			order := after[i].Target + "\n" + after[i].Order
			behind[order] = append(behind[order], after[i])
		} else if text := c.unchanged(was); text != "" && len(f.IDs) > 0 {
			r.Notes = append(r.Notes, text)
		}
	}
	for _, group := range behind {
		if err := r.addBehind(ctx, history, group, now); err != nil {
			return r, err
		}
	}
	return r, nil
}

// unchanged says why an entry stays as it was; "" where it does not.
func (c *Change) unchanged(q *store.Queued) string {
	open := q.State == store.Waiting || q.State == store.Leased
	switch {
	case c.Name == "retry" && q.State == store.Leased:
		return fmt.Sprintf("entry %d is being delivered now", q.ID)
	case c.Name == "retry" && q.State == store.Done:
		return fmt.Sprintf("entry %d was delivered; barb replay %d sends its webhook again", q.ID, q.Thread)
	case c.Name == "cancel" && !open:
		return fmt.Sprintf("entry %d has ended: it is %s", q.ID, q.State)
	case c.Name == "purge" && open:
		return fmt.Sprintf("entry %d is %s; barb queue cancel %d gives it up", q.ID, q.State, q.ID)
	}
	return ""
}

// addBehind adds which entry those of one order wait for.
func (r *Result) addBehind(ctx context.Context, history *store.Store, group []*store.Queued, now time.Time) error {
	r.Behind += int64(len(group))
	r.Changed = max(r.Changed-int64(len(group)), 0)
	queue, err := worker.Entries(ctx, history, store.QueueFilter{Target: group[0].Target,
		States: []store.QueueState{store.Waiting, store.Leased}}, now)
	i := slices.IndexFunc(queue, func(q *store.Queued) bool { return !q.Blocked && q.Order == group[0].Order })
	if err != nil || i < 0 { // it was delivered meanwhile
		return err
	}
	head, who := queue[i], fmt.Sprintf("entry %d waits", group[0].ID)
	if len(group) > 1 {
		who = fmt.Sprintf("%d entries wait", len(group))
	}
	switch {
	case head.State == store.Leased:
		r.Notes = append(r.Notes, fmt.Sprintf("%s in order behind entry %d, which is being delivered now", who, head.ID))
	case !head.Due.After(now):
		r.Notes = append(r.Notes, fmt.Sprintf("%s in order behind entry %d, which is due", who, head.ID))
		r.Hints = append(r.Hints, ui.Taker(head.Kind))
	default:
		r.Notes = append(r.Notes, fmt.Sprintf("%s in order behind entry %d", who, head.ID))
		r.Hints = append(r.Hints, fmt.Sprintf("barb queue retry %d makes entry %d due now, barb queue cancel %d gives it up",
			head.ID, head.ID, head.ID))
	}
	return nil
}

// Get returns an entry as it is at now; store.ErrNoEntry when there is none.
func Get(ctx context.Context, history *store.Store, id int64, now time.Time) (*store.Queued, error) {
	one := store.QueueFilter{IDs: []store.Range{{From: id, To: id}}}
	if entries, err := worker.Entries(ctx, history, one, now); err != nil || len(entries) > 0 {
		return append(entries, nil)[0], err
	}
	return history.GetQueued(ctx, id)
}

// Attempts returns the attempts of an entry that the history still has. A command has none.
func Attempts(ctx context.Context, history *store.Store, q *store.Queued) (attempts []*record.Exchange, err error) {
	if q.First == 0 {
		return nil, nil
	}
	thread, err := history.Thread(ctx, q.Thread)
	if errors.Is(err, store.ErrNotFound) { // pruned
		return nil, nil
	}
	_, endpoint := record.SplitURL(q.Target)
	for _, x := range thread {
		_, to := record.SplitURL(x.Request.URL)
		if x.Kind == record.Sent && x.Attempt > 0 && x.ID >= q.First && x.ID <= q.Last && to == endpoint {
			attempts = append(attempts, x)
		}
	}
	return attempts, err
}

// MayWork returns an error unless a worker may deliver from a history: a user of a server may lack the rights.
func MayWork(ctx context.Context, history *store.Store) error {
	_, err := history.Workers(ctx)
	return err
}
