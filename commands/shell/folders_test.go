package shell

import (
	"path/filepath"
	"testing"
)

func TestWhatIsTheUsersOwnIsWhereTheSystemKeepsIt(t *testing.T) {
	for _, c := range []struct{ system, name, value, want string }{
		{"linux", "HOME", "/home/me", "/home/me/.local/share"},
		{"linux", "", "", "/.local/share"},
		{"freebsd", "HOME", "/home/me", "/home/me/.local/share"},
		{"darwin", "HOME", "/Users/me", "/Users/me/Library/Application Support"},
		{"windows", "LOCALAPPDATA", "D:/local", "D:/local"},
		{"windows", "USERPROFILE", "C:/me", "C:/me/AppData/Local"},
	} {
		got := ownFolder(c.system, func(name string) string {
			if name == c.name {
				return c.value
			}
			return ""
		}, ".local/share")
		if filepath.ToSlash(got) != c.want {
			t.Errorf("%s with %s=%s: %s", c.system, c.name, c.value, got)
		}
	}
}
