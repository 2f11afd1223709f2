package listen

import "time"

// slowest is the rate in bytes a second that a body must keep up on the whole, after BodyIdle of grace. Without it one
// byte every 29 seconds would hold a connection for ever.
const slowest = 1024

// pace says how long the connection may keep us waiting in the part of a request it is in.
type pace struct {
	end   time.Time     // the whole part must have come by then
	idle  time.Duration // and the next bytes within this; 0: no matter
	paid  bool          // each byte that came moves end by what it takes at the slowest rate
	slack time.Duration // how much too early the deadline may stand, so that a busy connection need not move it each time
}

func (p pace) due(now time.Time, got int64) time.Time {
	due := p.end
	if p.paid {
		due = due.Add(time.Duration(got/slowest) * time.Second)
	}
	if p.idle > 0 && due.After(now.Add(p.idle)) {
		due = now.Add(p.idle)
	}
	return due
}

func (c *conn) setPace(p pace) { c.pace, c.got = p, 0 }

// Read is where all bytes come in: what has already arrived in the buffer is never waited for, so a request that came in
// one piece needs no deadline of its own.
func (c *conn) Read(p []byte) (int, error) {
	if err := c.arm(); err != nil {
		return 0, err
	}
	n, err := c.net.Read(p)
	c.got += int64(n)
	return n, err
}

// arm sets the read deadline, when the one that stands is not good enough.
func (c *conn) arm() error {
	now := time.Time{}
	if c.pace.idle > 0 {
		now = time.Now()
	}
	due := c.pace.due(now, c.got)
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

// setIdle notes whether the connection waits for a request, which is when it may be sent away. A request that comes in
// spite of that is taken like any other.
func (c *conn) setIdle(idle bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle = idle
	if c.expired && !idle {
		c.expired, c.armed = false, time.Time{}
	}
}

// expire sends the connection away if it is idle. A request that has begun to arrive is not touched, and one that comes
// within lastCall is still taken.
func (c *conn) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.idle && !c.expired {
		c.expired = true
		_ = c.net.SetReadDeadline(time.Now().Add(lastCall)) // a connection that is gone has ended anyway
	}
}

// armWrite sets the write deadline, when less than WriteIdle of the one that stands is left.
func (c *conn) armWrite() error {
	now := time.Now()
	if c.writeBy.Sub(now) >= c.run.WriteIdle {
		return nil
	}
	c.writeBy = now.Add(c.run.WriteIdle + c.run.WriteIdle/4)
	return c.net.SetWriteDeadline(c.writeBy)
}
