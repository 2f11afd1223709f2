package complete

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// patience is how long a shell waits for a keyring.
const patience = 300 * time.Millisecond

// kinds are the references of a secret, but for env: and file:, which are completed further.
var kinds = []string{"env:", "file:", "cmd:", "keyring:", "-"}

// Secrets returns references of secrets that begin with prefix: after env: the names of variables, after file: the
// names of files, after keyring: those that kept returns.
func Secrets(prefix string, environ []string, kept func() ([]string, error)) []string {
	kind, rest, hasKind := strings.Cut(prefix, ":")
	switch {
	case hasKind && kind == "env":
		return variables(rest, environ)
	case hasKind && kind == "file":
		return Files("file:", rest)
	case hasKind && kind == "keyring":
		return Kept("keyring:", rest, kept)
	}
	return kinds
}

// Kept returns the names that kept returns and that begin with prefix, each behind a mark such as "keyring:". A keyring
// that does not answer soon, since it asks a person to unlock it, offers nothing.
func Kept(mark, prefix string, kept func() ([]string, error)) (refs []string) {
	found := make(chan []string, 1)
	go func() {
		names, _ := kept() // with an error there are none
		found <- names
	}()
	select {
	case names := <-found:
		for _, name := range names {
			if strings.HasPrefix(name, prefix) && !needsQuoting(name) {
				refs = append(refs, mark+name)
			}
		}
	case <-time.After(patience):
	}
	return refs
}

// variables returns the variables of the environment that begin with prefix, never their values.
func variables(prefix string, environ []string) (refs []string) {
	for _, kv := range environ {
		name, _, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, prefix) && !needsQuoting(name) && name != "_" {
			refs = append(refs, "env:"+name)
		}
	}
	slices.Sort(refs)
	return refs
}

// Files returns the files whose path begins with prefix, each behind a mark such as "@". A folder ends with a slash.
// Hidden files are offered once their dot is typed.
func Files(mark, prefix string) (paths []string) {
	folder, begin := filepath.Split(prefix)
	place := folder
	if place == "" {
		place = "."
	}
	entries, err := os.ReadDir(place)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, begin) || needsQuoting(name) || begin == "" && strings.HasPrefix(name, ".") {
			continue
		}
		if info, err := os.Stat(filepath.Join(place, name)); err == nil && info.IsDir() {
			name += "/"
		}
		if paths = append(paths, mark+folder+name); len(paths) >= 10*most {
			break
		}
	}
	return paths
}

// Payloads returns what begins a payload, and the files behind an @.
func Payloads(prefix string) []string {
	if file, ok := strings.CutPrefix(prefix, "@"); ok {
		return append(Files("@", file), "@-\tfrom stdin")
	}
	return nil
}
