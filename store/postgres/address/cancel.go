package address

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// cancelPatience is how long the server may take to say that a statement was cancelled.
	cancelPatience = 3 * time.Second
	// cancelArrives is how long a signal takes, at most, to reach the process of the server that it is for. A statement
	// that was sent before would be cancelled in the place of the one that was meant.
	cancelArrives = 100 * time.Millisecond
)

// canceller cancels the statement of a connection, on the server too, when its context ends.
//
// Unlike pgx's own it keeps the connection of the request open until the other side closes it: PgBouncer before 1.19.1,
// which is that of Debian 12, ends with all of its connections when it is closed sooner.
type canceller struct {
	conn *pgconn.PgConn
	done chan struct{}
}

// HandleCancel asks the server to cancel what the connection waits for, which fails in the end anyway.
func (c *canceller) HandleCancel(context.Context) {
	c.done = make(chan struct{})
	deadline := time.Now().Add(cancelPatience)
	_ = c.conn.Conn().SetDeadline(deadline) // fails only on a closed connection
	go func() {
		defer close(c.done)
		ctx, cancel := context.WithDeadline(context.Background(), deadline)
		defer cancel()
		_ = c.conn.CancelRequest(ctx) // the deadline of the connection is left
		time.Sleep(cancelArrives)
	}()
}

// HandleUnwatchAfterCancel waits for the request to be through, so that it cancels nothing that comes later.
func (c *canceller) HandleUnwatchAfterCancel() {
	<-c.done
	_ = c.conn.Conn().SetDeadline(time.Time{})
}
