package shell

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/store"
)

// HistoryPath is --db, BARB_DB, db in barb.toml, or the default: the path of a file or the address of a server, which
// may have a password. HistoryName is for people.
func (sh *Shell) HistoryPath() string {
	if sh.db != "" {
		return sh.db
	}
	return filepath.Join(sh.DataFolder(), "history.db")
}

// HistoryName is HistoryPath without a password.
func (sh *Shell) HistoryName() string { return store.NameOf(sh.HistoryPath()) }

// HistoryForChild is the value of BARB_DB for a program that barb runs in another folder.
func (sh *Shell) HistoryForChild() string {
	if sh.IsShared() {
		return sh.HistoryPath()
	}
	path := sh.History.Path()
	if !filepath.IsAbs(path) {
		path = filepath.Join(sh.Dir, path)
	}
	return path
}

// IsOtherHistory reports whether the history is another than the default.
func (sh *Shell) IsOtherHistory() bool { return sh.db != "" }

// IsShared reports whether the history is on a server, where others write too: what its rows name is not this user's
// choice.
func (sh *Shell) IsShared() bool { return store.IsServer(sh.HistoryPath()) }

// MayUse reports whether a secret may be looked for whose reference is recorded: a command never, and a file of this
// machine not because of what a shared history says, unless [deliver] allow of barb.toml lists it.
func (sh *Shell) MayUse(recorded string) bool {
	switch {
	case !secret.IsReference(recorded), strings.HasPrefix(recorded, "cmd:"):
		return false
	case sh.IsShared() && strings.HasPrefix(recorded, "file:"):
		return slices.Contains(sh.File.Allowed, recorded)
	}
	return true
}

// UseHistory makes the file at a path the history of this run, whatever --db says. It is called before the first use.
func (sh *Shell) UseHistory(path string) { sh.db = path }

// checkHistoryPlace refuses a --db that is a URL of no server before anything is made: as a path it would be a folder
// whose name has the password in it. The message names the scheme alone, for the same reason.
func (sh *Shell) checkHistoryPlace() error {
	from := "--db"
	switch source := sh.Settings["db"]; {
	case strings.HasPrefix(string(source), "BARB_"):
		from = string(source)
	case source.Weight() == FromFile:
		from = "db in " + string(source)
	}
	return wrongPlace(sh.db, from, "--db ")
}

// CheckPlace refuses an argument as --db is refused. The message begins with its name.
func CheckPlace(place, name string) error {
	if place == "" {
		return fail.Usage("%s is empty", name)
	}
	return wrongPlace(place, name, "")
}

func wrongPlace(place, from, flag string) error {
	scheme, ok := historyScheme(place)
	switch {
	case ok && store.IsServer(place):
		return nil
	case ok:
		scheme += "://"
	default:
		if scheme = settingsBegin(place); scheme == "" {
			return nil
		}
	}
	return fail.Usage("%s begins with %s; a history is a file or a PostgreSQL database", from, scheme).
		Hintf("%sPATH names a file, %spostgres://USER@HOST/DATABASE a database", flag, flag)
}

// settingsBegin returns how a place begins that other programs take for a server: with a setting of libpq, or with an
// address that lacks a slash. It is "" for any other.
func settingsBegin(place string) string {
	i := strings.IndexAny(place, ":=")
	if i < 0 {
		return ""
	}
	switch begin := strings.ToLower(strings.TrimSpace(place[:i])) + place[i:i+1]; begin {
	case "postgres:", "postgresql:", "host=", "hostaddr=", "port=", "dbname=", "user=", "password=", "passfile=",
		"service=", "sslmode=", "connect_timeout=":
		return begin
	}
	return ""
}

// historyScheme returns what stands before ://, in lower case, if it has the form of a scheme (RFC 3986, section 3.1).
func historyScheme(place string) (scheme string, ok bool) {
	scheme, _, ok = strings.Cut(strings.ToLower(place), "://")
	if !ok || scheme == "" || scheme[0] < 'a' || scheme[0] > 'z' {
		return "", false
	}
	letters := "abcdefghijklmnopqrstuvwxyz0123456789+-."
	return scheme, strings.Trim(scheme, letters) == ""
}

// Shown returns a command line as it may be shown: without the password of a server.
func Shown(args []string) []string {
	shown := slices.Clone(args)
	for i, arg := range shown {
		flag, value, joined := strings.Cut(arg, "=")
		switch {
		case store.IsServer(arg):
			shown[i] = store.NameOf(arg)
		case joined && store.IsServer(value):
			shown[i] = flag + "=" + store.NameOf(value)
		}
	}
	return shown
}
