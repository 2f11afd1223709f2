//go:build unix

package deliver

import (
	"net"
	"syscall"
)

// probe returns a function that reports whether an idle connection is still open and has nothing to read. It costs one
// system call and finds a connection that the peer has closed before a request is written to it.
func probe(plain net.Conn) func() bool {
	sc, ok := plain.(syscall.Conn)
	if !ok {
		return func() bool { return true }
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return func() bool { return false }
	}
	var alive bool
	var one [1]byte
	look := func(fd uintptr) bool {
		_, err := syscall.Read(int(fd), one[:])
		alive = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK
		return true
	}
	return func() bool {
		alive = false
		return raw.Read(look) == nil && alive
	}
}
