//go:build linux

package soak

import (
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sector is the part of a write that a disk writes whole, or not at all.
const sector = 512

// disk is what a folder holds, and what of it is durable. A write is durable when a later fsync of its file has ended, a
// name when a later fsync of the folder has. It says less than most file systems promise.
type disk struct {
	dir     string
	now     map[string]*file // by name
	durable map[string]*file
	syncs   map[*call]func()
	unknown string // a call that wrote a file and cannot be followed
}

// file is the content of a file.
type file struct {
	synced  []byte
	pending []*change // since then, in order
}

// change is a write or, where data is nil, a new length.
type change struct {
	by   *call
	at   int64
	data []byte
	done bool
}

func newDisk(dir string) *disk {
	return &disk{dir, map[string]*file{}, map[string]*file{}, map[*call]func(){}, ""}
}

// holds makes a file durable that is there from the beginning.
func (d *disk) holds(name string, content []byte) {
	f := &file{synced: content}
	d.now[name], d.durable = f, map[string]*file{name: f}
}

// name returns the name of the history's file that a call is about, "" for another.
func (d *disk) name(path string) string {
	dir, name := filepath.Split(strings.TrimSuffix(path, " (deleted)"))
	if filepath.Clean(dir) != d.dir || !strings.HasPrefix(name, "history.db") || strings.HasSuffix(name, "-shm") {
		return ""
	}
	return name
}

// follow applies an event.
func (d *disk) follow(e event) {
	if e.file == d.dir {
		d.followDir(e)
		return
	}
	name := d.name(e.file)
	if name == "" {
		return
	}
	f := d.now[name]
	switch e.name {
	case "openat":
		if !e.end || e.result < 0 || !strings.Contains(e.flags, "O_CREAT") {
			return
		}
		if f == nil {
			d.now[name] = &file{}
		}
		if strings.Contains(e.flags, "O_TRUNC") {
			d.unknown = e.name + " " + e.flags
		}
	case "pwrite64":
		f.change(e, &change{by: e.call, at: e.last, data: e.data[0]})
	case "ftruncate":
		f.change(e, &change{by: e.call, at: e.last})
	case "fsync", "fdatasync":
		d.syncFile(e, f)
	case "unlink", "unlinkat":
		if e.end && e.result == 0 {
			delete(d.now, name)
		}
	case "read":
	default:
		d.unknown = e.name
	}
}

// followDir applies an event that names the folder. SQLite syncs it with fdatasync once a log or a journal has been made.
func (d *disk) followDir(e event) {
	if e.name == "fsync" || e.name == "fdatasync" {
		d.syncDir(e)
		return
	}
	for _, name := range e.data { // of a file in the folder, or the folder itself
		if d.name(filepath.Join(d.dir, string(name))) != "" {
			d.unknown = e.name + " in the folder"
		}
	}
}

// change notes the begin of a change, or its end.
func (f *file) change(e event, c *change) {
	if !e.end {
		f.pending = append(f.pending, c)
		return
	}
	for _, c := range f.pending {
		c.done = c.done || c.by == e.call
	}
}

// syncFile makes durable what was written before the call began, when it has ended.
func (d *disk) syncFile(e event, f *file) {
	if e.end {
		if e.result == 0 {
			d.syncs[e.call]()
		}
		return
	}
	covered := slices.DeleteFunc(slices.Clone(f.pending), func(c *change) bool { return !c.done })
	d.syncs[e.call] = func() {
		var rest []*change
		for _, c := range f.pending { // without what another thread's sync made durable meanwhile
			if slices.Contains(covered, c) {
				f.synced = c.apply(f.synced, nil)
			} else {
				rest = append(rest, c)
			}
		}
		f.pending = rest
	}
}

// syncDir makes the names durable that the folder had when the call began, when it has ended.
func (d *disk) syncDir(e event) {
	if !e.end {
		names := maps.Clone(d.now)
		d.syncs[e.call] = func() { d.durable = names }
	} else if e.result == 0 {
		d.syncs[e.call]()
	}
}

// apply returns content after a change. keeps says which sectors of it reach the disk; nil: all.
func (c *change) apply(content []byte, keeps func() bool) []byte {
	if c.data == nil {
		if int64(len(content)) > c.at {
			return content[:c.at:c.at]
		}
		return append(content, make([]byte, c.at-int64(len(content)))...)
	}
	for from := int64(0); from < int64(len(c.data)); {
		// Sectors are those of the file, not of the write.
		to := min(int64(len(c.data)), from+sector-(c.at+from)%sector)
		if keeps == nil || keeps() {
			if end := c.at + to; end > int64(len(content)) {
				content = append(content, make([]byte, end-int64(len(content)))...)
			}
			copy(content[c.at+from:], c.data[from:to])
		}
		from = to
	}
	return content
}

// left returns what a power cut leaves of a file: what was synced, and by chance some of the rest, whole or torn, in any
// order. A new length stays in its place: what was written after it is there only when it is.
func (f *file) left(chance float64, random *rand.Rand) []byte {
	content := slices.Clone(f.synced)
	var group []*change
	write := func() {
		random.Shuffle(len(group), func(i, j int) { group[i], group[j] = group[j], group[i] })
		for _, c := range group {
			var keeps func() bool
			if random.IntN(2) == 0 {
				keeps = func() bool { return random.Float64() < chance }
			}
			content = c.apply(content, keeps)
		}
		group = nil
	}
	for _, c := range f.pending {
		happened := random.Float64() < chance
		if c.data != nil {
			if happened {
				group = append(group, c)
			}
			continue
		}
		if !happened {
			break
		}
		write()
		content = c.apply(content, nil)
	}
	write()
	return content
}

// cut writes what a power cut leaves into a new folder and returns the path of the history. With a chance of 0 it is
// what was synced.
func (d *disk) cut(t *testing.T, chance float64, random *rand.Rand) string {
	t.Helper()
	dir := t.TempDir()
	names := maps.Clone(d.durable)
	for _, name := range slices.Sorted(maps.Keys(d.now)) { // in one order, so that SEED repeats a cut
		if names[name] != d.now[name] && random.Float64() < chance {
			names[name] = d.now[name]
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.durable)) {
		if d.now[name] == nil && random.Float64() < chance {
			delete(names, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if err := os.WriteFile(filepath.Join(dir, name), names[name].left(chance, random), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "history.db")
}

// SQLite syncs the folder with fdatasync: without it a log that holds commits would vanish from a cut, and a checkpoint
// that was cut off would leave a damaged file, which no disk does.
func TestAFolderSyncedByFdatasyncKeepsItsNames(t *testing.T) {
	d := newDisk("/folder")
	made := &call{name: "openat", file: "/folder/history.db-wal", flags: "O_RDWR|O_CREAT"}
	synced := &call{name: "fdatasync", file: "/folder"}
	for _, e := range []event{{made, false}, {made, true}, {synced, false}, {synced, true}} {
		d.follow(e)
	}
	if d.unknown != "" || d.durable["history.db-wal"] == nil {
		t.Errorf("durable is %v, not followed was %q", d.durable, d.unknown)
	}
}
