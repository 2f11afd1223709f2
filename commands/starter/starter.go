// Package starter writes the first barb.toml for a folder. It takes the names of secrets from its files and never
// reads their values into anything, and it prints nothing.
package starter

import (
	"io/fs"
	"regexp"
	"sync"
)

// Project is what was found in a folder.
type Project struct {
	App     string // the framework, such as "next"; "" where none was recognised
	From    string // the file that says so
	Port    int    // where the app listens; 0: unknown
	PortIn  string // the file that names the port; "": it is the usual one of the framework
	Secrets []Secret
}

// Secret is the secrets of one provider.
type Secret struct {
	Scheme string
	Names  []string // of environment variables
	From   string   // the file that has the first of them
	Path   string   // of the handler in the app
	Source string   // the file of that handler; "": the path is a suggestion
}

// Look looks at a folder. What cannot be read is as if it were not there.
func Look(dir fs.FS) Project {
	var p Project
	p.findApp(dir)
	p.findVariables(dir)
	p.findHandlers(dir)
	return p
}

// Only these are written into barb.toml of what files and folders are called.
var (
	plainName = compiled(`^[A-Za-z_][A-Za-z0-9_]{0,99}$`)
	plainPath = compiled(`^/[A-Za-z0-9/_.-]{0,199}$`)
	plainFile = compiled(`^[][A-Za-z0-9/_.()@+ -]{0,199}$`)
)

// compiled returns a regular expression that is compiled when it is first needed, since most commands need none.
func compiled(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}
