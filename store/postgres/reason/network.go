package reason

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
)

// isOfNetwork reports whether a connection is to blame: it was cut, or is closed.
func isOfNetwork(err error) bool {
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return true
	}
	for _, cut := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, os.ErrDeadlineExceeded, syscall.ECONNRESET,
		syscall.EPIPE, pgconn.ErrConnClosed} {
		if errors.Is(err, cut) {
			return true
		}
	}
	return strings.HasSuffix(err.Error(), "conn closed") // pgx has several values of this text
}

// socketOf names the socket that was not there: an address without a host does not.
func socketOf(err error) string {
	if e, ok := errors.AsType[*net.OpError](err); ok && e.Addr != nil && e.Addr.Network() == "unix" {
		return e.Addr.String() + ": "
	}
	return ""
}
