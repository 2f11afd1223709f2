//go:build unix

package live

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// These switch on and off that a terminal marks what is pasted, so that its letters are not taken for keys.
const marksPaste, marksNoPaste = "\x1b[?2004h", "\x1b[?2004l"

// Terminal is a terminal whose keys are read one by one while it is in the foreground. The zero value with its files is
// ready for use.
type Terminal struct {
	In  *os.File // keys are read from it
	Out *os.File // its screen

	mu     sync.Mutex
	before *unix.Termios // how the terminal was; nil while it still is
	closed bool
}

// hasKeys reports whether this system lets a Terminal read keys.
const hasKeys = true

// Read calls handle with the name of each key until ctx ends or the terminal is gone. In the background it waits for
// the foreground. When it ends, even by a panic of handle, the terminal is as it was.
//
// ^C stays a signal of the kernel, which works even when this process hangs. ^Z and ^\ are keys, since the terminal has
// to be put back before the process stops: Read does that itself.
func (t *Terminal) Read(ctx context.Context, handle func(key string)) error {
	wake, over, err := os.Pipe()
	if err != nil {
		return err
	}
	defer wake.Close()
	defer onQuit(t.Restore)()
	stop := context.AfterFunc(ctx, func() { _ = over.Close() })
	defer func() {
		if stop() {
			_ = over.Close()
		}
		t.Restore()
	}()
	var keys decoder
	for ctx.Err() == nil {
		if !t.enter() {
			if err := wait(-1, int(wake.Fd()), inBackground); err != nil && !errors.Is(err, errNothing) {
				return err
			}
			continue
		}
		timeout := inBackground
		if keys.isOpen() {
			timeout = escapeTime
		}
		switch err := wait(int(t.In.Fd()), int(wake.Fd()), timeout); {
		case errors.Is(err, errNothing):
			t.pass(keys.close(), handle)
			continue
		case err != nil:
			return err
		}
		if !Foreground(int(t.In.Fd())) { // what is typed is the shell's
			continue
		}
		buffer := make([]byte, 1024)
		n, err := unix.Read(int(t.In.Fd()), buffer)
		switch {
		case errors.Is(err, syscall.EINTR) || errors.Is(err, syscall.EAGAIN):
		case err != nil:
			return err
		case n == 0:
			return io.EOF
		default:
			t.pass(keys.decode(buffer[:n]), handle)
		}
	}
	return nil
}

const (
	// discarded is how long the signal that stops the process may take. The kernel discards it where no shell could
	// continue the process.
	discarded = 100 * time.Millisecond
	// inBackground is how often a process looks whether it is in the foreground again.
	inBackground = 250 * time.Millisecond
	// escapeTime is how long the rest of a key's sequence may take after its escape. A lone escape is the key esc.
	escapeTime = 50 * time.Millisecond
)

// pass hands keys on, but for those that stop the process.
func (t *Terminal) pass(keys []string, handle func(string)) {
	for _, key := range keys {
		switch key {
		case "ctrl-\\": // onQuit puts the terminal back
			_ = syscall.Kill(os.Getpid(), syscall.SIGQUIT)
		case suspend:
			handle(suspend)
			t.leave()
			Stop() // the group, as the terminal does
			handle(continued)
		default:
			handle(key)
		}
	}
}

var errNothing = errors.New("nothing to read")

// wait returns when a file can be read, and errNothing after a while, or once the other end of wake is closed.
func wait(file, wake int, longest time.Duration) error {
	files := []unix.PollFd{{Fd: int32(wake), Events: unix.POLLIN}, {Fd: int32(file), Events: unix.POLLIN}}
	n, err := unix.Poll(files, int(longest.Milliseconds()))
	switch {
	case errors.Is(err, syscall.EINTR):
		return errNothing
	case err != nil:
		return err
	case n == 0 || files[0].Revents != 0:
		return errNothing
	case files[1].Revents&unix.POLLIN == 0: // hung up, or no file to wait for
		return io.EOF
	}
	return nil
}

// enter has the terminal hand over keys one by one, without showing them. It reports false in the background, where the
// terminal is another's.
func (t *Terminal) enter() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	fd := int(t.In.Fd())
	if t.closed || !Foreground(fd) {
		return false
	}
	now, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return false
	}
	if now.Lflag&(unix.ICANON|unix.ECHO) == 0 && t.before != nil {
		return true
	}
	before := *now
	now.Lflag &^= unix.ICANON | unix.ECHO | unix.IEXTEN
	now.Cc[unix.VMIN], now.Cc[unix.VTIME] = 1, 0
	now.Cc[unix.VSUSP], now.Cc[unix.VQUIT] = disabled, disabled
	if err := unix.IoctlSetTermios(fd, setTermios, now); err != nil {
		return false
	}
	t.before = &before
	_, _ = t.Out.WriteString(marksPaste)
	return true
}

// Restore puts the terminal back for good, as before the process ends. In the background the shell has done it.
func (t *Terminal) Restore() {
	t.leave()
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
}

// leave puts the terminal back.
func (t *Terminal) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.before != nil && Foreground(int(t.In.Fd())) {
		_ = unix.IoctlSetTermios(int(t.In.Fd()), setTermios, t.before)
		_, _ = t.Out.WriteString(marksNoPaste)
	}
	t.before = nil
}

// WithoutStop has ^Z at a terminal send no signal until it is undone. SIGTSTP cannot be ignored for a while: Go does
// not bring back what it does by default.
func WithoutStop(fd int) (undo func()) {
	before, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return func() {}
	}
	now := *before
	now.Cc[unix.VSUSP] = disabled
	_ = unix.IoctlSetTermios(fd, setTermios, &now)
	return func() { _ = unix.IoctlSetTermios(fd, setTermios, before) }
}

// Lines returns how many lines the terminal has; 0 when it does not say.
func (t *Terminal) Lines() int {
	size, err := unix.IoctlGetWinsize(int(t.Out.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(size.Row)
}
