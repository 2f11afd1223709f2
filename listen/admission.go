package listen

import (
	"cmp"
	"errors"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/barbhq/barb/store/record"
)

// Admission is what becomes of a request, judged by its head and by where it comes from. The zero value takes it.
type Admission struct {
	Status     int           // 400–599: what it is refused with, before its body is read
	RetryAfter time.Duration // when it may come again; 0: nothing is said
	Reason     string        // why, in a word: "rate_limited"
}

// admissionError is the error of a request that is not taken.
type admissionError struct{ Admission }

func (e *admissionError) Error() string { return cmp.Or(e.Reason, "not admitted") }

// allowed asks Allow, and closes a connection that it does not take. A panic in it is a no.
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

// remoteOf is the other end of a connection: its ip:port, "unix" where it has no name, or "" when it is not known.
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

// ask asks Admit.
func (c *conn) ask(r *record.Request) error {
	if c.run.Admit == nil {
		return nil
	}
	if a := c.run.Admit(c.remote, r); a.Status != 0 {
		return &admissionError{a}
	}
	return nil
}

// turnAway ends a request that could not be read or was not admitted, and with it the connection's use.
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

// refusalOf is the answer to a request that is refused: a constant, but for when it may come again.
func refusalOf(status int, err error) *record.Response {
	response := plain(status)
	if not, ok := errors.AsType[*admissionError](err); ok && not.RetryAfter > 0 {
		seconds := int64((not.RetryAfter + time.Second - 1) / time.Second)
		response.Header = response.Header.Set("Retry-After", strconv.FormatInt(seconds, 10))
	}
	return response
}
