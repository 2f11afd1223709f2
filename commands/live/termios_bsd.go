//go:build unix && !linux

package live

import "golang.org/x/sys/unix"

const (
	getTermios, setTermios = unix.TIOCGETA, unix.TIOCSETA
	disabled               = 0xff // the value of a control character that is off
)
