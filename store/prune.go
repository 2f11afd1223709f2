package store

import (
	"context"
	"fmt"
	"time"

	"github.com/mattn/go-sqlite3"
)

// PruneRule says what Prune removes: what Filter selects and began before OlderThan, and then the oldest of what Filter
// selects until the history takes no more than MaxBytes. A zero limit is none; with neither, nothing is removed.
type PruneRule struct {
	OlderThan time.Time
	MaxBytes  int64
	Filter    Filter
	// Rewrite is the size in bytes up to which the rest of the history is written anew when something was removed, or when
	// there is no limit to remove by: then nothing of what was removed is left on the disk. 0: never. It holds up those who
	// write, for about a second for each 100 MB.
	Rewrite int64
}

// PruneResult is what Prune did.
type PruneResult struct {
	Removed int64 // exchanges
	Bytes   int64 // by which the history became smaller on disk
	// Remains says that parts of what was removed may still be in the log, or in unused parts of the file.
	Remains bool
}

// One transaction removes at most so much: other processes get to write in between.
const (
	pruneRows  = 250
	pruneBytes = 4 << 20
	prunePages = 512

	rowBytes = 300 // about what an exchange takes besides its bodies
)

// Prune removes exchanges, overwrites their bytes and gives their space back to the file system. What was removed before
// an error stays removed.
// Ids are not given again. What waits in the queue to be delivered stays; an entry that has ended goes with its exchange.
func (s *Store) Prune(ctx context.Context, rule PruneRule) (result PruneResult, err error) {
	if s.refused != nil {
		return result, s.refused
	}
	if !s.file.holds() {
		return result, fault(s.path, ErrReplaced)
	}
	before := s.Size()
	p, err := newPruner(s)
	if err != nil {
		return result, s.told(err)
	}
	erased := true
	err = p.prune(ctx, rule)
	if err == nil && (p.removed > 0 || rule.OlderThan.IsZero() && rule.MaxBytes <= 0) {
		erased, err = p.shrink(ctx, rule.Rewrite)
	}
	if closeErr := p.c.Close(); err == nil {
		err = closeErr
	}
	return PruneResult{Removed: p.removed, Bytes: max(before-s.Size(), 0), Remains: !erased}, s.told(err)
}

// pruner has a connection of its own: it must not hold up the writer longer than a transaction takes.
type pruner struct {
	s       *Store
	c       *conn
	deletes []*sqlite3.SQLiteStmt
	waits   *sqlite3.SQLiteStmt // whether an exchange waits in the queue
	named   *sqlite3.SQLiteStmt // the names of an exchange
	names   map[int64]bool      // that removed exchanges had
	removed int64
	version int64 // changes with each commit of another connection
}

// shortWait is how long SQLite looks for the lock on its own: after that its looks are a tenth of a second apart, and a
// writer that never rests lets nobody in who comes so seldom.
const shortWait = "PRAGMA busy_timeout = 20"

func newPruner(s *Store) (*pruner, error) {
	c, err := dial(address(s.path, "mode=rw", "_synchronous=FULL", erasing))
	if err != nil {
		return nil, err
	}
	if err := c.drain(shortWait); err != nil {
		_ = c.Close() // the first error is the one to tell
		return nil, err
	}
	p := &pruner{s: s, c: c, names: map[int64]bool{}}
	if p.waits, err = c.keep("SELECT id FROM queue WHERE thread = ? AND state = 1"); err == nil {
		p.named, err = c.keep(namesOf)
	}
	if err != nil {
		_ = c.Close() // the first error is the one to tell
		return nil, err
	}
	for _, where := range []string{"response WHERE id", "request WHERE id", "mirror WHERE id", "queue WHERE thread", "exchange WHERE id"} {
		stmt, err := c.keep("DELETE FROM " + where + " = ?")
		if err != nil {
			_ = c.Close()
			return nil, err
		}
		p.deletes = append(p.deletes, stmt)
	}
	return p, nil
}

func (p *pruner) prune(ctx context.Context, rule PruneRule) error {
	if !rule.OlderThan.IsZero() {
		aged := rule.Filter
		if last := rule.OlderThan.Add(-1); aged.Until.IsZero() || last.Before(aged.Until) {
			aged.Until = last
		}
		if err := p.remove(ctx, aged, func() (int64, error) { return pruneBytes, nil }); err != nil {
			return err
		}
	}
	if rule.MaxBytes <= 0 {
		return nil
	}
	return p.remove(ctx, rule.Filter, func() (int64, error) {
		used, err := p.used()
		return used - rule.MaxBytes, err
	})
}

// remove removes the oldest of what a filter selects while there is an excess.
func (p *pruner) remove(ctx context.Context, f Filter, excess func() (int64, error)) error {
	f.Limit, f.OldestFirst = 0, true
	sc, err := p.s.scope(ctx, &f)
	if err != nil {
		return err
	}
	for _, span := range sc.order(&f) {
		for {
			over, err := excess()
			if err != nil || over <= 0 {
				return err
			}
			batch, err := p.batch(ctx, sc, span, min(over, pruneBytes))
			if err != nil {
				return err
			}
			if len(batch) == 0 {
				break
			}
			if err := p.politely(ctx, func() error { return p.commit(batch) }); err != nil {
				return err
			}
			span.From = batch[len(batch)-1] + 1
		}
	}
	return nil
}

// batch returns the oldest ids of a span, at most pruneRows and no more than needed to have so many bytes.
func (p *pruner) batch(ctx context.Context, sc *scope, span Range, bytes int64) (batch []int64, err error) {
	ids, args := sc.ids(span, " ORDER BY e.id", pruneRows)
	rows, err := p.s.db.QueryContext(ctx, "SELECT id, request_size + ifnull(response_size, 0) FROM exchange WHERE id IN ("+ids+") ORDER BY id", args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for bytes > 0 && rows.Next() {
		var id, size int64
		if err := rows.Scan(&id, &size); err != nil {
			return nil, err
		}
		batch, bytes = append(batch, id), bytes-size-rowBytes
	}
	return batch, rows.Err()
}

// commit removes a batch in one transaction.
func (p *pruner) commit(batch []int64) error {
	if err := p.c.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	removed, err := p.delete(batch)
	if err == nil {
		err = p.c.exec("COMMIT")
	}
	if err != nil {
		_ = p.c.exec("ROLLBACK") // the first error is the one to tell
		return err
	}
	p.removed += removed
	return nil
}

// politely does something that holds the write lock and leaves the lock alone for as long as that took: SQLite does not
// queue those who wait for it, they only look again from time to time. For the same reason it asks again when others
// were in the way and got something done: a listener under load holds the lock nearly always, and prune has time.
func (p *pruner) politely(ctx context.Context, do func() error) error {
	began := time.Now()
	err := do()
	for stuck := began; isBusy(err) && time.Since(stuck) < patience && ctx.Err() == nil; err = do() {
		began = time.Now()
		if p.othersWrote() {
			stuck = began
		}
	}
	if err != nil {
		return err
	}
	select {
	case <-time.After(time.Since(began)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// othersWrote reports whether another connection has committed anything since it was last asked.
func (p *pruner) othersWrote() bool {
	last := p.version
	err := p.c.queryRow("PRAGMA data_version", nil, &p.version)
	return err == nil && p.version != last
}

// delete also notes the highest id, since it may be the newest of all.
func (p *pruner) delete(batch []int64) (removed int64, err error) {
	for _, id := range batch {
		waits, err := some(p.waits, arguments(id))
		if err != nil {
			return 0, err
		}
		if waits {
			continue
		}
		removed++
		if err := p.noteNames(id); err != nil {
			return 0, err
		}
		for _, stmt := range p.deletes {
			if err := run(stmt, arguments(id)); err != nil {
				return 0, err
			}
		}
	}
	last := batch[len(batch)-1]
	return removed, p.c.execute("UPDATE history SET last_id = ?1 WHERE last_id < ?1", last)
}

// used is the bytes that the history would take without its free pages.
func (p *pruner) used() (int64, error) {
	var pages, free, size int64
	err := p.c.queryRow("SELECT page_count, freelist_count, page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size", nil, &pages, &free, &size)
	return (pages - free) * size, err
}

// shrink removes what else only the removed exchanges had, gives free pages back, and the log into the file. It reports
// whether nothing of what was removed is left on the disk.
func (p *pruner) shrink(ctx context.Context, rewrite int64) (erased bool, err error) {
	if err := p.politely(ctx, p.eraseNames); err != nil {
		return false, err
	}
	if err := p.giveBack(ctx); err != nil {
		return false, err
	}
	used, err := p.used()
	if err != nil {
		return false, err
	}
	if used <= rewrite {
		if err := p.rewrite(ctx); err != nil {
			return false, err
		}
	}
	emptied, err := p.clearLog(ctx)
	return emptied && used <= rewrite, err
}

// giveBack gives free pages back to the file system.
func (p *pruner) giveBack(ctx context.Context) error {
	for free, last := int64(1), int64(0); free > 0 && free != last; {
		vacuum := fmt.Sprintf("PRAGMA incremental_vacuum(%d)", prunePages)
		if err := p.politely(ctx, func() error { return p.c.drain(vacuum) }); err != nil {
			return err
		}
		last = free
		if err := p.c.queryRow("PRAGMA freelist_count", nil, &free); err != nil {
			return err
		}
	}
	return nil
}
