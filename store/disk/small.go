package disk

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Create writes a small new file of mode 0600 atomically: another process or a crash never leaves half of it. An
// existing file stays, and the error is fs.ErrExist.
func Create(path string, data []byte) error { return write(path, data, place) }

// Replace is Create, but replaces an existing file.
func Replace(path string, data []byte) error { return write(path, data, os.Rename) }

// write writes the file under another name in the same folder, syncs it, and moves it to its path.
func write(path string, data []byte, move func(from, to string) error) error {
	return writeFrom(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}, move)
}

// writeFrom is write with what fill writes.
func writeFrom(path string, fill func(io.Writer) error, move func(from, to string) error) error {
	fresh, err := os.CreateTemp(filepath.Dir(path), ".barb-*") // O_EXCL, 0600
	if err != nil {
		return withPath(path, err)
	}
	defer os.Remove(fresh.Name()) // fails after a rename
	if err = fill(fresh); err == nil {
		err = fresh.Sync()
	}
	if err = errors.Join(err, fresh.Close()); err == nil {
		err = move(fresh.Name(), path)
	}
	if err != nil {
		return withPath(path, err)
	}
	return syncFolder(filepath.Dir(path))
}

// place renames a file unless the new name exists. Where the system has no links, it copies the file.
func place(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	return copyNew(from, to)
}

func copyNew(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(to)
	}
	return err
}

// withPath returns an error with the requested path instead of the temporary name.
func withPath(path string, err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return &fs.PathError{Op: e.Op, Path: path, Err: e.Err}
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return &fs.PathError{Op: "open", Path: path, Err: e.Err}
	}
	return err
}
