// Package lookup finds the exchanges of a history that may have a webhook id. An index on ids that come at random costs
// a page of the file for each exchange. Here exchanges are added by the thousand, once their block of ids is complete:
// 64 pages for 4096 exchanges, and about 1 µs of processor time for each. Those of the last block are not added yet.
package lookup

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"io"

	"github.com/barbhq/barb/store/engine"
	"github.com/mattn/go-sqlite3"
)

const (
	blockBits = 12 // a block is 1<<blockBits ids
	buckets   = 64
	entrySize = 5

	// mostFound bounds what Find returns. Of a webhook id that is so frequent, a walk through the history finds enough.
	mostFound = 1000
)

// hashOf is where a webhook id is looked for, and the three bytes that stand for it there.
func hashOf(id string) (bucket int64, print [3]byte) {
	h := fnv.New64a()
	_, _ = io.WriteString(h, id) // never fails
	sum := h.Sum64()
	return int64(sum >> 58), [3]byte{byte(sum >> 32), byte(sum >> 40), byte(sum >> 48)}
}

// Builder adds blocks through the connection of the one who records. The zero value is ready.
type Builder struct{ next int64 } // no block before it is to be added

// Step adds the next block in the transaction at hand if all its exchanges are recorded, which those below newest are.
// It adds one at most, so that a history from before there were blocks makes nobody wait. After a rollback the block is
// added with a later one.
func (b *Builder) Step(c *sqlite3.SQLiteConn, newest int64) error {
	if newest>>blockBits <= b.next {
		return nil
	}
	err := query(c, func(row []driver.Value) { b.next, _ = row[0].(int64) }, 1,
		"SELECT max(ifnull((SELECT max(block) + 1 FROM lookup WHERE bucket = 0), 0), "+
			"ifnull((SELECT min(id) FROM exchange), ?1) >> ?2)", newest, int64(blockBits))
	if err != nil || newest>>blockBits <= b.next {
		return err
	}
	b.next++
	return add(c, b.next-1)
}

// Fill adds all blocks whose exchanges are below newest, in the transaction at hand.
func Fill(c *sqlite3.SQLiteConn, newest int64) error {
	var b Builder
	for {
		before := b.next
		if err := b.Step(c, newest); err != nil || b.next == before {
			return err
		}
	}
}

// add writes a row for each bucket, also for an empty one: that all blocks before the last of a bucket were added is
// what Find relies on.
func add(c *sqlite3.SQLiteConn, block int64) error {
	var entries [buckets][]byte
	err := query(c, func(row []driver.Value) {
		id, _ := row[0].(int64)
		text, _ := row[1].(string)
		bucket, print := hashOf(text)
		entries[bucket] = binary.BigEndian.AppendUint16(append(entries[bucket], print[:]...), uint16(id&(1<<blockBits-1)))
	}, 2, "SELECT id, webhook_id FROM exchange WHERE id BETWEEN ? AND ? AND webhook_id IS NOT NULL",
		block<<blockBits, (block+1)<<blockBits-1)
	if err != nil {
		return err
	}
	for bucket, e := range entries {
		e = append([]byte{}, e...) // nil would be NULL
		if err := query(c, nil, 0, "INSERT OR REPLACE INTO lookup VALUES (?, ?, ?)", int64(bucket), block, e); err != nil {
			return err
		}
	}
	return nil
}

// Prune removes the blocks of which no exchange is left, in the transaction at hand.
func Prune(c *sqlite3.SQLiteConn) error {
	var first, kept int64
	err := query(c, func(row []driver.Value) { first, _ = row[0].(int64); kept, _ = row[1].(int64) }, 2,
		"SELECT (SELECT min(block) FROM lookup WHERE bucket = 0), (SELECT min(id) FROM exchange) >> ?", int64(blockBits))
	for bucket := int64(0); err == nil && first < kept && bucket < buckets; bucket++ {
		err = query(c, nil, 0, "DELETE FROM lookup WHERE bucket = ? AND block < ?", bucket, kept)
	}
	return err
}

// query runs a statement and gives its rows to each.
func query(c *sqlite3.SQLiteConn, each func([]driver.Value), columns int, text string, args ...driver.Value) error {
	rows, err := c.Query(text, args)
	if err != nil {
		return err
	}
	row := make([]driver.Value, columns)
	for err = rows.Next(row); err == nil; err = rows.Next(row) {
		each(row)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, rows.Close())
}

// Find returns spans of ids that hold every exchange with a webhook id, lowest first; most ids in them have it. The
// last span has the ids that no block has yet. It returns false when they are too many, and a walk is as good.
func Find(ctx context.Context, db *sql.DB, id string) (spans []engine.Range, ok bool, err error) {
	bucket, print := hashOf(id)
	var next int64
	if err := db.QueryRowContext(ctx, "SELECT ifnull(max(block) + 1, 0) FROM lookup WHERE bucket = ?",
		bucket).Scan(&next); err != nil {
		return nil, false, err
	}
	rows, err := db.QueryContext(ctx, "SELECT block, entries FROM lookup WHERE bucket = ? AND instr(entries, ?) "+
		"AND block < ? ORDER BY block", bucket, print[:], next)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	found := 0
	for rows.Next() && found <= mostFound {
		var block int64
		var entries sql.RawBytes
		if err := rows.Scan(&block, &entries); err != nil {
			return nil, false, err
		}
		for ; len(entries) >= entrySize; entries = entries[entrySize:] {
			if [3]byte(entries) != print {
				continue
			}
			at := block<<blockBits + int64(binary.BigEndian.Uint16(entries[3:]))
			if last := len(spans) - 1; last >= 0 && spans[last].To+1 == at {
				spans[last].To = at
			} else {
				spans = append(spans, engine.Range{From: at, To: at})
			}
			found++
		}
	}
	return append(spans, engine.Range{From: next << blockBits, To: 1<<63 - 1}), found <= mostFound, rows.Err()
}
