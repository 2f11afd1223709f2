package deliver

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/store/record"
)

// What a connection takes from its last answer is what a connection without one reads: the answer, where it ends, and
// what is left to read.
func TestRepeatedAnswerIsTheAnswerThatWasRead(t *testing.T) {
	t.Parallel()
	fields := []string{"Content-Length: 2\r\n", "content-length: 0\r\n", "Content-Length: 9\r\n", "Date: now\r\n",
		"Transfer-Encoding: chunked\r\n", "Connection: close\r\n", "X: a\r\n", ""}
	bodies := []string{"ok", "", "no", "123456789", "2\r\nok\r\n0\r\n\r\n", "ok\r\n"}
	any := func() string {
		answer := "HTTP/1." + []string{"1", "1", "1", "0"}[rand.IntN(4)] + []string{" 200 OK\r\n", " 503 No\r\n", " 204\r\n",
			" 100 Go on\r\n\r\nHTTP/1.1 200 OK\r\n"}[rand.IntN(4)]
		for range 1 + rand.IntN(2) {
			answer += fields[rand.IntN(len(fields))]
		}
		return answer + "\r\n" + bodies[rand.IntN(len(bodies))]
	}
	taken := 0
	for range 20_000 {
		first, second := any(), any()
		if rand.IntN(4) > 0 {
			second = first + []string{"", "", "x"}[rand.IntN(3)]
		}
		methods := [...]string{"POST", "POST", "POST", "HEAD"}
		method, next := methods[rand.IntN(4)], methods[rand.IntN(4)]
		keep := int64(rand.IntN(2) * 8)
		again, fresh := reads(t, first), reads(t, second)
		if _, whole, err := again.receive(asked(method), again.since, 8); !whole || err != nil {
			continue
		}
		again.Conn = stream{again.Conn, strings.NewReader(second)}
		said := func(c *conn) string {
			x := asked(next)
			_, _ = c.br.Peek(1) // a part of the answer may come later
			at, whole, err := c.receive(x, c.since, keep)
			return fmt.Sprintf("%v %v %v %+v, %d left", at, whole, err, x.Response, c.br.Buffered())
		}
		if c := again.again; c.response != nil && c.response.Head+string(c.response.Body) == second && c.method == next &&
			c.keep == keep {
			taken++
		}
		if diff := cmp.Diff(said(fresh), said(again)); diff != "" {
			t.Fatalf("%q after %q (-fresh +again):\n%s", second, first, diff)
		}
	}
	if taken < 100 {
		t.Errorf("only %d answers came again", taken)
	}
}

func asked(method string) *record.Exchange {
	return &record.Exchange{Request: record.Request{Method: method}}
}

// reads returns a connection that reads from memory.
func reads(t *testing.T, text string) *conn {
	t.Helper()
	near, far := net.Pipe()
	t.Cleanup(func() { _, _ = near.Close(), far.Close() })
	c := newConn(near, near, &endpoint{})
	c.Conn, c.left = stream{near, strings.NewReader(text)}, 1<<20
	return c
}
