package listen

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"
)

// The table of the promises: a body that makes no real progress is cut within 35 seconds, one that does is not.
func TestPaceCutsWhatFallsBehind(t *testing.T) {
	type burst struct {
		at time.Duration // after the beginning
		n  int64         // bytes
	}
	every := func(from, to, step time.Duration, n int64) (all []burst) {
		for at := from; at <= to; at += step {
			all = append(all, burst{at, n})
		}
		return all
	}
	cases := map[string]struct {
		came []burst
		want time.Duration // when it is cut, if nothing more comes
	}{
		"nothing came":               {nil, 30 * time.Second},
		"one byte late":              {[]burst{{29 * time.Second, 1}}, 30 * time.Second},
		"a byte a second":            {every(0, 29*time.Second, time.Second, 1), 30 * time.Second},
		"much and then nothing":      {[]burst{{time.Second, 1 << 20}}, 31 * time.Second},
		"at the slowest rate":        {every(0, 60*time.Second, time.Second, 1024), 90 * time.Second},
		"at half of it":              {every(time.Second, 59*time.Second, time.Second, 512), 59500 * time.Millisecond},
		"10 MiB after ten minutes":   {every(0, 600*time.Second, time.Second, 17476), 630 * time.Second},
		"a terabyte without trouble": {[]burst{{time.Second, 1 << 40}}, 31 * time.Second},
		// What came fast pays for no hours of waiting.
		"10 MiB and then a byte now and then": {
			append([]burst{{0, 10 << 20}}, every(29*time.Second, 5*time.Minute, 29*time.Second, 1)...), 30 * time.Second},
		"a MiB and then half of the rate": {
			append([]burst{{0, 1 << 20}}, every(time.Second, 5*time.Minute, time.Second, 512)...), 59500 * time.Millisecond},
		"a minute at ten times it, then a drip": {append(every(0, time.Minute, time.Second, 10240),
			every(61*time.Second, 5*time.Minute, time.Second, 1)...), 90 * time.Second},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			body := pace{end: start.Add(30 * time.Second), idle: 30 * time.Second, paid: true}
			last := start
			for _, b := range c.came {
				at := start.Add(b.at)
				if at.After(body.due(last)) {
					break
				}
				body.pay(at, b.n, slowest)
				last = at
			}
			got := body.due(last).Sub(start)
			if got < c.want || got > c.want+500*time.Millisecond {
				t.Errorf("due after %v, want %v", got, c.want)
			}
		})
	}
}

func TestExpireSendsAwayOnlyWhatIsIdle(t *testing.T) {
	const wait = 4 * lastCall
	cases := map[string]struct {
		do   func(c *conn)
		away bool
	}{
		"idle":                   {func(c *conn) { c.setIdle(true); c.expire() }, true},
		"busy":                   {func(c *conn) { c.expire() }, false},
		"idle, but then a hook":  {func(c *conn) { c.setIdle(true); c.expire(); c.setIdle(false) }, false},
		"idle again after it":    {func(c *conn) { c.setIdle(true); c.expire(); c.setIdle(false); c.setIdle(true) }, false},
		"idle again, away again": {func(c *conn) { c.setIdle(true); c.setIdle(false); c.setIdle(true); c.expire() }, true},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			c := newConn(&run{}, accepted(t))
			start := time.Now()
			c.pace = pace{end: start.Add(wait)}
			if err := c.arm(); err != nil {
				t.Fatal(err)
			}
			test.do(c)
			_, err := c.Read(make([]byte, 1))
			if took := time.Since(start); !errors.Is(err, os.ErrDeadlineExceeded) || took < wait != test.away {
				t.Errorf("read for %v of %v: %v", took, wait, err)
			}
		})
	}
}

func TestArmMovesADeadlineThatWouldStrikeTooEarly(t *testing.T) {
	start := time.Now()
	stands := pace{end: start.Add(time.Minute)}
	cases := map[string]struct {
		next pace
		want time.Duration
	}{
		"the same":                 {pace{end: start.Add(60 * time.Second)}, 60 * time.Second},
		"earlier":                  {pace{end: start.Add(59 * time.Second), slack: 7 * time.Second}, 59 * time.Second},
		"a little later":           {pace{end: start.Add(67 * time.Second), slack: 7 * time.Second}, 60 * time.Second},
		"more than a little later": {pace{end: start.Add(68 * time.Second), slack: 7 * time.Second}, 68 * time.Second},
		"later, to be exact":       {pace{end: start.Add(61 * time.Second)}, 61 * time.Second},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			c := newConn(&run{}, accepted(t))
			for _, p := range []pace{stands, test.next} {
				c.pace = p
				if err := c.arm(); err != nil {
					t.Fatal(err)
				}
			}
			if got := c.armed.Sub(start); got != test.want {
				t.Errorf("deadline after %v, want %v", got, test.want)
			}
		})
	}
}

// accepted is the server's side of a connection on which nothing comes.
func accepted(t *testing.T) net.Conn {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	peer, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	nc, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(nc.Close(), peer.Close(), ln.Close()) })
	return nc
}

// What answers hold may be more than the budget: until some are out, not even a request without a body has room.
func TestAnOverdrawnBudgetHasRoomForNothing(t *testing.T) {
	r := &run{Server: Server{Budget: NewBudget(1 << 20)}}
	c, slow := newConn(r, accepted(t)), newConn(r, accepted(t))
	for _, length := range []int64{0, 2, 4 << 10, 60 << 10} {
		if !c.fits(length) {
			t.Errorf("there is no room for %d bytes in an empty budget", length)
		}
	}
	slow.holdAnswer(2 << 20)
	for _, length := range []int64{0, 2, 4 << 10, 60 << 10} {
		if c.fits(length) {
			t.Errorf("there is room for %d bytes in an overdrawn budget", length)
		}
	}
	slow.letGo()
	if !c.fits(0) || r.Budget.used.Load() != 0 {
		t.Errorf("%d bytes are still held", r.Budget.used.Load())
	}
}
