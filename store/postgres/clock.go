package postgres

import (
	"sync/atomic"
	"time"

	"github.com/barbhq/barb/store/record"
)

// serverNow is an expression for the server's time in ns since 1970.
const serverNow = "(extract(epoch FROM clock_timestamp()) * 1e9)::bigint"

// Times of the queue are by the server's clock, so that a lease ends at one moment for all: a worker whose clock is
// ahead would take leases that hold. A caller's times, now or made up, are shifted by the same offset on the way in
// and out.
type clock struct{ offset atomic.Int64 } // of the server's clock to ours, in ns

// steady is a difference that is taken for none: two processes of one machine, and clocks that are kept by NTP, are not
// shifted against each other by how long an answer was on its way.
const steady = int64(500 * time.Millisecond)

// set notes what the server's clock said between two moments.
func (c *clock) set(server int64, asked, answered time.Time) {
	late := int64(answered.Sub(asked))
	offset, doubt := server-(asked.UnixNano()+late/2), steady+late/2
	if abs(offset) <= doubt {
		offset = 0
	}
	if abs(offset-c.offset.Load()) > doubt {
		c.offset.Store(offset)
	}
}

func abs(n int64) int64 { return max(n, -n) }

// in is a time of ours in ns of the server's clock, 0 for the zero time.
func (c *clock) in(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano() + c.offset.Load()
}

// out is the inverse of in.
func (c *clock) out(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return record.TimeOf(ns - c.offset.Load())
}
