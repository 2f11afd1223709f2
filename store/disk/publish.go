package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Publish writes a file that a user asked for atomically: a crash or a kill leaves the old file or the new one. A new
// file has the mode of the umask, an old one keeps its own, and a link stays a link. What is no regular file, such as
// /dev/stdout, is written as it is.
func Publish(path string, data []byte) error {
	return PublishFrom(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// PublishFrom is Publish of what fill writes. Where that fails, an old file stays as it was.
func PublishFrom(path string, fill func(io.Writer) error) error {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return writeThrough(path, fill)
	}
	mode := fs.FileMode(0)
	if err == nil {
		mode = info.Mode().Perm()
		if whole, err := filepath.EvalSymlinks(path); err == nil {
			path = whole
		}
	}
	return writeFrom(path, fill, func(from, to string) error {
		if err := publicMode(from, mode); err != nil {
			return err
		}
		return os.Rename(from, to)
	})
}

// writeThrough writes to a device or a pipe.
func writeThrough(path string, fill func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(fill(f), f.Close())
}

// publicMode gives a file a mode; 0 is that of a new file by the umask, which only the making of a file tells.
func publicMode(path string, mode fs.FileMode) error {
	if mode == 0 {
		probe := path + ".mode"
		f, err := os.OpenFile(probe, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err != nil {
			return err
		}
		info, err := f.Stat()
		if err := errors.Join(err, f.Close(), os.Remove(probe)); err != nil {
			return err
		}
		mode = info.Mode().Perm()
	}
	return os.Chmod(path, mode)
}

// Placeable returns why no file could be written at a path, nil where one can.
func Placeable(path string) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return &fs.PathError{Op: "write", Path: path, Err: syscall.EISDIR}
	case err == nil && !info.Mode().IsRegular():
		return Writable(path)
	}
	folder := filepath.Dir(path)
	info, err = os.Stat(folder)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return &fs.PathError{Op: "write", Path: folder, Err: syscall.ENOTDIR}
	}
	if err := Writable(folder); err != nil {
		return fmt.Errorf("folder %s: %w", folder, err)
	}
	return nil
}
