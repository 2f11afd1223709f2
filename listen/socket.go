package listen

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// The reasons why no socket can be made at a path.
var (
	ErrNoFolder  = errors.New("no such folder")
	ErrNotSocket = errors.New("exists and is not a socket")
	ErrInUse     = errors.New("another process already listens there")
)

// SocketError is another error about the path of a socket.
type SocketError struct {
	Binding bool // to the path, which may be too long; else asking whether somebody listens there
	Err     error
}

// Error returns the text of Err.
func (e *SocketError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *SocketError) Unwrap() error { return e.Err }

// unixListener is a socket in the file system that only its user can connect to. Close removes its file.
type unixListener struct {
	*net.UnixListener
	path string
	made os.FileInfo
}

// Unix listens at an absolute path, with a socket that only this user can connect to. It replaces a socket without a
// listener, as a killed process leaves one, and nothing else. The socket is made in a new folder and moved into place,
// so that nobody else can connect at any moment. Errors are those of Vacant, or of the file system.
func Unix(ctx context.Context, path string) (net.Listener, error) {
	if err := Vacant(ctx, path); err != nil {
		return nil, err
	}
	private, err := os.MkdirTemp(filepath.Dir(path), ".b*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(private) // after the move it is empty
	at := filepath.Join(private, "s")
	ln, err := (&net.ListenConfig{}).Listen(ctx, "unix", at)
	if err != nil {
		return nil, &SocketError{Binding: true, Err: errors.Unwrap(err)} // without the path of the temporary folder
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
		return nil, err
	}
	return l, nil
}

// Vacant returns why Unix cannot make a socket at a path: ErrNoFolder, ErrNotSocket, ErrInUse, a *SocketError when
// nobody can say whether it is in use, or an error of the file system; nil when it can.
func Vacant(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
			return ErrNoFolder
		}
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != os.ModeSocket:
		return ErrNotSocket
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	nc, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	switch {
	case err == nil:
		_ = nc.Close()
		return ErrInUse
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, os.ErrNotExist): // left behind, or gone since
		return nil
	}
	return &SocketError{Err: errors.Unwrap(err)}
}

// Close ends listening and removes the socket, unless another one took its place.
func (l *unixListener) Close() error {
	if info, err := os.Lstat(l.path); err == nil && os.SameFile(info, l.made) {
		_ = os.Remove(l.path)
	}
	return l.UnixListener.Close()
}
