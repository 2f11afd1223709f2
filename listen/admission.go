package listen

import (
	"cmp"
	"errors"
	"net"
	"net/http"
	"time"
)

// Admission says whether a request is taken. It is decided by the head and the sender's address; the zero value takes
// it.
type Admission struct {
	Status     int           // 400–599: what it is refused with, before its body is read
	RetryAfter time.Duration // when it may come again; 0: nothing is said
	Reason     string        // why, in a word: "rate_limited"
}

// admissionError is the error of a request that was not admitted.
type admissionError struct{ Admission }

func (e *admissionError) Error() string { return cmp.Or(e.Reason, "not admitted") }

// allowed asks Allow, and closes the connection when the answer is no. A panic in Allow means no.
func (r *run) allowed(nc net.Conn) (ok bool) {
	if r.Allow == nil {
		return true
	}
	defer func() {
		if _ = recover(); !ok {
			_ = nc.Close()
		}
	}()
	if r.Allow(remoteOf(nc)) {
		return true
	}
	r.tell(Refusal{Remote: remoteOf(nc), Err: ErrNotAllowed})
	return false
}

// remoteOf returns the other end of a connection: its ip:port, "unix" for a socket, or "" when it is unknown.
func remoteOf(nc net.Conn) string {
	switch a := nc.RemoteAddr(); {
	case a == nil:
		return ""
	case a.Network() == "unix":
		return "unix"
	default:
		return a.String()
	}
}

// turnAway refuses a request that could not be read or was not admitted. The connection is not used again.
func (c *conn) turnAway(err error) {
	if errors.Is(err, ErrNoRoom) { // its sender has done nothing wrong, and may send all of the body before it reads
		c.undrawn = max(c.undrawn, c.run.MaxBody)
	}
	c.letGo()
	status := statusOf(err)
	switch {
	case status == http.StatusRequestTimeout:
		err = ErrTooSlow
	case errors.Is(err, net.ErrClosed):
		err = ErrStopped
	}
	c.refuse(status, err)
}
