package sqlite

import (
	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/sqlite/raw"
)

// shared keeps a body that follows itself once. It looks only at exchanges that are Shared, whose bytes nobody changes:
// the same place and length in memory are the same body then. The messages of a run often have one body, those of a
// listener never.
type shared struct {
	last []byte // the body of the last exchange of Add
	row  int64  // of last in the table of bodies; 0: it has none yet
	seen bool   // the transaction at hand has found or made the row
	uses int64  // of the row in the transaction at hand
}

// leastShared is the size in bytes from which a body is shared: a reference costs a few bytes and a look.
const leastShared = 128

// bodyOf returns what the row of a request has of its body: the bytes, or the place where they are kept once.
func (ins *inserts) bodyOf(id int64, b *engine.Beginning) (own []byte, place any, err error) {
	body, sh := b.X.Request.Body, &ins.shared
	if !b.Shared || len(body) < leastShared {
		return body, nil, nil
	}
	if len(body) != len(sh.last) || &body[0] != &sh.last[0] {
		err = ins.countUses()
		*sh = shared{last: body}
		return body, nil, err
	}
	if !sh.seen {
		if err := ins.shareBody(id); err != nil {
			return nil, nil, err
		}
	}
	sh.uses++
	return nil, sh.row, nil
}

// shareBody looks for the row of the last body, which a prune may have removed, and makes one where there is none.
func (ins *inserts) shareBody(id int64) error {
	sh := &ins.shared
	if sh.row != 0 {
		stmt, err := ins.statement("SELECT id FROM body WHERE id = ?")
		if err == nil {
			sh.seen, err = raw.Some(stmt, raw.Arguments(sh.row))
		}
		if err != nil || sh.seen {
			return err
		}
	}
	stmt, err := ins.statement("INSERT INTO body (id, refs, data) VALUES (?, 0, ?)")
	if err == nil {
		err = raw.Run(stmt, raw.Arguments(id, sh.last))
	}
	sh.row, sh.seen = id, true
	return err
}

// countUses adds the uses of the last body in this transaction to its row.
func (ins *inserts) countUses() error {
	sh := &ins.shared
	uses := sh.uses
	sh.uses, sh.seen = 0, false
	if uses == 0 {
		return nil
	}
	stmt, err := ins.statement("UPDATE body SET refs = refs + ? WHERE id = ?")
	if err == nil {
		err = raw.Run(stmt, raw.Arguments(uses, sh.row))
	}
	return err
}
