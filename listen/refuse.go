package listen

import (
	"errors"
	"math"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/barbhq/barb/store/record"
)

const (
	// maxDrain is how many bytes of a refused request are read after the answer. Closing on unread bytes makes the
	// kernel send a reset, and a reset may overtake the answer that says why.
	maxDrain = 256 << 10
	// lingerIdle and lingerMax bound the time that takes.
	lingerIdle = 500 * time.Millisecond
	lingerMax  = 10 * time.Second
)

// statusOf is what a request that could not be read is answered; 0 when there is nobody to answer.
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

// refuse answers a request that does not become an exchange, says so, and ends the connection's use.
func (c *conn) refuse(status int, err error) {
	if status != 0 {
		request := c.request
		if request == nil {
			request = &record.Request{}
		}
		response := compose(request, refusalOf(status, err), true, time.Now())
		c.wrote = true
		_ = c.write(response.AppendHead(c.out[:0]), response.Body) // a sender that is gone misses only this
	}
	c.tell(status, err)
	c.linger()
}

// linger sees to it that the sender can read the last answer: it ends our side of the connection and reads on for a
// while, until the sender has closed its own.
func (c *conn) linger() {
	if half, ok := c.net.(interface{ CloseWrite() error }); !ok || half.CloseWrite() != nil {
		return
	}
	c.setPace(pace{end: time.Now().Add(lingerMax), idle: lingerIdle})
	_, _ = c.br.Discard(int(min(c.undrawn, math.MaxInt32)))
}
