package commands

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/barbhq/barb/commands/fail"
)

// unixListener is a socket in the file system that only its user can connect to. It takes its file away when it is closed.
type unixListener struct {
	*net.UnixListener
	path string
	made os.FileInfo
}

// listenUnix listens at an absolute path. A socket that nobody listens at any more, as a kill leaves it, is replaced; anything else
// that is there stays. The socket is made in a folder of our own and moved into place, so that at no moment anyone else
// may connect.
func listenUnix(ctx context.Context, path string) (*unixListener, error) {
	if err := vacant(ctx, path); err != nil {
		return nil, err
	}
	private, err := os.MkdirTemp(filepath.Dir(path), ".b*")
	if err != nil {
		return nil, fail.Local("--unix-socket: %w", err)
	}
	defer os.RemoveAll(private) // after the move it is empty
	at := filepath.Join(private, "s")
	ln, err := (&net.ListenConfig{}).Listen(ctx, "unix", at)
	if err != nil {
		return nil, fail.Local("--unix-socket %s: %w", path, tooLong(err)).Hint("the path of a socket has at most about 90 bytes")
	}
	l := &unixListener{UnixListener: ln.(*net.UnixListener), path: path}
	l.SetUnlinkOnClose(false) // it knows the name it had
	if err = os.Chmod(at, 0o600); err == nil {
		if l.made, err = os.Lstat(at); err == nil {
			err = os.Rename(at, path)
		}
	}
	if err != nil {
		_ = ln.Close()
		return nil, fail.Local("--unix-socket: %w", err)
	}
	return l, nil
}

// vacant says why a socket cannot be made at a path: there is no such folder, something else lives there.
func vacant(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
			return fail.Usage("--unix-socket %s: there is no such folder", path)
		}
		return nil
	case err != nil:
		return fail.Local("--unix-socket: %w", err)
	case info.Mode().Type() != os.ModeSocket:
		return fail.Usage("--unix-socket %s is there already, and not a socket", path)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	nc, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	switch {
	case err == nil:
		_ = nc.Close()
		return fail.Local("--unix-socket %s: somebody listens there already", path)
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, os.ErrNotExist): // left behind, or gone since
		return nil
	}
	return fail.Local("--unix-socket %s: %w", path, errors.Unwrap(err))
}

// Close ends listening and removes the socket, unless another one took its place.
func (l *unixListener) Close() error {
	if info, err := os.Lstat(l.path); err == nil && os.SameFile(info, l.made) {
		_ = os.Remove(l.path)
	}
	return l.UnixListener.Close()
}

// tooLong takes the path out of the error, which is not the one that was asked for.
func tooLong(err error) error {
	if inner, ok := errors.AsType[*net.OpError](err); ok {
		return inner.Err
	}
	return err
}
