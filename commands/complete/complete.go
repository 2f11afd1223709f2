// Package complete is what a shell offers when a person presses tab. It has the scripts for shells, and finds values in
// the history.
// Whatever goes wrong, it offers nothing and says nothing.
package complete

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store"
)

// most is how many values are offered.
const most = 50

// Schemes returns the names of schemes that begin with prefix, with their titles. auto offers "auto" as well.
func Schemes(all []sign.Scheme, prefix string, auto bool) (names []string) {
	if auto { // the shell leaves out what does not begin as typed
		names = append(names, "auto\tfind the scheme from the headers")
	}
	for i := range all {
		s := &all[i]
		if strings.HasPrefix(s.Name, prefix) {
			names = append(names, s.Name+"\t"+s.Title)
		}
	}
	return names
}

// IDs returns the newest ids that begin with prefix, each with what it was.
func IDs(ctx context.Context, history *store.Store, prefix string) (ids []string) {
	for x, err := range history.List(ctx, store.Filter{Limit: most}) {
		if err != nil {
			return nil
		}
		id := strconv.FormatInt(x.ID, 10)
		if strings.HasPrefix(id, prefix) {
			ids = append(ids, id+"\t"+strings.TrimSpace(ui.Clip(x.Kind.String()+" "+x.Scheme+" "+x.Event(), 60)))
		}
	}
	return ids
}

// Queued returns the newest ids of the queue that begin with prefix, each with its state and target.
func Queued(ctx context.Context, history *store.Store, prefix string, now time.Time) (ids []string) {
	entries, err := worker.Entries(ctx, history, store.QueueFilter{Limit: most, NewestFirst: true}, now)
	if err != nil {
		return nil
	}
	for _, q := range entries {
		if id := strconv.FormatInt(q.ID, 10); strings.HasPrefix(id, prefix) {
			ids = append(ids, id+"\t"+ui.Clip(string(q.State)+" "+q.Target, 60))
		}
	}
	return ids
}

// Runs returns the numbers of the newest runs that can be resumed and begin with prefix, each with how far it is.
func Runs(ctx context.Context, history *store.Store, prefix string) []string {
	var runs []string
	next := int64(0) // the newest that can be resumed
	for range most {
		r, err := history.GetRun(ctx, next)
		switch id := strconv.FormatInt(r.ID, 10); {
		case errors.Is(err, store.ErrNotFound) && next > 0:
			r.ID = next // of a run that was deleted
		case err != nil:
			return runs
		case r.Ended:
		default:
			if next == 0 {
				runs = append(runs, "@\tthe newest, run "+id)
			}
			if strings.HasPrefix(id, prefix) {
				runs = append(runs, id+"\t"+progress(r))
			}
		}
		if next = r.ID - 1; next < 1 {
			break
		}
	}
	return runs
}

// progress says how far a run is and when it began.
func progress(r store.Run) string {
	text := strconv.FormatInt(r.Next-int64(len(r.Open)), 10)
	if r.Total > 0 {
		text += " of " + strconv.FormatInt(r.Total, 10)
	}
	return text + " sent, begun " + r.Created.Local().Format("2006-01-02 15:04")
}

// Events returns event types of the history that begin with prefix.
func Events(ctx context.Context, history *store.Store, prefix string) []string {
	found, err := history.EventTypes(ctx, prefix, most)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(found, needsQuoting)
}

// needsQuoting reports whether a text has a character that a shell reads. Events come from strangers, and names of
// files may: only what needs no quoting is offered.
func needsQuoting(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune("\"'`$\\;&|<>(){}", r)
	})
}
