package tui

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/commands/keys"
	"github.com/barbhq/barb/commands/queued"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/webhooks"
)

// queue is the queue while it is shown.
type queue struct {
	part    int // of queued.Parts
	list    *queued.List
	mistake string // why it could not be read the last time
	at      int    // the chosen entry
	top     int    // the first one shown
	reading bool
	again   time.Time // when it is read anew
}

const (
	// mostEntries is how many entries of the queue are shown, the first of them.
	mostEntries = 200
	// queueEvery is how often the queue is read; queueShare is how much longer than it takes that is at least.
	queueEvery = time.Second
	queueShare = 20
)

// has returns what the queue has, for the keys that need it; nothing for a nil queue.
func (q *queue) has() (has keys.On) {
	e := q.chosen()
	if e != nil {
		has |= keys.AnEntry
	}
	if e != nil && e.Retry {
		has |= keys.ARetry
	}
	if e != nil && e.Cancel {
		has |= keys.ACancel
	}
	if q != nil && q.list != nil && q.list.Dead > 0 {
		has |= keys.ADead
	}
	return has
}

// tries returns what may be tried with the chosen entry: barb queue says why it cannot be done.
func (q *queue) tries() keys.On {
	if q.chosen() == nil {
		return keys.Anything
	}
	return keys.ARetry | keys.ACancel
}

// chosen returns the chosen entry; nil when there is none.
func (q *queue) chosen() *queued.Entry {
	if q == nil || q.list == nil || q.at >= len(q.list.Entries) {
		return nil
	}
	return &q.list.Entries[q.at]
}

// isOld reports whether the queue is shown and has to be read anew.
func (q *queue) isOld(now time.Time) bool { return q != nil && !q.reading && !q.again.After(now) }

// readQueue reads the part of the queue that is shown.
func (s *State) readQueue() []Effect {
	if s.queue == nil {
		return nil
	}
	q := *s.queue
	q.reading = true
	s.queue = &q
	return []Effect{ReadQueue{Part: q.part}}
}

// queueRead takes in the queue. The chosen entry stays chosen while it is there.
func (s *State) queueRead(m *QueueRead) {
	if s.queue == nil || s.queue.part != m.Part {
		return
	}
	q := *s.queue
	q.reading, q.again = false, m.Now.Add(max(queueEvery, queueShare*m.Took))
	if q.mistake = ""; m.Err != nil {
		q.mistake = m.Err.Error()
	} else {
		id := int64(0)
		if e := q.chosen(); e != nil {
			id = e.ID
		}
		q.list = m.List
		if i := slices.IndexFunc(q.list.Entries, func(e queued.Entry) bool { return e.ID == id }); i >= 0 {
			q.at = i
		}
	}
	s.queue = &q
	s.chooseEntry(0)
}

// chooseEntry moves the choice by a number of entries.
func (s *State) chooseEntry(by int) {
	q := *s.queue
	if q.list != nil {
		q.at = max(min(q.at+by, len(q.list.Entries)-1), 0)
		_, rows := q.rowsAt(s.Width, s.Height)
		q.top = max(min(q.top, q.at), q.at-rows+1, 0)
		q.top = max(min(q.top, len(q.list.Entries)-rows), 0)
	}
	s.queue = &q
}

// clickEntry chooses the entry in a line of the screen.
func (s *State) clickEntry(y int) {
	if first, rows := s.queue.rowsAt(s.Width, s.Height); y >= first && y < first+rows {
		s.chooseEntry(s.queue.top + y - first - s.queue.at)
	}
}

// inQueue does an action of the queue. It reports false for an action that all views share.
func (s *State) inQueue(action keys.Action, key string) (effects []Effect, done bool) {
	e := s.queue.chosen()
	switch action {
	case keys.Previous:
		s.chooseEntry(-1)
	case keys.Next:
		s.chooseEntry(1)
	case keys.Newest:
		s.chooseEntry(-mostEntries)
	case keys.Oldest:
		s.chooseEntry(mostEntries)
	case keys.Section:
		return s.toPart(key), true
	case keys.Retry:
		return []Effect{Change{Name: "retry", ID: e.ID}}, true
	case keys.RetryAll:
		return []Effect{Change{Name: "retry"}}, true
	case keys.Cancel:
		return []Effect{Change{Name: "cancel", ID: e.ID}}, true
	case keys.Open:
		return s.toWebhook(e.Thread), true
	case keys.Explain:
		return s.run(Run{Args: []string{"queue", "show", strconv.FormatInt(e.ID, 10)}, Full: true}), true
	default:
		return nil, false
	}
	return nil, true
}

// toPart shows another part of the queue.
func (s *State) toPart(key string) []Effect {
	n := len(queued.Parts)
	to := s.queue.part + 1
	if key == "[" {
		to = s.queue.part - 1 + n
	} else if i, err := strconv.Atoi(key); err == nil {
		to = i - 1
	}
	s.queue = &queue{part: to % n}
	return s.readQueue()
}

// toWebhook leaves the queue for a webhook. Where it is not in the list, only it is shown: esc goes back to all.
func (s *State) toWebhook(id int64) []Effect {
	s.queue, s.result = nil, nil
	s.stand()
	s.pane = detailPane
	if i := slices.IndexFunc(s.list.rows, func(w *webhooks.Webhook) bool { return w.ID == id }); i >= 0 {
		s.list.at = i
		s.fold()
		return nil
	}
	s.filter, s.picked = strconv.FormatInt(id, 10), nil
	s.fold()
	return s.reload()
}

// ReadQueue reads a part of the queue.
func (w *World) ReadQueue(ctx context.Context, e ReadQueue) QueueRead {
	now := w.Shell.Now()
	list, err := queued.Read(ctx, w.History, &queued.Parts[e.Part], mostEntries, now)
	if err != nil {
		err = told(err)
	}
	return QueueRead{ReadQueue: e, List: list, Took: w.Shell.Now().Sub(now), Now: now, Err: err}
}

// Change changes entries of the queue, as barb queue does.
func (w *World) Change(ctx context.Context, c Change) Changed {
	filter := store.QueueFilter{IDs: []store.Range{{From: c.ID, To: c.ID}}}
	if c.ID == 0 {
		filter = store.QueueFilter{States: []store.QueueState{store.Dead}}
	}
	change := queued.ChangeOf(c.Name)
	r, err := w.actions().Queue(ctx, change, filter)
	if err != nil {
		return Changed{Text: told(err).Error(), Bad: true}
	}
	what := fmt.Sprintf("%d %s", r.Changed, change.Done)
	if c.ID != 0 && r.Changed == 1 {
		what = fmt.Sprintf("%s entry %d", change.Done, c.ID)
		if c.Name == "cancel" {
			what += "; r in the list of all retries it"
		}
	}
	return Changed{Text: strings.Join(slices.Concat([]string{what}, r.Notes, r.Hints), "\n"), Bad: r.Changed == 0}
}
