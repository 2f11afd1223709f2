package listen

import (
	"fmt"
	"sync/atomic"

	"github.com/barbhq/barb/store/record"
)

const (
	// smallBody is how many bytes a request may hold of the part of the budget that is kept for small webhooks: they
	// still get through when large ones have taken the rest.
	smallBody = 64 << 10
	// reservedPart is that part of the budget: an eighth.
	reservedPart = 8
	// turnover is how many seconds a request has, while the budget is short, for as many bytes as it holds already.
	turnover = 64
)

// inflight is the budget for what is read of requests and not answered yet, of all connections and streams together.
type inflight struct {
	max  int64
	used atomic.Int64
}

// take adds n bytes to the budget for a request that will then hold as many as held says. It returns false when there
// is no room for them.
func (b *inflight) take(n, held int64) bool {
	if b.used.Add(n) <= b.limit(held) {
		return true
	}
	b.used.Add(-n)
	return false
}

// limit is how much of the budget may be used once a request holds so many bytes.
func (b *inflight) limit(held int64) int64 {
	if held <= smallBody {
		return b.max
	}
	return b.max - b.max/reservedPart
}

// short reports whether more than half of the budget is used.
func (b *inflight) short() bool { return b.used.Load() > b.max/2 }

// hold counts n more bytes of the request being read in the budget. What fits into the connection's own buffer is free:
// an idle connection has that too, and MaxConns bounds it.
func (c *conn) hold(n int64) error {
	c.came += n
	more := c.came - bufferSize - c.held
	if more <= 0 {
		return nil
	}
	if !c.run.inflight.take(more, c.came) {
		return c.noRoom()
	}
	c.held += more
	return nil
}

// holdAnswer counts a large answer in the budget until it is out. It always has room, since the webhook it answers has
// been worked on; those that come later have to wait.
func (c *conn) holdAnswer(n int) {
	if n > smallBody {
		c.held += int64(n)
		c.run.inflight.used.Add(int64(n))
	}
}

// fits reports whether the budget has room for a body of the length that is announced; for none, too, once answers have
// overdrawn it. It takes nothing: what a stranger announces is not what a stranger sends.
func (c *conn) fits(length int64) bool {
	all := c.came + length
	if c.br != nil { // part of what came is the body's beginning
		all = max(c.came-int64(c.br.Buffered()), 0) + length
	}
	more := all - bufferSize - c.held
	used := c.run.inflight.used.Load()
	return used <= c.run.inflight.max && (more <= 0 || used+more <= c.run.inflight.limit(all))
}

// letGo gives back what the request held, whatever became of it.
func (c *conn) letGo() {
	if c.held > 0 {
		c.run.inflight.used.Add(-c.held)
	}
	c.came, c.held = 0, 0
}

// noRoom is the error of a request that the budget has no room for.
func (c *conn) noRoom() error {
	return fmt.Errorf("%w: requests in flight hold up to %d bytes", ErrNoRoom, c.run.MaxInflight)
}

// headSize is what the head of a request holds that came over HTTP/2, where it is not known how it was packed.
func headSize(r *record.Request) int64 {
	n := len(r.Method) + len(r.Target)
	for _, f := range r.Header {
		n += len(f.Name) + len(f.Value) + fieldOverhead
	}
	return int64(n)
}

// fieldOverhead is what a field holds besides its text; as RFC 9113, section 6.5.2, counts it.
const fieldOverhead = 32
