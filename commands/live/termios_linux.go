package live

import "golang.org/x/sys/unix"

const (
	getTermios, setTermios = unix.TCGETS, unix.TCSETS
	disabled               = 0 // the value of a control character that is off
)
