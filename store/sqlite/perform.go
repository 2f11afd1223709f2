package sqlite

import (
	"fmt"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/record"
)

// work does the task of a call in the transaction. first is the id of the first exchange of the call.
func (w *writer) work(e *engine.Write, first int64) error {
	if e.Work == nil {
		return nil
	}
	err := w.perform(e.Work, first)
	e.Left = engine.LeaseIsGone(e.Work)
	return err
}

func (w *writer) perform(task engine.Task, first int64) error {
	switch t := task.(type) {
	case *engine.Enqueue:
		if t.OfFirst {
			for _, q := range t.Entries {
				q.Thread = first
			}
		}
		return w.enqueue(t.Entries)
	case *engine.Lease:
		return w.lease(t)
	case *engine.Attempt:
		return w.attempt(t, first)
	case *engine.Complete:
		return w.complete(t)
	case *engine.Change:
		return w.change(t)
	case *engine.StartRun:
		return w.startRun(t)
	case *engine.NoteRun:
		return w.noteRun(&t.Run)
	case *engine.TakeRun:
		return w.takeRun(t)
	case *engine.AddPin:
		return w.pin(t)
	}
	return w.performOne(task, first)
}

// performOne does a task that is a single statement.
func (w *writer) performOne(task engine.Task, first int64) (err error) {
	var ids []int64
	switch t := task.(type) {
	case *engine.Renew:
		t.Held, err = w.idsOf(renewStatement, t.Owner, record.Nanos(t.Until), jsonOf(t.Entries))
	case *engine.Release:
		ids, err = w.idsOf(releaseStatement, t.Owner, record.Nanos(t.Now), jsonOf(t.Entries))
		t.Ended = int64(len(ids))
	case *engine.Ran:
		_, err = w.idsOf("UPDATE exchange SET exec_exit = ?, exec_took = ? WHERE id = ? RETURNING id",
			int64(t.Run.Exit), int64(t.Run.Took), t.ID)
	case *engine.AddMirror:
		_, err = w.idsOf("INSERT INTO mirror (id, of) VALUES (?, ?) RETURNING id", first, t.Of)
	case *engine.CompareMirror:
		_, err = w.idsOf("UPDATE mirror SET same = ? WHERE id = ? RETURNING id", t.Same, t.ID)
	case *engine.Announce:
		_, err = w.idsOf("UPDATE exchange SET took = ? WHERE id = ? AND ended = 0 RETURNING id", int64(t.Took), t.ID)
	case *engine.Unpin:
		ids, err = w.idsOf("DELETE FROM pin WHERE scheme GLOB ? RETURNING 1", globOf(t.Scheme))
		t.Forgotten = int64(len(ids))
	case *engine.SetRemark:
		_, err = w.idsOf("INSERT OR REPLACE INTO remark (webhook, pinned, note) VALUES (?, ?, ?) RETURNING webhook",
			t.First, t.Pinned, t.Note)
	default:
		err = fmt.Errorf("the history cannot do %T", task)
	}
	return err
}
