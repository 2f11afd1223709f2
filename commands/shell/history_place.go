package shell

import (
	"strings"

	"github.com/barbhq/barb/commands/fail"
)

// checkHistoryPlace refuses a --db that is a URL before anything is made: as a path it would be a folder whose name
// has the password in it. The message names the scheme alone, for the same reason.
func (sh *Shell) checkHistoryPlace() error {
	scheme, ok := historyScheme(sh.db)
	if !ok {
		return nil
	}
	from := "--db"
	switch source := sh.Settings["db"]; {
	case strings.HasPrefix(string(source), "BARB_"):
		from = string(source)
	case source.Weight() == FromFile:
		from = "db in " + string(source)
	}
	if scheme == "postgres" || scheme == "postgresql" {
		return fail.Unsupported("%s names a PostgreSQL server; this version of barb keeps a history in a file only", from).
			Hint("--db PATH names a file")
	}
	return fail.Usage("%s begins with %s://; a history is a file", from, scheme).Hint("--db PATH names a file")
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
