package listen

import "time"

// slowest is the lowest rate of a body in bytes a second. Without it one byte every 29 seconds would hold a connection
// for ever.
const slowest = 1024

// pace says how long to wait for the next bytes in the current part of a request.
type pace struct {
	end   time.Time     // the whole part must have come by then
	idle  time.Duration // and the next bytes within this; 0: no matter
	paid  bool          // each byte that came moves end by what it takes at the slowest rate, up to idle from now
	kept  bool          // what comes is held until the request is answered, and counts in the budget
	slack time.Duration // how much too early the deadline may stand, so that a busy connection need not move it each time
}

// due returns when the next bytes must have come.
func (p *pace) due(now time.Time) time.Time {
	if latest := now.Add(p.idle); p.idle > 0 && p.end.After(latest) {
		return latest
	}
	return p.end
}

// pay moves end for n bytes that came, up to idle from now: a sender must keep up the rate, and cannot buy hours in
// advance.
func (p *pace) pay(now time.Time, n, rate int64) {
	bought := time.Duration(float64(n) / float64(rate) * float64(time.Second))
	if p.end = p.end.Add(bought); p.end.After(now.Add(p.idle)) {
		p.end = now.Add(p.idle)
	}
}

// rate returns the rate in bytes a second at which a body must come and an answer be read. While the budget is short it
// grows with the bytes held, so that nobody keeps others out by sending most of a large body fast and the rest slowly.
func (c *conn) rate() int64 {
	if c.held > smallBody && c.budget.short() {
		return max(slowest, c.held/turnover)
	}
	return slowest
}

// Read reads all bytes of the connection. Buffered bytes are never waited for, so a request in one piece needs no
// deadline of its own.
func (c *conn) Read(p []byte) (int, error) {
	if err := c.arm(); err != nil {
		return 0, err
	}
	n, err := c.net.Read(p)
	if c.pace.paid && n > 0 {
		c.pace.pay(time.Now(), int64(n), c.rate())
	}
	if c.pace.kept && n > 0 {
		if full := c.hold(int64(n)); full != nil {
			return 0, full
		}
	}
	return n, err
}

// arm sets the read deadline, unless the current one is good enough.
func (c *conn) arm() error {
	now := time.Time{}
	if c.pace.idle > 0 {
		now = time.Now()
	}
	due := c.pace.due(now)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.expired {
		return nil
	}
	if early := due.Sub(c.armed); early >= 0 && early <= c.pace.slack {
		return nil
	}
	c.armed = due
	return c.net.SetReadDeadline(due)
}

// setIdle says whether the connection waits for a request and may be closed. A request that comes in spite of that is
// served.
func (c *conn) setIdle(idle bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle = idle
	if c.expired && !idle {
		c.expired, c.armed = false, time.Time{}
	}
}

// expire closes the connection if it is idle. A request that has begun to arrive goes on, and one that comes within
// lastCall is still taken.
func (c *conn) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.idle && !c.expired {
		c.expired = true
		_ = c.net.SetReadDeadline(time.Now().Add(lastCall)) // a connection that is gone has ended anyway
	}
}

// armWrite sets the write deadline for a piece of an answer, unless the current one is good enough: WriteIdle, or less
// where a piece takes less at the rate that bodies must keep up.
func (c *conn) armWrite() error {
	now, idle := time.Now(), c.run.WriteIdle
	if atRate := time.Second + time.Duration(piece/c.rate())*time.Second; atRate < idle {
		idle = atRate
	}
	slack := idle / 4
	if left := c.writeBy.Sub(now); left >= idle && left <= idle+slack {
		return nil
	}
	c.writeBy = now.Add(idle + slack)
	return c.net.SetWriteDeadline(c.writeBy)
}
