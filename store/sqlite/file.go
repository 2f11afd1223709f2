package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/mattn/go-sqlite3"

	"github.com/barbhq/barb/store/disk"
	"github.com/barbhq/barb/store/engine"
	"github.com/barbhq/barb/store/migrations"
	"github.com/barbhq/barb/store/sqlite/raw"
)

// applicationID marks a SQLite file as a history: "barb" in ASCII.
const applicationID = 0x62617262

// header is what a file says of itself before SQLite may change anything in it.
type header struct {
	blank   bool // nothing is in it yet
	version int  // of the schema
}

// readHeader judges the file at path. The error for a missing file is fs.ErrNotExist.
func readHeader(path string) (header, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return header{}, err
	case info.IsDir():
		return header{}, engine.Fault(path, fmt.Errorf("%w: it is a folder", engine.ErrForeign))
	case !info.Mode().IsRegular(): // opening a pipe would wait for its other end
		return header{}, engine.Fault(path, fmt.Errorf("%w: it is not a regular file", engine.ErrForeign))
	case info.Size() == 0:
		return header{blank: true}, nil
	}
	return peek(path)
}

// peek reads the header through SQLite, as of a file that does not change: without locks, logs or recovery. An os.File
// of our own would not do: closing it drops the locks of every connection this process has to the same file
// (sqlite.org/howtocorrupt.html, section 2.2).
func peek(path string) (header, error) {
	h, err := peekThrough(path)
	if !errors.Is(err, engine.ErrCorrupt) && !errors.Is(err, engine.ErrForeign) {
		return h, err
	}
	// Another process may be writing the file: SQLite then finds it shorter than its header says, or reads one mark before
	// the change and another after. The header itself is whole; the rest is judged under a lock.
	application, version, rawErr := disk.SQLiteMarks(path)
	switch {
	case disk.SQLiteBegun(path):
		return header{blank: true}, nil
	case rawErr != nil || application != applicationID:
		return header{}, err
	case version > migrations.Latest():
		return header{}, newer(path, version)
	}
	return header{version: version}, nil
}

func peekThrough(path string) (header, error) {
	c, err := raw.Dial(disk.SQLiteAddress(path, patience, "mode=ro", "immutable=1"))
	if err != nil {
		return header{}, strange(path, err)
	}
	defer c.Close()
	var application, version, cookie, pages int64
	err = c.QueryRow("SELECT application_id, user_version, schema_version, page_count FROM "+
		"pragma_application_id, pragma_user_version, pragma_schema_version, pragma_page_count", nil, &application, &version,
		&cookie, &pages)
	switch {
	case err != nil:
		return header{}, strange(path, err)
	case application == applicationID && int(version) > migrations.Latest():
		return header{}, newer(path, int(version))
	case application == applicationID:
		return header{version: int(version)}, nil
	// Another process may be about to make it: a single page without tables, and nothing waiting in a log.
	case application == 0 && version == 0 && cookie == 0 && pages == 1 && disk.Size(path+"-wal") == 0:
		return header{blank: true}, nil
	}
	if pages == 0 { // SQLite takes a few bytes of anything for an empty file of its own
		return header{}, engine.Fault(path, engine.ErrForeign)
	}
	return header{}, engine.Fault(path, fmt.Errorf("%w: it is the SQLite database of another program", engine.ErrForeign))
}

// strange turns an error of SQLite into ErrForeign where the file is no SQLite file, and else into that of translate.
func strange(path string, err error) error {
	if lite, ok := errors.AsType[sqlite3.Error](err); ok && lite.Code == sqlite3.ErrNotADB {
		return engine.Fault(path, engine.ErrForeign)
	}
	return translate(path, err)
}

func newer(path string, version int) error {
	return engine.Fault(path, fmt.Errorf("%w (schema %d; this barb knows up to %d)", engine.ErrNewer, version,
		migrations.Latest()))
}

// owned turns an error of disk about who owns the files of a history into ErrOwner or ErrForeign.
func owned(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok && errors.Is(path.Err, disk.ErrIrregular) {
		return engine.Fault(path.Path, fmt.Errorf("%w: %w", engine.ErrForeign, path.Err))
	}
	e, ok := errors.AsType[*disk.OwnerError](err)
	switch {
	case !ok:
		return err
	case e.Err != nil:
		return engine.Fault(e.File, fmt.Errorf("%w: %s: %w", engine.ErrOwner, e.Why, disk.Cause(e.Err)))
	}
	return engine.Fault(e.File, fmt.Errorf("%w: %s", engine.ErrOwner, e.Why))
}
