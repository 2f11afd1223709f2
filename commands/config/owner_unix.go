//go:build unix

package config

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// openFound opens a file that was found by searching. It does not wait for the other end of a pipe.
func openFound(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

// weaknessOf returns how another user could change what lies at a place or put something else there; nil when only root
// can. In a sticky folder of root's nobody removes or renames what belongs to others (the restricted deletion flag of
// unlink(2) and rename(2)).
func weaknessOf(place string, info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return &weakness{place: place, why: "has no owner"}
	}
	me, mode := os.Geteuid(), info.Mode()
	if owner := int(stat.Uid); owner != me && owner != 0 {
		return &weakness{place: place, why: fmt.Sprintf("belongs to another user (uid %d)", owner)}
	}
	sticky := mode.IsDir() && mode&fs.ModeSticky != 0 && stat.Uid == 0
	switch {
	case mode&fs.ModeSymlink != 0, sticky:
		return nil // the mode of a link says nothing
	case mode.Perm()&0o002 != 0:
		return &weakness{place: place, why: "can be written by every user", mend: "chmod o-w"}
	case mode.Perm()&0o020 != 0 && !isPrivateGroup(int(stat.Gid), me):
		return &weakness{place: place, why: fmt.Sprintf("can be written by the group %d", stat.Gid), mend: "chmod g-w"}
	}
	return nil
}

// isPrivateGroup reports whether a group is a user's own, with nobody else but root in it. It is false for users and
// groups that are not in the files but in a directory service.
func isPrivateGroup(gid, uid int) bool {
	users, err := os.ReadFile("/etc/passwd")
	if err != nil {
		return false
	}
	groups, err := os.ReadFile("/etc/group")
	return err == nil && privateGroup(gid, uid, string(users), string(groups))
}

// privateGroup is isPrivateGroup for the text of passwd(5) and group(5).
func privateGroup(gid, uid int, users, groups string) bool {
	var trusted []string // the names of the user and of root
	own := false
	for line := range strings.Lines(users) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), ":")
		if len(fields) < 4 {
			continue
		}
		id, idErr := strconv.Atoi(fields[2])
		primary, groupErr := strconv.Atoi(fields[3])
		isTrusted := idErr == nil && (id == uid || id == 0)
		if isTrusted {
			trusted = append(trusted, fields[0])
		}
		switch {
		case groupErr != nil || primary != gid:
		case !isTrusted:
			return false
		default:
			own = true
		}
	}
	return own && hasOnly(gid, groups, trusted)
}

// hasOnly reports whether a group is known and lists no member but those.
func hasOnly(gid int, groups string, members []string) bool {
	known := false
	for line := range strings.Lines(groups) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), ":")
		if len(fields) < 4 {
			continue
		}
		if id, err := strconv.Atoi(fields[2]); err != nil || id != gid {
			continue
		}
		known = true
		for name := range strings.SplitSeq(fields[3], ",") {
			if name = strings.TrimSpace(name); name != "" && !slices.Contains(members, name) {
				return false
			}
		}
	}
	return known
}
