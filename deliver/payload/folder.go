package payload

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// folder has a file for each event, in the order of their names.
type folder struct {
	list
	dir   string
	names []string
}

// Folder returns the bodies of a folder: every regular file whose name does not begin with a dot, sorted by name. It
// checks all of them: the error is a *BadEventsError, unless bad events are left out, or wraps ErrNoEvent.
func Folder(dir string, skipBad bool, check Check) (Bodies, error) {
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return nil, err
	}
	f := &folder{dir: dir}
	sum := sha256.New()
	for _, entry := range entries {
		info, err := os.Stat(filepath.Join(dir, entry.Name())) // follows links
		if strings.HasPrefix(entry.Name(), ".") || err == nil && !info.Mode().IsRegular() {
			continue
		}
		if err != nil {
			return nil, err
		}
		if why := f.checkFile(entry.Name(), info.Size(), check); why != nil {
			f.bad.add("%s: %w", entry.Name(), why)
			continue
		}
		fmt.Fprintf(sum, "%s\x00%d\x00%d\n", entry.Name(), info.Size(), info.ModTime().UnixNano())
		f.names = append(f.names, entry.Name())
	}
	f.events, f.digest = int64(len(f.names)), hex.EncodeToString(sum.Sum(nil))
	return accept(f, dir, skipBad)
}

func (f *folder) checkFile(name string, size int64, check Check) error {
	if size > MaxEvent {
		return errors.New("larger than " + maxEventText)
	}
	if check == nil {
		return nil
	}
	body, err := f.read(name)
	if err != nil {
		return err
	}
	return check(body)
}

func (f *folder) read(name string) ([]byte, error) {
	file, err := os.Open(filepath.Join(f.dir, name))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	body, err := io.ReadAll(io.LimitReader(file, MaxEvent+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(body) > MaxEvent {
		return nil, fmt.Errorf("%s is larger than %s", name, maxEventText)
	}
	return body, nil
}

// Event reads file n.
func (f *folder) Event(_ context.Context, n int64) ([]byte, error) { return f.read(f.names[n]) }
