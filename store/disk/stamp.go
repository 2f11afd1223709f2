package disk

import (
	"io/fs"
	"os"
	"runtime"
	"time"
)

// A Stamp is what a file system says of a SQLite file and its log. Each write changes it.
type Stamp struct{ file, log seen }

type seen struct {
	size int64
	at   int64 // ns since 1970
}

// grain is how far apart two writes are that surely have different times: file systems round to 2 s at most.
const grain = 2100 * time.Millisecond

// StampOf returns the stamp of a SQLite file. sure is false where a later write might have the same stamp: the file was
// written a moment before now, or it cannot be looked at, or the system notes the time of a write late.
func StampOf(path string, now time.Time) (s Stamp, sure bool) {
	if runtime.GOOS == "windows" { // the time of an open file may stay as it is until the file is closed
		return s, false
	}
	file, err := os.Stat(path)
	if err != nil {
		return s, false
	}
	s.file = seenOf(file)
	if log, err := os.Stat(path + "-wal"); err == nil { // without a log, writes go to the file
		s.log = seenOf(log)
	}
	return s, now.UnixNano()-max(s.file.at, s.log.at) > int64(grain)
}

func seenOf(info fs.FileInfo) seen { return seen{info.Size(), info.ModTime().UnixNano()} }
