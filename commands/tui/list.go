package tui

import (
	"slices"
	"time"

	"github.com/barbhq/barb/store/webhooks"
)

// list is the part of the history around the chosen row that is kept, the newest first. Gen counts filters and jumps:
// what was loaded for an earlier one is dropped.
type list struct {
	gen     int
	rows    []*webhooks.Webhook
	at      int // the chosen row
	top     int // the first row shown
	next    anchor
	more    bool     // older rows are in the history
	above   []anchor // of pages that were dropped above, the last one next to the rows
	loading bool
	loaded  bool // a first page has come
	waiting []*webhooks.Webhook
	missed  bool // more came than waiting holds
	mistake string
}

// anchor is a place in the history: what comes after it is older. The zero value is before the newest.
type anchor struct {
	at time.Time
	id int64
}

const (
	pageRows    = 100  // loaded at once
	mostRows    = 1000 // kept
	mostWaiting = 500  // that came while the list stands still
	ahead       = 50   // rows below the chosen one with which the next page is loaded
)

func anchorOf(w *webhooks.Webhook) anchor {
	newest := w.Newest()
	return anchor{newest.Start, newest.ID}
}

// take takes a page in.
func (l *list) take(m *Loaded) {
	l.loading, l.loaded, l.mistake = false, true, ""
	if m.Before == (anchor{}) {
		*l = list{gen: l.gen, loaded: true, rows: m.Rows, next: m.Next, more: m.More}
		return
	}
	if m.Above {
		l.above = l.above[:max(len(l.above)-1, 0)]
		l.rows = slices.Concat(m.Rows, l.rows)
		l.at += len(m.Rows)
		l.top += len(m.Rows)
		if len(l.rows) > mostRows {
			l.rows = l.rows[:mostRows:mostRows]
			l.next, l.more = anchorOf(l.rows[mostRows-1]), true
		}
		return
	}
	l.rows = slices.Concat(l.rows, m.Rows)
	l.next, l.more = m.Next, m.More
	for len(l.rows) > mostRows && l.at > pageRows {
		first := l.rows[0]
		before := anchorOf(first)
		before.id++ // the page that is loaded there begins with this row
		l.above = append(slices.Clip(l.above), before)
		l.rows = slices.Clone(l.rows[pageRows:])
		l.at -= pageRows
		l.top = max(l.top-pageRows, 0)
	}
}

// merge takes in webhooks that came or changed, the oldest first. It returns how many are new to the list. Those are
// put on top while the list follows, else kept aside.
func (l *list) merge(changed []*webhooks.Webhook, follow bool) (fresh int) {
	if len(changed) == 0 {
		return 0
	}
	where := make(map[int64]int, len(l.rows))
	for i, w := range l.rows {
		where[w.ID] = i
	}
	rows, waiting := slices.Clone(l.rows), slices.Clone(l.waiting)
	var came []*webhooks.Webhook
	for _, w := range changed {
		if i, ok := where[w.ID]; ok {
			rows[i] = w
			continue
		}
		if i := slices.IndexFunc(waiting, func(x *webhooks.Webhook) bool { return x.ID == w.ID }); i >= 0 {
			waiting[i] = w
			continue
		}
		came = append(came, w)
	}
	slices.Reverse(came)
	l.rows, l.waiting = rows, slices.Concat(came, waiting)
	if len(l.waiting) > mostWaiting {
		l.waiting, l.missed = l.waiting[:mostWaiting:mostWaiting], true
	}
	if follow {
		l.release()
	}
	return len(came)
}

// release puts what waited on top, and chooses the newest.
func (l *list) release() {
	l.rows = slices.Concat(l.waiting, l.rows)
	if len(l.rows) > mostRows {
		l.rows = l.rows[:mostRows:mostRows]
		l.next, l.more = anchorOf(l.rows[mostRows-1]), true
	}
	l.waiting, l.at, l.top = nil, 0, 0
}

// keep has the chosen row within a number of rows that are shown.
func (l *list) keep(height int) {
	l.at = max(min(l.at, len(l.rows)-1), 0)
	l.top = max(min(l.top, l.at), l.at-height+1, 0)
	l.top = max(min(l.top, len(l.rows)-height), 0)
}

// wants returns the page that is to be loaded next; false when there is none to load.
func (l *list) wants(filter string) (Load, bool) {
	switch {
	case l.loading || l.mistake != "" || !l.loaded:
		return Load{}, false
	case len(l.above) > 0 && l.at < ahead:
		before := l.above[len(l.above)-1]
		return Load{Gen: l.gen, Filter: filter, Before: before, Above: true, Until: anchorOf(l.rows[0])}, true
	case l.more && l.at+ahead >= len(l.rows):
		return Load{Gen: l.gen, Filter: filter, Before: l.next}, true
	}
	return Load{}, false
}

// among returns rows that are among some ids.
func among(rows []*webhooks.Webhook, ids []int64) []*webhooks.Webhook {
	return slices.DeleteFunc(slices.Clone(rows), func(w *webhooks.Webhook) bool { return !slices.Contains(ids, w.ID) })
}

// without returns rows that are not among some ids.
func without(rows []*webhooks.Webhook, ids []int64) []*webhooks.Webhook {
	return slices.DeleteFunc(slices.Clone(rows), func(w *webhooks.Webhook) bool { return slices.Contains(ids, w.ID) })
}
