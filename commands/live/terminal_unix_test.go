//go:build unix

package live

import (
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

func TestStopIsOffWhileASecretIsTypedAndOnAgain(t *testing.T) {
	t.Parallel()
	master, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	defer terminal.Close()
	fd := int(terminal.Fd())
	stop := func() byte {
		t.Helper()
		now, err := unix.IoctlGetTermios(fd, getTermios)
		if err != nil {
			t.Fatal(err)
		}
		return now.Cc[unix.VSUSP]
	}
	before := stop()
	undo := WithoutStop(fd)
	if stop() != disabled {
		t.Error("^Z stops the process")
	}
	if undo(); stop() != before || before == disabled {
		t.Errorf("^Z is %#x afterwards, it was %#x", stop(), before)
	}
}
