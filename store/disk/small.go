package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Create writes a small new file of mode 0600, so that neither another process nor a crash leaves half of it. A file
// that is at the path already stays, and the error is fs.ErrExist.
func Create(path string, data []byte) error { return write(path, data, place) }

// Replace is Create in place of the one at the path, if there is one.
func Replace(path string, data []byte) error { return write(path, data, os.Rename) }

// write makes the file under another name in the same folder, has it on the disk, and moves it to its path.
func write(path string, data []byte, move func(from, to string) error) error {
	fresh, err := os.CreateTemp(filepath.Dir(path), ".barb-*") // O_EXCL, 0600
	if err != nil {
		return at(path, err)
	}
	defer os.Remove(fresh.Name()) // it is gone where it was renamed
	_, err = fresh.Write(data)
	if err == nil {
		err = fresh.Sync()
	}
	if err = errors.Join(err, fresh.Close()); err == nil {
		err = move(fresh.Name(), path)
	}
	if err != nil {
		return at(path, err)
	}
	return syncFolder(filepath.Dir(path))
}

// place gives a file its name unless another file has that name. Where the system knows no links, it copies the file.
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

// at returns an error about the path that was asked for, instead of the name that the file had while it was made.
func at(path string, err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return &fs.PathError{Op: e.Op, Path: path, Err: e.Err}
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return &fs.PathError{Op: "open", Path: path, Err: e.Err}
	}
	return err
}
