package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/mattn/go-sqlite3"

	"github.com/barbhq/barb/store/ahead"
	"github.com/barbhq/barb/store/disk"
	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/lookup"
	"github.com/barbhq/barb/store/retain"
	"github.com/barbhq/barb/store/sqlite/raw"
)

// One transaction removes about as much as was written since the last, or at most so much, for others to write.
const (
	pruneRows  = 250
	pruneBytes = 4 << 20
	prunePages = 512

	rowBytes = 260 // about what an exchange takes besides its bodies
)

// Prune removes exchanges, overwrites their bytes and shrinks the file. After an error, earlier removals remain. Ids
// are not given again. Open entries of the queue stay; ended ones go with their exchange.
func (s *Engine) Prune(ctx context.Context, rule engine.PruneRule, pace *retain.Retention) (result engine.PruneResult,
	err error,
) {
	if s.refused != nil {
		return result, s.refused
	}
	if !s.file.Same() {
		return result, engine.Fault(s.path, engine.ErrReplaced)
	}
	before := s.Size()
	p, err := newPruner(s, rule)
	if err != nil {
		return result, s.told(err)
	}
	p.pace = pace
	erased := true
	if err = p.prune(ctx); err == nil {
		erased, err = p.tidy(ctx, rule)
	}
	err = cmp.Or(err, p.c.Close())
	p.done.Bytes, p.done.Remains = max(before-s.Size(), 0), !erased
	return p.done, s.told(err)
}

// pruner has a connection of its own: it must not hold up the writer longer than a transaction takes.
type pruner struct {
	s       *Engine
	c       *raw.Conn
	rule    engine.PruneRule
	pace    *retain.Retention // nil: it does not prune on its own
	until   int64             // the start, in ns since 1970, from which an exchange keeps its webhook
	deletes []*sqlite3.SQLiteStmt
	parts   *sqlite3.SQLiteStmt // see partsQuery
	named   *sqlite3.SQLiteStmt // the names of an exchange
	names   map[int64]bool      // that removed exchanges had
	done    engine.PruneResult
	plan    *plan // nil: exchanges are removed and not only counted
	version int64 // changes with each commit of another connection
}

// shortWait is how long SQLite looks for the lock on its own: after that its looks are a tenth of a second apart, which
// is too seldom to find it free beside a busy writer.
const shortWait = "PRAGMA busy_timeout = 20"

func newPruner(s *Engine, rule engine.PruneRule) (*pruner, error) {
	c, err := raw.Dial(disk.SQLiteAddress(s.path, patience, "mode=rw", "_synchronous=FULL", erasing))
	if err != nil {
		return nil, err
	}
	c.Failed = c.Drain(shortWait)
	parts := strings.Replace(partsQuery, "@ids", "?1", 1)
	if rule.Whole {
		parts = strings.Replace(partsQuery, "@ids", allOf, 1)
	}
	p := &pruner{s: s, c: c, rule: rule, names: map[int64]bool{}, parts: c.Keep(parts), named: c.Keep(namesOf)}
	for _, where := range []string{"response WHERE id = ?", "request WHERE id = ?", "mirror WHERE id = ?",
		"queue WHERE thread = ?", remarkOf, "exchange WHERE id = ?"} {
		p.deletes = append(p.deletes, c.Keep("DELETE FROM "+where))
	}
	if c.Failed != nil {
		_ = c.Close() // the first error is the one to tell
		return nil, c.Failed
	}
	return p, nil
}

func (p *pruner) prune(ctx context.Context) error {
	rule, first := p.rule, []stage{badlySigned, spentCopies, {}}
	if rule.Whole {
		first = []stage{badlySigned, {}}
	}
	if !rule.OlderThan.IsZero() {
		p.until = rule.OlderThan.UnixNano()
		aged := rule.Filter
		if last := rule.OlderThan.Add(-1); aged.Until.IsZero() || last.Before(aged.Until) {
			aged.Until = last
		}
		if err := p.remove(ctx, aged, []stage{{}}, func() (int64, error) { return math.MaxInt64, nil }); err != nil {
			return err
		}
	}
	if rule.MaxBytes <= 0 {
		return nil
	}
	p.until = math.MaxInt64
	return p.remove(ctx, rule.Filter, first, func() (int64, error) {
		used, err := p.used()
		if p.plan != nil {
			used -= p.plan.bytes
		}
		return used - rule.MaxBytes, err
	})
}

// stage selects exchanges that are removed before the others, with an index of them; the zero value selects all.
type stage struct {
	term, index string
	from        int64 // the ids below are done
}

var (
	// badlySigned are exchanges received (kind 2) with a bad signature (verdict 2). They all count as failed.
	badlySigned = stage{"e.failed = 1 AND e.kind = 2 AND e.verdict = 2", "INDEXED BY exchange_failed", 0}
	// spentCopies are duplicates that nothing follows from: they were not refused, they are not in the queue, and what
	// they repeat was answered 2xx, is delivered if it was in the queue, and is here still. Anybody who has seen one
	// webhook of a scheme without a timestamp can send them.
	spentCopies = stage{
		`e.marks IS NOT NULL AND e.kind = 2 AND instr(e.marks, ',duplicate:') AND ifnull(e.status / 100, 2) = 2
		AND NOT EXISTS (SELECT 1 FROM queue q WHERE q.thread = e.id)
		AND EXISTS (SELECT 1 FROM exchange o WHERE o.id = CAST(substr(e.marks, instr(e.marks, ',duplicate:') + 11) AS INTEGER)
			AND o.status / 100 = 2 AND ` + strings.ReplaceAll(ahead.WasAnswered, "e.", "o.") + `
			AND NOT EXISTS (SELECT 1 FROM queue q WHERE q.thread = o.id AND q.state <> 2))`,
		"INDEXED BY exchange_marked", 0}
)

// remove removes of what a filter selects the oldest of the first stage that has anything, while there is an excess. It
// looks anew for each transaction: new exchanges of an early stage go before older ones of a later stage.
func (p *pruner) remove(ctx context.Context, f engine.Filter, stages []stage, excess func() (int64, error)) error {
	for {
		over, err := excess()
		if err != nil || over <= 0 {
			return err
		}
		rows, bytes := p.pace.Pace()
		rows, bytes = max(rows, pruneRows), min(over, max(bytes, pruneBytes))
		var batch []int64
		for i := 0; i < len(stages) && len(batch) == 0; i++ {
			if batch, err = p.next(ctx, f, &stages[i], int(rows), bytes); err != nil {
				return err
			}
		}
		if len(batch) == 0 {
			return nil
		}
		if p.plan != nil {
			err = p.foresee(batch)
		} else {
			err = p.politely(ctx, p.alone(func() error { return p.commit(batch) }))
		}
		if err != nil {
			return err
		}
	}
}

// next returns the oldest ids of a stage that are not done, and counts them as done: about as many as have so many
// exchanges, and no more than needed to have so many bytes.
func (p *pruner) next(ctx context.Context, f engine.Filter, st *stage, rows int, bytes int64) (batch []int64,
	err error,
) {
	sc, err := p.s.scope(ctx, &f)
	if err != nil {
		return nil, err
	}
	if st.term != "" {
		sc.add(st.term)
		if sc.index == noIndex {
			sc.index = st.index
		}
	}
	if p.rule.Whole {
		sc.add(oldestLeft)
	}
	if len(sc.spans) == 0 {
		return nil, nil
	}
	all := engine.Range{From: max(sc.spans[0].From, st.from), To: sc.spans[len(sc.spans)-1].To}
	ids, args := sc.ids(all, " ORDER BY e.id", math.MaxInt)
	err = eachRow(ctx, p.s.db, func(found *sql.Rows) error {
		var id int64
		if err := found.Scan(&id); err != nil || !engine.Holds(sc.spans, id) {
			return err
		}
		st.from = id + 1
		parts, size, err := p.partsOf(id)
		if len(parts) > 0 {
			batch, rows, bytes = append(batch, id), rows-len(parts), bytes-size
		}
		if err == nil && (rows <= 0 || bytes <= 0) {
			err = io.EOF
		}
		return err
	}, ids, args...)
	if errors.Is(err, io.EOF) {
		return batch, nil
	}
	st.from = all.To + 1
	return batch, err
}

// commit removes a batch in one transaction.
func (p *pruner) commit(batch []int64) error {
	done := p.done
	err := p.c.Transact(func() error { return p.delete(batch) })
	if err != nil {
		p.done = done
	}
	return err
}

// alone is do without this process's writer, so that a checkpoint finds the log unused and it begins anew.
func (p *pruner) alone(do func() error) func() error {
	return func() error {
		p.s.transacting.Lock()
		defer p.s.transacting.Unlock()
		return do()
	}
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
	p.pace.Move()
	if p.pace.Grown() > 1 { // the writer waits for the next one
		return ctx.Err()
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
	err := p.c.QueryRow("PRAGMA data_version", nil, &p.version)
	return err == nil && p.version != last
}

// delete also notes the highest id, since it may be the newest of all. What goes with an id is read again: exchanges
// may have come since the batch was chosen.
func (p *pruner) delete(batch []int64) error {
	var last int64
	for _, id := range batch {
		parts, _, err := p.partsOf(id)
		if err != nil {
			return err
		}
		p.count(parts)
		for _, part := range parts {
			last = max(last, part)
			if err := p.noteNames(part); err != nil {
				return err
			}
			for _, stmt := range p.deletes {
				if err := raw.Run(stmt, raw.Arguments(part)); err != nil {
					return err
				}
			}
		}
	}
	return cmp.Or(p.c.Exec("UPDATE history SET last_id = ?1 WHERE last_id < ?1", last),
		lookup.Prune(p.c.SQLiteConn))
}

// used is the bytes that the history would take without its free pages.
func (p *pruner) used() (int64, error) {
	var pages, free, size int64
	err := p.c.QueryRow("SELECT page_count, freelist_count, page_size "+
		"FROM pragma_page_count, pragma_freelist_count, pragma_page_size", nil, &pages, &free, &size)
	return (pages - free) * size, err
}

// tidy shrinks the file and the log if that is worth it. It reports whether the disk holds no removed byte any more.
func (p *pruner) tidy(ctx context.Context, rule engine.PruneRule) (erased bool, err error) {
	used, err := p.used()
	if err != nil {
		return false, err
	}
	p.pace.RestAt(used)
	rewrite := rule.Rewrite
	switch unlimited := rule.OlderThan.IsZero() && rule.MaxBytes <= 0; {
	case p.done.Removed > 0, unlimited:
	case rule.MaxBytes > 0 && p.s.Size() > rule.MaxBytes: // the log, or free pages of what others removed
		rewrite = 0
	default:
		return true, nil
	}
	emptied, err := p.shrink(ctx, rewrite)
	if err == nil && !emptied { // another process reads: the log cannot become smaller before
		p.pace.RestAt(used + disk.Size(p.s.path+"-wal"))
	}
	return p.done.Removed == 0 && rewrite == 0 || emptied && used <= rewrite, err
}

// shrink removes leftovers, frees pages and empties the log into the file; it reports whether the log is empty.
func (p *pruner) shrink(ctx context.Context, rewrite int64) (emptied bool, err error) {
	if err := p.giveBack(ctx); err != nil {
		return false, err
	}
	if err := p.politely(ctx, p.eraseNames); err != nil {
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
	return p.clearLog(ctx)
}

// giveBack gives free pages back to the file system.
func (p *pruner) giveBack(ctx context.Context) error {
	for free, last := int64(1), int64(0); free > 0 && free != last; {
		_, written := p.pace.Pace()
		vacuum := fmt.Sprintf("PRAGMA incremental_vacuum(%d)", max(prunePages, written/pageSize))
		if err := p.politely(ctx, p.alone(func() error { return p.c.Drain(vacuum) })); err != nil {
			return err
		}
		last = free
		if err := p.c.QueryRow("PRAGMA freelist_count", nil, &free); err != nil {
			return err
		}
	}
	return nil
}
