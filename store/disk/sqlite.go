package disk

import (
	"bytes"
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
	var head [100]byte
	err = readStart(path, head[:])
	return int(binary.BigEndian.Uint32(head[68:])), int(binary.BigEndian.Uint32(head[60:])), err
}

// SQLiteBegun reports whether a power cut ended the first write of a SQLite file: the new length may reach the disk
// before the first bytes do. The journal beside it then says that the file had no pages, and SQLite empties the file
// when it opens it (sqlite.org/fileformat.html, 3).
func SQLiteBegun(path string) bool {
	var head [100]byte
	var journal [28]byte
	return readStart(path, head[:]) == nil && head == [100]byte{} && readStart(path+"-journal", journal[:]) == nil &&
		bytes.HasPrefix(journal[:], []byte("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7")) &&
		binary.BigEndian.Uint32(journal[16:]) == 0
}

// readStart fills to with the first bytes of a file.
func readStart(path string, to []byte) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.ReadFull(f, to)
	return err
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
