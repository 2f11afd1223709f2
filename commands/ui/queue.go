package ui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// Columns of the queue that go where the terminal is too narrow, the first of them first, and how much is always shown
// of those that can be cut.
var (
	queueYields = []string{"SINCE", "KIND", "TRIES", "NEXT", "WEBHOOK"}
	queueRooms  = map[string]int{"TARGET": 22, "WHY": 26}
)

// Queue prints a table of entries. target returns the destination of an entry.
func (p *Printer) Queue(entries []*store.Queued, now time.Time, target func(store.QueueKind, string) string) {
	rows := make([][]string, 0, len(entries))
	for _, q := range entries {
		rows = append(rows, []string{strconv.FormatInt(q.ID, 10), q.Kind.String(), strconv.FormatInt(q.Thread, 10),
			when(q.Created, now), EscapeLine(target(q.Kind, q.Target)),
			StateWord(q), strconv.Itoa(q.Attempts), WhenDue(q, now), Clip(q.Why, 60)})
	}
	head := []string{"ID", "KIND", "WEBHOOK", "SINCE", "TARGET", "STATE", "TRIES", "NEXT", "WHY"}
	for _, name := range queueYields {
		if p.fits(head, rows, queueRooms) {
			break
		}
		i := slices.Index(head, name)
		head = slices.Delete(head, i, i+1)
		for n := range rows {
			rows[n] = slices.Delete(rows[n], i, i+1)
		}
	}
	p.Table(head, rows)
}

// QueueEntry prints all of an entry. plan is how it is delivered, as JSON without secrets; attempts are the exchanges
// of its attempts.
func (p *Printer) QueueEntry(q *store.Queued, now time.Time, plan string, attempts []*record.Exchange) {
	id, thread := strconv.FormatInt(q.ID, 10), strconv.FormatInt(q.Thread, 10)
	rows := append(append(targetRows(q), [2]string{"order", OrderText(q)}), planRows(plan)...)
	p.Pairs(append([][2]string{
		{"id", id},
		{"kind", q.Kind.String()},
		{"webhook", thread + "  (barb show " + thread + " --attempts)"},
		{"state", StateWord(q)},
		{"next", strings.TrimSpace(WhenDue(q, now) + dueText(q, now))},
		{"attempts", strconv.Itoa(q.Attempts)},
		{"why", Clip(q.Why, 300)},
		{"since", q.Created.Local().Format("2006-01-02 15:04:05.000 -07:00")},
	}, rows...))
	if len(attempts) > 0 {
		p.Line("")
		p.History(attempts, nil, now)
	}
}

// StateWord is the state of an entry.
func StateWord(q *store.Queued) string {
	if q.State == store.Waiting && q.Blocked {
		return "waiting in order"
	}
	return string(q.State)
}

// WhenDue returns when the next attempt of an entry is: "now", "due" or "in 5s". It is "" for an entry that has ended
// or waits for another of its order.
func WhenDue(q *store.Queued, now time.Time) string {
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

// Takers says what will deliver the entries that are due, one sentence for each kind.
func Takers(entries []*store.Queued, now time.Time) (texts []string) {
	due := map[store.QueueKind][]*store.Queued{}
	for _, q := range entries {
		if WhenDue(q, now) == "due" {
			due[q.Kind] = append(due[q.Kind], q)
		}
	}
	for _, kind := range []store.QueueKind{store.Forward, store.Message, store.Command} {
		switch of := due[kind]; {
		case len(of) == 1:
			texts = append(texts, fmt.Sprintf("entry %d is due: %s", of[0].ID, Taker(kind)))
		case len(of) > 1:
			texts = append(texts, fmt.Sprintf("%d entries are due: %s", len(of), Taker(kind)))
		}
	}
	return texts
}

// Taker says which process delivers what is due.
func Taker(kind store.QueueKind) string {
	switch kind {
	case store.Message:
		return "barb deliver sends messages"
	case store.Command:
		return "barb listen with the same --exec runs commands"
	}
	return "barb listen --queue with the same --forward-to delivers forwards"
}

// dueText says in brackets which process delivers an entry that is due.
func dueText(q *store.Queued, now time.Time) string {
	if WhenDue(q, now) != "due" {
		return ""
	}
	return "  (" + Taker(q.Kind) + ")"
}
