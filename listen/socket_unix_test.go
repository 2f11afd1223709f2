//go:build unix

package listen_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/barbhq/barb/listen"
)

// shortDir returns a folder whose path leaves room for the name of a socket.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "b")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func TestASocketIsForItsUserAloneAndGoneWhenItIsClosed(t *testing.T) {
	path := filepath.Join(shortDir(t), "s.sock")
	ln, err := listen.Unix(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode().Type() != os.ModeSocket || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := listen.Vacant(t.Context(), path); !errors.Is(err, listen.ErrInUse) {
		t.Errorf("where somebody listens: %v", err)
	}
	if _, err := listen.Unix(t.Context(), path); !errors.Is(err, listen.ErrInUse) {
		t.Errorf("a second listener: %v", err)
	}
	_ = ln.Close()
	if entries, err := os.ReadDir(filepath.Dir(path)); len(entries) > 0 || err != nil {
		t.Errorf("it left %v, %v", entries, err)
	}
}

func TestASocketThatAnotherOneReplacedStays(t *testing.T) {
	path := filepath.Join(shortDir(t), "s.sock")
	first, err := listen.Unix(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	second, err := listen.Unix(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	_ = first.Close()
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("the first listener removed the socket of the second: %v", err)
	}
}

func TestASocketReplacesOnlyWhatAKilledListenerLeft(t *testing.T) {
	dir := shortDir(t)
	stale := filepath.Join(dir, "stale")
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: stale, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	_ = left.Close()
	ln, err := listen.Unix(t.Context(), stale)
	if err != nil {
		t.Fatalf("a stale socket: %v", err)
	}
	_ = ln.Close()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var at *listen.SocketError
	for path, is := range map[string]func(error) bool{
		file:                                  func(err error) bool { return errors.Is(err, listen.ErrNotSocket) },
		filepath.Join(dir, "no", "s"):         func(err error) bool { return errors.Is(err, listen.ErrNoFolder) },
		filepath.Join(file, "s"):              func(err error) bool { return err != nil },
		filepath.Join(dir, string([]byte{0})): func(err error) bool { return err != nil },
	} {
		if _, err := listen.Unix(t.Context(), path); !is(err) {
			t.Errorf("%q: %v", path, err)
		}
	}
	long := filepath.Join(dir, strings.Repeat("d", 120))
	if err := os.Mkdir(long, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := listen.Unix(t.Context(), filepath.Join(long, "s")); !errors.As(err, &at) || !at.Binding ||
		strings.Contains(err.Error(), dir) {
		t.Errorf("a path that is too long: %v", err)
	}
}
