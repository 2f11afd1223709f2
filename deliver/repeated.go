package deliver

import (
	"bytes"

	"github.com/barbhq/barb/store/record"
)

// repeated is an answer that came whole over a connection, with what its reading followed from. It is taken again,
// without parsing, where the next answer is all there and the same byte for byte: a server often says the same for a
// second. Exchanges then share the answer, which nobody changes.
type repeated struct {
	response *record.Response // nil: the next answer is read as any other
	method   string           // of the request
	keep     int64            // bytes of the body that are kept
}

// remember keeps the answer of an exchange for the next one, if it came whole and its bytes are its head and its body.
func (c *conn) remember(x *record.Exchange, keep int64, whole bool) {
	c.again = repeated{}
	if r := x.Response; whole && !r.Cut && r.Size == int64(len(r.Body)) && !r.Header.Has("Transfer-Encoding") {
		c.again = repeated{r, x.Request.Method, keep}
	}
}

// repeatedAnswer returns the last answer if the bytes that have come are that answer and no more. Else it returns nil
// and has read nothing.
func (c *conn) repeatedAnswer(method string, keep int64) *record.Response {
	r := c.again.response
	if r == nil || c.again.method != method || c.again.keep != keep {
		return nil
	}
	n := len(r.Head) + len(r.Body)
	if c.br.Buffered() != n {
		return nil
	}
	came, err := c.br.Peek(n)
	if err != nil || string(came[:len(r.Head)]) != r.Head || !bytes.Equal(came[len(r.Head):], r.Body) {
		return nil
	}
	_, _ = c.br.Discard(n) // as many are buffered
	return r
}
