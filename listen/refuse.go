package listen

import (
	"errors"
	"math"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/barbhq/barb/store/record"
)

const (
	// maxDrain is how many bytes of a refused request are read after the answer. Closing with unread bytes makes the
	// kernel send a reset, which may overtake the answer.
	maxDrain = 256 << 10
	// lingerIdle and lingerMax bound the time for that.
	lingerIdle = 500 * time.Millisecond
	lingerMax  = 10 * time.Second
)

// statusOf returns the status for a request that could not be read; 0 when nobody is there to read it.
func statusOf(err error) int {
	if status, ok := record.IsHeadError(err); ok {
		return status
	}
	if not, ok := errors.AsType[*admissionError](err); ok {
		return not.Status
	}
	switch {
	case errors.Is(err, ErrNoRoom):
		return http.StatusServiceUnavailable
	case errors.Is(err, os.ErrDeadlineExceeded):
		return http.StatusRequestTimeout
	case errors.Is(err, net.ErrClosed):
		return 0
	}
	return http.StatusBadRequest
}

// refuse answers a request that does not become an exchange, tells Refused, and ends the connection.
func (c *conn) refuse(status int, err error) {
	if status != 0 {
		request := c.request
		if request == nil {
			request = &record.Request{}
		}
		given := plain(status)
		if not, ok := errors.AsType[*admissionError](err); ok && not.RetryAfter > 0 {
			seconds := int((not.RetryAfter + time.Second - 1) / time.Second)
			given.Header = given.Header.Set("Retry-After", strconv.Itoa(seconds))
		}
		response := compose(request, given, true, time.Now())
		c.wrote = true
		_ = c.write(response.AppendHead(c.out[:0]), response.Body) // a sender that is gone misses only this
	}
	c.tell(status, err)
	c.linger()
}

// linger lets the sender read the last answer: it closes our side and reads on for a while, until the sender has
// closed.
func (c *conn) linger() {
	if half, ok := c.net.(interface{ CloseWrite() error }); !ok || half.CloseWrite() != nil {
		return
	}
	c.pace = pace{end: time.Now().Add(lingerMax), idle: lingerIdle}
	_, _ = c.br.Discard(int(min(c.undrawn, math.MaxInt32)))
}
