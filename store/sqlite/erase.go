package sqlite

import (
	"cmp"
	"context"
	"database/sql/driver"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/store/sqlite/raw"
)

// erasing makes a connection overwrite what it deletes with zeros; the writer, too, moves rows and removes entries.
const erasing = "_secure_delete=on"

// namesOf finds the names of an exchange and of its entries in the queue that came from outside: those of schemes,
// reasons, versions and secrets are words of the configuration.
const namesOf = `SELECT endpoint FROM exchange WHERE id = ?1 UNION ALL SELECT event FROM exchange WHERE id = ?1
	UNION ALL SELECT answer FROM exchange WHERE id = ?1
	UNION ALL SELECT target FROM queue WHERE thread = ?1 UNION ALL SELECT policy FROM queue WHERE thread = ?1`

// namesUsed finds which names are in use by exchanges and entries above two ids.
const namesUsed = `SELECT endpoint FROM exchange WHERE id > ?1 AND endpoint IN (?)
	UNION SELECT event FROM exchange WHERE id > ?1 AND event IN (?)
	UNION SELECT answer FROM exchange WHERE id > ?1 AND answer IN (?)
	UNION SELECT target FROM queue WHERE id > ?2 AND target IN (?)
	UNION SELECT policy FROM queue WHERE id > ?2 AND policy IN (?)`

// eraseNames removes the names that only removed exchanges had. It looks through the history without the lock, since
// that takes long, and under the lock only at what came meanwhile.
func (p *pruner) eraseNames() error {
	if len(p.names) == 0 {
		return nil
	}
	var exchange, entry int64
	if err := p.c.QueryRow("SELECT (SELECT max(id) FROM exchange), (SELECT max(id) FROM queue)", nil, &exchange,
		&entry); err != nil {
		return err
	}
	if err := p.dropUsed(0, 0); err != nil || len(p.names) == 0 {
		return err
	}
	return p.alone(func() error { return p.c.Transact(func() error { return p.dropNames(exchange, entry) }) })()
}

// dropNames removes the names of the list that nothing above two ids has.
func (p *pruner) dropNames(exchange, entry int64) error {
	if err := p.dropUsed(exchange, entry); err != nil || len(p.names) == 0 {
		return err
	}
	return p.c.Exec("DELETE FROM name WHERE id IN (" + p.listedNames() + ")")
}

// dropUsed takes the names out of the list that something above two ids has.
func (p *pruner) dropUsed(exchange, entry int64) error {
	stmt, err := p.c.Statement(strings.ReplaceAll(namesUsed, "(?)", "("+p.listedNames()+")"))
	if err != nil {
		return err
	}
	used, err := raw.IDs(stmt, raw.Arguments(exchange, entry))
	for _, id := range used {
		delete(p.names, id)
	}
	return cmp.Or(err, stmt.Close())
}

// listedNames writes the names of the list for SQL.
func (p *pruner) listedNames() string {
	var list []byte
	for id := range p.names {
		list = append(strconv.AppendInt(list, id, 10), ',')
	}
	return strings.TrimSuffix(string(list), ",")
}

// noteNames remembers the names of an exchange that is about to be removed.
func (p *pruner) noteNames(id int64) error {
	found, err := raw.IDs(p.named, []driver.NamedValue{{Ordinal: 1, Value: id}})
	for _, name := range slices.DeleteFunc(found, func(id int64) bool { return id == 0 }) {
		p.names[name] = true
	}
	return err
}

// rewrite makes the whole file anew (VACUUM). When SQLite moves rows between pages it leaves copies in the unused part
// of a page, which secure_delete does not reach; in a new file there are none.
func (p *pruner) rewrite(ctx context.Context) error {
	return p.politely(ctx, p.alone(func() error { return p.c.Exec("VACUUM") }))
}

// clearLog empties the log into the file, or reports false when others kept it busy for 5 s.
func (p *pruner) clearLog(ctx context.Context) (bool, error) {
	for until := time.Now().Add(patience); ; {
		var busy int64
		err := p.politely(ctx, p.alone(func() error { return p.c.QueryRow("PRAGMA wal_checkpoint(TRUNCATE)", nil, &busy) }))
		if err != nil || busy == 0 || time.Now().After(until) {
			return err == nil && busy == 0, err
		}
	}
}
