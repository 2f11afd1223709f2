package disk

import (
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
)

// SQLiteMarks reads the application id and the user version of a SQLite file (sqlite.org/fileformat.html, 1.3).
func SQLiteMarks(path string) (application, version int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	var head [100]byte
	if _, err := io.ReadFull(f, head[:]); err != nil {
		return 0, 0, err
	}
	return int(binary.BigEndian.Uint32(head[68:])), int(binary.BigEndian.Uint32(head[60:])), nil
}

// EachWith calls do with each file there is whose name is path and one of the endings. It follows no link.
func EachWith(path string, endings []string, do func(file string, info fs.FileInfo) error) error {
	for _, end := range endings {
		info, err := os.Lstat(path + end)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = do(path+end, info)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
