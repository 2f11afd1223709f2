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
	start := time.Now()
	body := pace{end: start.Add(30 * time.Second), idle: 30 * time.Second, paid: true}
	cases := map[string]struct {
		at   time.Duration // of the last bytes
		got  int64         // until then
		want time.Duration
	}{
		"nothing came":               {0, 0, 30 * time.Second},
		"one byte late":              {29 * time.Second, 1, 30 * time.Second},
		"a byte a second":            {30 * time.Second, 30, 30 * time.Second},
		"much and then nothing":      {time.Second, 1 << 20, 31 * time.Second},
		"at the slowest rate":        {60 * time.Second, 60 << 10, 90 * time.Second},
		"at half of it":              {59 * time.Second, 30 << 10, 60 * time.Second},
		"10 MiB after ten minutes":   {600 * time.Second, 10 << 20, 630 * time.Second},
		"a terabyte without trouble": {time.Second, 1 << 40, 31 * time.Second},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := body.due(start.Add(c.at), c.got).Sub(start).Truncate(time.Second)
			if got != c.want {
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
			c.setPace(pace{end: start.Add(wait)})
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
				c.setPace(p)
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
