package ui

import (
	"strconv"
	"time"

	"github.com/barbhq/barb/store"
)

// Queue prints a table of entries. target returns the destination of an entry.
func (p *Printer) Queue(entries []*store.Queued, now time.Time, target func(store.QueueKind, string) string) {
	rows := make([][]string, 0, len(entries))
	for _, q := range entries {
		rows = append(rows, []string{strconv.FormatInt(q.ID, 10), q.Kind.String(), strconv.FormatInt(q.Thread, 10),
			when(q.Created, now), EscapeLine(target(q.Kind, q.Target)),
			stateWord(q), strconv.Itoa(q.Attempts), whenDue(q, now), Clip(q.Why, 60)})
	}
	p.Table([]string{"ID", "KIND", "WEBHOOK", "SINCE", "TARGET", "STATE", "TRIES", "NEXT", "WHY"}, rows)
}

// QueueEntry prints all of an entry. plan is its plan of delivery without secrets.
func (p *Printer) QueueEntry(q *store.Queued, now time.Time, plan string) {
	id, thread := strconv.FormatInt(q.ID, 10), strconv.FormatInt(q.Thread, 10)
	order := "with others, whenever it is due"
	if q.Order != "" {
		order = Clip(q.Order, 200)
	}
	p.Pairs([][2]string{
		{"id", id},
		{"kind", q.Kind.String()},
		{"webhook", thread + "  (barb show " + thread + " --attempts)"},
		{"target", EscapeLine(q.Target)},
		{"state", stateWord(q)},
		{"next", whenDue(q, now)},
		{"attempts", strconv.Itoa(q.Attempts)},
		{"why", Clip(q.Why, 300)},
		{"since", q.Created.Local().Format("2006-01-02 15:04:05.000 -07:00")},
		{"in order", order},
		{"policy", EscapeLine(plan)},
	})
}

func stateWord(q *store.Queued) string {
	if q.State == store.Waiting && q.Blocked {
		return "waiting its turn"
	}
	return string(q.State)
}

// whenDue returns the next attempt of a waiting entry.
func whenDue(q *store.Queued, now time.Time) string {
	switch {
	case q.State == store.Leased && q.Due.After(now):
		return "now"
	case q.State != store.Waiting && q.State != store.Leased || q.Blocked:
		return ""
	case !q.Due.After(now):
		return "due"
	}
	return "in " + Duration(q.Due.Sub(now))
}
