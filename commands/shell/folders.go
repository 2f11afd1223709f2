package shell

import (
	"cmp"
	"os"
	"path/filepath"
	"runtime"
)

// DataFolder is where barb keeps what is the user's own: $XDG_DATA_HOME/barb.
func (sh *Shell) DataFolder() string {
	return filepath.Join(cmp.Or(sh.Getenv("XDG_DATA_HOME"), ownFolder(runtime.GOOS, os.Getenv, ".local/share")), "barb")
}

// configHome is the folder of the user's configuration.
func (sh *Shell) configHome() string {
	return cmp.Or(sh.Getenv("XDG_CONFIG_HOME"), ownFolder(runtime.GOOS, os.Getenv, ".config"))
}

// ownFolder is where programs keep what is the user's own on a system. Below the home on Unix it has the name unix.
func ownFolder(system string, getenv func(string) string, unix string) string {
	switch system {
	case "windows":
		return cmp.Or(getenv("LOCALAPPDATA"), filepath.Join(getenv("USERPROFILE"), "AppData", "Local"))
	case "darwin":
		return filepath.Join(cmp.Or(getenv("HOME"), "/"), "Library", "Application Support")
	}
	return filepath.Join(cmp.Or(getenv("HOME"), "/"), unix)
}
