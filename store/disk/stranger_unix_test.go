//go:build unix

package disk_test

import (
	"io/fs"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/barbhq/barb/store/disk"
)

// info is a file of an owner with a mode.
type info struct {
	mode fs.FileMode
	stat any
}

func (i info) Name() string       { return "file" }
func (i info) Size() int64        { return 0 }
func (i info) Mode() fs.FileMode  { return i.mode }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return false }
func (i info) Sys() any           { return i.stat }

func TestStrangerSaysWhoElseCouldHaveWritten(t *testing.T) {
	other := uint32(syscall.Geteuid()) + 1
	for want, i := range map[string]info{
		"has no owner":               {0o600, nil},
		"belongs to another user":    {0o600, &syscall.Stat_t{Uid: other}},
		"others can write it (mode ": {0o666, &syscall.Stat_t{Uid: 0}},
	} {
		if syscall.Geteuid() == 0 && strings.HasPrefix(want, "others") {
			continue // root's own file
		}
		if got := disk.Stranger(i); !strings.Contains(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := disk.Stranger(info{0o644, &syscall.Stat_t{Uid: 0}}); got != "" {
		t.Errorf("a file that only root can write %s", got)
	}
	if disk.IsMine(info{0o600, nil}) {
		t.Error("a file without an owner is mine")
	}
}
