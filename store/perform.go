package store

import (
	"fmt"

	"github.com/barbhq/barb/store/record"
)

// work does the work of a call in the transaction. first is the id of the first exchange of the call.
func (w *writer) work(e *write, first int64) error {
	if e.work == nil {
		return nil
	}
	err := w.perform(e.work, first)
	l, needsLease := e.work.(interface{ isOurs() bool })
	e.left = needsLease && !l.isOurs()
	return err
}

func (w *writer) perform(work task, first int64) error {
	switch t := work.(type) {
	case *enqueue:
		if t.ofFirst {
			for _, q := range t.entries {
				q.Thread = first
			}
		}
		return w.enqueue(t.entries)
	case *lease:
		return w.lease(t)
	case *attempt:
		return w.attempt(t, first)
	case *complete:
		return w.complete(t)
	case *change:
		return w.change(t)
	case *startRun:
		return w.startRun(t.run)
	case *noteRun:
		return w.noteRun(&t.run)
	case *takeRun:
		return w.takeRun(t)
	case *pin:
		return w.pin(t)
	}
	return w.performOne(work, first)
}

// performOne does work that is a single statement.
func (w *writer) performOne(work task, first int64) (err error) {
	var ids []int64
	switch t := work.(type) {
	case *renew:
		t.held, err = w.idsOf(renewStatement, t.owner, record.Nanos(t.until), jsonOf(t.entries))
	case *release:
		ids, err = w.idsOf(releaseStatement, t.owner, record.Nanos(t.now))
		t.ended = int64(len(ids))
	case *ran:
		_, err = w.idsOf("UPDATE exchange SET exec_exit = ?, exec_took = ? WHERE id = ? RETURNING id",
			int64(t.run.Exit), int64(t.run.Took), t.id)
	case *mirror:
		_, err = w.idsOf("INSERT INTO mirror (id, of) VALUES (?, ?) RETURNING id", first, t.of)
	case *compareMirror:
		_, err = w.idsOf("UPDATE mirror SET same = ? WHERE id = ? RETURNING id", t.same, t.id)
	case *announce:
		_, err = w.idsOf("UPDATE exchange SET took = ? WHERE id = ? AND ended = 0 RETURNING id", int64(t.took), t.id)
	case *unpin:
		ids, err = w.idsOf("DELETE FROM pin WHERE scheme GLOB ? RETURNING 1", globOf(t.scheme))
		t.forgotten = int64(len(ids))
	case *remark:
		_, err = w.idsOf("INSERT OR REPLACE INTO remark (webhook, pinned, note) VALUES (?, ?, ?) RETURNING webhook",
			t.first, t.Pinned, t.Note)
	default:
		err = fmt.Errorf("the history cannot do %T", work)
	}
	return err
}
