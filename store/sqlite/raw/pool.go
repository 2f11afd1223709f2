package raw

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"sync"

	"github.com/mattn/go-sqlite3"
)

// Pool makes the connections of a database/sql.DB, and knows them for its end.
type Pool struct {
	address string
	mu      sync.Mutex
	conns   []*Conn
}

// Connect is for database/sql.
func (r *Pool) Connect(context.Context) (driver.Conn, error) {
	c, err := Dial(r.address)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conns = append(r.conns, c)
	return c.SQLiteConn, nil
}

// Driver is for database/sql.
func (r *Pool) Driver() driver.Driver { return &sqlite3.SQLiteDriver{} }

// NewPool returns a pool of at most four connections to an address. It opens nothing yet. Connections stay open once
// made, so that Pool does not grow.
func NewPool(address string) (*Pool, *sql.DB) {
	r := &Pool{address: address}
	db := sql.OpenDB(r)
	db.SetMaxOpenConns(4)
	db.SetMaxIdleConns(4)
	return r, db
}

// KeepLogs is KeepLog for all.
func (r *Pool) KeepLogs() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		c.KeepLog()
	}
}
