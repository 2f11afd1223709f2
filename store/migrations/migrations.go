// Package migrations holds the schema of a history as one script a version. They only go forward; a released one is
// never changed. It runs none of them.
package migrations

import (
	"embed"
	"io/fs"
)

//go:embed *.sql
var scripts embed.FS

// Script brings a history from the version before to its own.
type Script struct {
	Name string // of the file
	Text string
}

// All returns the scripts in the order of their versions. The first makes version 1.
func All() (all []Script) {
	names, err := fs.Glob(scripts, "*.sql")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	for _, name := range names {
		text, err := scripts.ReadFile(name)
		if err != nil {
			panic(err) // the file is compiled in
		}
		all = append(all, Script{Name: name, Text: string(text)})
	}
	return all
}

// Latest returns the version that the last script makes.
func Latest() int {
	names, err := scripts.ReadDir(".")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return len(names)
}
