package postgres

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/postgres/column"
	"github.com/barbhq/barb/store/postgres/glob"
	"github.com/barbhq/barb/store/record"
)

// tasks plans the tasks of a group: all of one kind are one statement where a group may have many. Callers of different
// writes of a group do not know of each other, so that any order of theirs is right. Ends of leases come before new
// entries, which may follow them.
func (p *plan) tasks(g *engine.Group) {
	var attempts []*attempt
	var completes []*engine.Complete
	var added []*addition
	begun := 0
	for _, e := range g.Writes {
		switch t := e.Work.(type) {
		case nil:
		case *engine.Attempt:
			attempts = append(attempts, &attempt{t, e, p.firstOf(begun, t.Recorded)})
		case *engine.Complete:
			completes = append(completes, t)
			added = append(added, additionsOf(t.Next, t.Entry.ID)...)
		case *engine.Enqueue:
			if t.OfFirst {
				for _, q := range t.Entries {
					q.Thread = p.r.exchanges[begun]
				}
			}
			added = append(added, additionsOf(t.Entries, 0)...)
		case *engine.StartRun:
			p.startRun(t)
		default:
			p.task(t, begun)
		}
		begun += len(e.Begin)
	}
	p.attempt(attempts)
	p.lockLanesOf(completes, added)
	p.complete(completes)
	p.enqueue(added)
}

// firstOf is the id of the first exchange of a call; nil where it records none.
func (p *plan) firstOf(begun int, recorded bool) any {
	if !recorded || begun >= len(p.r.exchanges) {
		return nil
	}
	return p.r.exchanges[begun]
}

// task plans a task that is a statement of its own.
func (p *plan) task(task engine.Task, begun int) {
	switch t := task.(type) {
	case *engine.Lease:
		p.lease(t)
	case *engine.Renew:
		p.renew(t)
	case *engine.Release:
		p.release(t)
	case *engine.Change:
		p.change(t)
	case *engine.Ran:
		p.step("UPDATE barb.exchange SET exec_exit = $1, exec_took = $2 WHERE id = $3", int64(t.Run.Exit),
			int64(t.Run.Took), t.ID)
	case *engine.AddMirror:
		p.step("INSERT INTO barb.mirror (id, of) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET of = excluded.of",
			p.firstOf(begun, true), t.Of)
	case *engine.CompareMirror:
		p.step("UPDATE barb.mirror SET same = $1 WHERE id = $2", t.Same, t.ID)
	case *engine.Announce:
		p.step("UPDATE barb.exchange SET took = $1 WHERE id = $2 AND ended = 0", int64(t.Took), t.ID)
	case *engine.SetRemark:
		p.step(`INSERT INTO barb.remark (webhook, pinned, note) VALUES ($1, $2, $3)
			ON CONFLICT (webhook) DO UPDATE SET pinned = excluded.pinned, note = excluded.note`, t.First, t.Pinned,
			escape(t.Note))
	default:
		p.rare(task)
	}
}

// rare plans a task of pins or of runs.
func (p *plan) rare(task engine.Task) {
	switch t := task.(type) {
	case *engine.AddPin:
		p.pin(t)
	case *engine.Unpin:
		p.steps = append(p.steps, step{query: "DELETE FROM barb.pin WHERE scheme LIKE $1 RETURNING 1",
			args: []any{glob.Like(t.Scheme)}, apply: countInto(&t.Forgotten)})
	case *engine.NoteRun:
		p.noteRun(&t.Run)
	case *engine.TakeRun:
		p.takeRun(t)
	default:
		panic(fmt.Sprintf("the history cannot do %T", task))
	}
}

// laneOf is what stands for a target and an order; nil without an order.
func laneOf(target, order string) any {
	if order == "" {
		return nil
	}
	sum := sha256.Sum256([]byte(target + "\x00" + order))
	return int64(binary.BigEndian.Uint64(sum[:8])) //nolint:gosec // all 64 bits
}

const lockLanes = `SELECT pg_advisory_xact_lock(l.lane) FROM (SELECT lane FROM unnest($1::int8[]) AS u(lane)
	UNION SELECT lane FROM barb.queue WHERE id = ANY($2) AND lane IS NOT NULL ORDER BY 1) l`

// lockLanesOf takes the lanes in which something ends or is added, one after the other, until the transaction ends.
// Without it, who ends an entry may not see a successor that is being added, while who adds it still sees the entry
// open: the lane would stand still. The statements that follow see all that those did who had the lanes before.
func (p *plan) lockLanesOf(completes []*engine.Complete, added []*addition) {
	lanes, ended := []int64{}, []int64{}
	for _, c := range completes {
		if hasLane(c.Entry) {
			ended = append(ended, c.Entry.ID)
		}
	}
	for _, a := range added {
		if lane, ok := laneOf(a.entry.Target, a.entry.Order).(int64); ok {
			lanes = append(lanes, lane)
		}
	}
	if len(lanes)+len(ended) > 0 {
		p.step(lockLanes, lanes, ended)
	}
}

// hasLane reports whether an entry is in a lane, or may be: of one without a target, only the id is known.
func hasLane(q *engine.Queued) bool { return q.Order != "" || q.Target == "" }

// addition is an entry that is added; after is the entry whose lease has to have ended with the group, 0 for none.
type addition struct {
	entry *engine.Queued
	after int64
}

func additionsOf(entries []*engine.Queued, after int64) []*addition {
	all := make([]*addition, len(entries))
	for i, q := range entries {
		all[i] = &addition{q, after}
	}
	return all
}

// entryColumns are those of a new entry, as column.New takes them.
const entryColumns = "id, kind, thread, target, policy, ord text, lane, straight bool, follows bool, owner text, " +
	"due, waits, created, after"

// addEntries adds entries, from rows of entryColumns. EXISTS among other conditions might read the whole queue once
// where the planner takes it for small.
func addEntries() string {
	columns := strings.Split(entryColumns, ", ")
	return fmt.Sprintf(`INSERT INTO barb.queue (id, kind, thread, target, policy, ord, lane, behind, straight, state,
			owner, due, created, changed, attempts)
		SELECT u.id, u.kind, u.thread, u.target, u.policy, u.ord, u.lane, l.behind, l.straight, 1,
			CASE WHEN l.straight THEN u.owner END, CASE WHEN l.straight THEN u.due ELSE u.waits END, u.created, u.created, 0
		FROM `+column.Unnest(columns)+` CROSS JOIN LATERAL (SELECT
			u.follows OR (SELECT true FROM barb.queue o WHERE o.lane = u.lane AND o.state = 1 LIMIT 1) IS NOT NULL
				AS behind,
			u.straight AND (SELECT true FROM barb.queue o WHERE o.lane = u.lane AND o.state = 1 AND NOT o.straight
				LIMIT 1) IS NULL AS straight) l
		WHERE u.after IS NULL OR (SELECT c.token = $%d FROM barb.queue c WHERE c.id = u.after)
		RETURNING id, behind, straight`, len(columns)+1)
}

// enqueue plans the new entries of a group, in their order: of one lane, each comes behind those before it.
func (p *plan) enqueue(added []*addition) {
	if len(added) == 0 {
		return
	}
	w := p.w
	entries := column.New(strings.Split(entryColumns, ", ")...)
	lanes, noStraight := map[any]bool{}, map[any]bool{}
	byID, ids, depends := map[int64]*engine.Queued{}, []int64{}, false
	for i, a := range added {
		q, id := a.entry, p.r.entries[i]
		lane := laneOf(q.Target, q.Order)
		straight := q.Inline && (lane == nil || !noStraight[lane])
		follows := lane != nil && lanes[lane]
		lanes[lane], noStraight[lane] = true, noStraight[lane] || !straight
		depends = depends || a.after != 0 && lane != nil
		entries.Add(id, int64(q.Kind), q.Thread, w.names.ID(engine.NameTarget, q.Target),
			w.names.ID(engine.NamePolicy, q.Policy), engine.UnlessZero(q.Order), lane, straight, follows,
			engine.UnlessZero(q.Owner), w.in(q.Due), w.in(waitsFor(q)), w.in(q.Created),
			engine.UnlessZero(a.after))
		byID[id], ids = q, append(ids, id)
	}
	p.steps = append(p.steps, step{query: addEntries(), rows: entries,
		args: []any{p.token}, reread: "SELECT id, behind, straight FROM barb.queue WHERE id = ANY($1)",
		again: []any{ids}, apply: func(rows pgx.Rows) error { return addedInto(rows, byID) }})
	for _, a := range added {
		p.keepPieces(a.entry)
	}
	if depends { // another may have been put behind one that was not added
		p.step(advance, ids)
	}
}

// waitsFor is when an entry is due that its adder does not deliver at once.
func waitsFor(q *engine.Queued) time.Time {
	if q.Inline {
		return q.Created // its Due is the end of the lease that it may not get
	}
	return q.Due
}

// addedInto reads what became of new entries.
func addedInto(rows pgx.Rows, byID map[int64]*engine.Queued) error {
	var id int64
	var behind, straight bool
	_, err := pgx.ForEachRow(rows, []any{&id, &behind, &straight}, func() error {
		q := byID[id]
		q.ID, q.Blocked, q.State = id, behind, engine.Leased
		if !straight {
			due := waitsFor(q)
			q.Inline, q.State, q.Owner, q.Due = false, engine.Waiting, "", due
		}
		return nil
	})
	return err
}

// keepPieces keeps what a delivery needs and the history masks: the pieces that are no secret given to barb.
func (p *plan) keepPieces(q *engine.Queued) {
	if !slices.ContainsFunc(q.Masks, record.Mask.IsLoose) {
		return
	}
	pieces := make([][]byte, len(q.Masks))
	for i, m := range q.Masks {
		if m.IsLoose() {
			pieces[i] = []byte(m.Piece)
		}
	}
	coded, _ := json.Marshal(pieces) // bytes have no value that JSON cannot have
	p.step(`INSERT INTO barb.kept (id, pieces) SELECT $1, $2
		WHERE EXISTS (SELECT FROM barb.queue WHERE thread = $1 AND state IN (1, 3))
		ON CONFLICT (id) DO UPDATE SET pieces = excluded.pieces`, q.Thread, coded)
}

// countInto counts the rows that a statement returns.
func countInto(n *int64) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		*n = 0
		for rows.Next() {
			*n++
		}
		return rows.Err()
	}
}

// idsInto collects the ids that a statement returns, in their order.
func idsInto(ids *[]int64) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		all, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		slices.SortFunc(all, cmp.Compare)
		*ids = all
		return err
	}
}
