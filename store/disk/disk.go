// Package disk makes files that belong to one user. It also recognises a replaced file. It does not know any file's
// content.
package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Make makes an empty file of mode 0600 in folders of mode 0700, whatever the umask. SQLite gives -wal and -shm the
// mode of the file. An existing file stays as it is.
func Make(path string) error {
	dir := filepath.Dir(path)
	if err := makeFolder(dir); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Close(), syncFolder(dir))
}

// makeFolder makes missing folders and does not change existing ones.
func makeFolder(dir string) error {
	_, err := os.Stat(dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := makeFolder(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		if errors.Is(err, fs.ErrExist) { // another process was faster
			return nil
		}
		return err
	}
	return os.Chmod(dir, 0o700)
}

// syncFolder makes the name of a new file durable; SQLite syncs the folder only for its own journals. A system that
// cannot sync a folder is not an error.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return nil //nolint:nilerr // a folder that may be written but not read
	}
	_ = d.Sync()
	return d.Close()
}

// Size returns the size of a file in bytes, 0 when there is none.
func Size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// FileID identifies a file. Its zero value equals every file.
type FileID struct {
	path string
	info fs.FileInfo
}

// Identify returns the id of the file at a path.
func Identify(path string) (FileID, error) {
	info, err := os.Stat(path)
	return FileID{path, info}, err
}

// Same reports whether the path still leads to the same file.
func (id FileID) Same() bool {
	if id.info == nil {
		return true
	}
	now, err := os.Stat(id.path)
	return err == nil && os.SameFile(id.info, now)
}

// IsSame reports whether two paths lead to one file that is there.
func IsSame(path, other string) bool {
	a, errA := os.Stat(path)
	b, errB := os.Stat(other)
	return errA == nil && errB == nil && os.SameFile(a, b)
}
