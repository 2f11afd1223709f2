// Package project recognises the web framework that a folder's project uses. It reads the lists of dependencies and
// runs nothing.
package project

import (
	"encoding/json"
	"io"
	"io/fs"
	"slices"
	"strings"
)

// App is a web framework that a folder's project uses.
type App struct {
	Name string // such as "next"
	From string // the file that shows it
	Port int    // the usual one in development; 0: there is none
}

// Apps returns the frameworks that a folder's project uses. A framework comes before its own foundation.
func Apps(dir fs.FS) (found []App) {
	for _, r := range rowsOf(dir) {
		if slices.ContainsFunc(found, func(a App) bool { return a.Name == r.app }) {
			continue
		}
		found = append(found, App{Name: r.app, From: r.file, Port: r.port})
	}
	return found
}

// Framework returns the name under which explain.Fix knows the framework that a folder's project uses. It returns ""
// where it cannot be told, and where the project uses several.
func Framework(dir fs.FS) string {
	var names []string
	for _, r := range rowsOf(dir) {
		if r.fix != "" && !slices.Contains(names, r.fix) {
			names = append(names, r.fix)
		}
	}
	if slices.Contains(names, "next.js") || slices.Contains(names, "fastify") { // their projects often list express too
		names = slices.DeleteFunc(names, func(name string) bool { return name == "express" })
	}
	if len(names) != 1 {
		return ""
	}
	return names[0]
}

// rowsOf returns the rows of the table that a folder shows, in their order.
func rowsOf(dir fs.FS) (found []row) {
	packages := packagesOf(Read(dir, "package.json"))
	texts := map[string]string{}
	for _, r := range table {
		if r.file == "package.json" {
			if packages[r.mark] {
				found = append(found, r)
			}
			continue
		}
		text, known := texts[r.file]
		if !known {
			text = strings.ToLower(Read(dir, fileNamed(dir, r.file)))
			texts[r.file] = text
		}
		if text != "" && strings.Contains(text, r.mark) {
			found = append(found, r)
		}
	}
	return found
}

// packagesOf returns the packages that package.json lists.
func packagesOf(text string) map[string]bool {
	var manifest struct {
		Dependencies    map[string]any `json:"dependencies"`
		DevDependencies map[string]any `json:"devDependencies"`
	}
	if json.Unmarshal([]byte(text), &manifest) != nil {
		return nil
	}
	all := map[string]bool{}
	for _, list := range []map[string]any{manifest.Dependencies, manifest.DevDependencies} {
		for name := range list {
			all[name] = true
		}
	}
	return all
}

// fileNamed returns the first file that a pattern means.
func fileNamed(dir fs.FS, pattern string) string {
	if names, _ := fs.Glob(dir, pattern); len(names) > 0 {
		return names[0]
	}
	return pattern
}

// most is how many bytes of a file are read: a folder may be another's.
const most = 1 << 20

// Read returns the beginning of a regular file; "" if it does not exist or cannot be read.
func Read(dir fs.FS, name string) string {
	if info, err := fs.Stat(dir, name); err != nil || !info.Mode().IsRegular() { // opening a pipe would wait
		return ""
	}
	f, err := dir.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil {
		return ""
	}
	return string(data)
}
