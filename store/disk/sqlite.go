package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
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

// SQLiteAddress is the data source name with all settings: a PRAGMA later would reach one connection of a pool only. A
// lock of another process is waited for as long as patience.
func SQLiteAddress(path string, patience time.Duration, settings ...string) string {
	return fileURL(filepath.ToSlash(path)) + "?" +
		strings.Join(append(settings, fmt.Sprintf("_busy_timeout=%d&_mutex=no", patience.Milliseconds())), "&")
}

// fileURL is the URL of a file by its absolute path with slashes: file:///C:/a%20b.db for C:/a b.db. SQLite reads two
// slashes as the start of a machine's name, and on Windows drops the third before a drive (sqlite.org/uri.html, 3.1).
func fileURL(path string) string {
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}
