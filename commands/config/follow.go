package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxLinks is how many symbolic links a path may lead over, as many as Linux follows (path_resolution(7)).
const maxLinks = 40

// follow walks an absolute path from the root as the system does, over symbolic links, and shows each folder, link and
// file on the way to visit, which may end the walk. It returns the path without links. What is not there yet is taken
// as it is written: a link to a file that is missing leads to the place where that file would be made.
func follow(path string, visit func(place string, info fs.FileInfo) error) (string, error) {
	root := filepath.VolumeName(path) + string(filepath.Separator)
	at, rest := root, parts(path)
	info, err := os.Lstat(root)
	if err == nil {
		err = visit(root, info)
	}
	for links := 0; err == nil && len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		if name == ".." {
			at = filepath.Dir(at)
			continue
		}
		next := filepath.Join(at, name)
		info, err = os.Lstat(next)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return filepath.Join(append([]string{next}, rest...)...), nil
		case err != nil:
			return next, err
		}
		if err = visit(next, info); err != nil || info.Mode()&fs.ModeSymlink == 0 {
			at = next
			continue
		}
		if links++; links > maxLinks {
			return next, fmt.Errorf("%s: more than %d symbolic links", path, maxLinks)
		}
		var target string
		if target, err = os.Readlink(next); err == nil {
			rest = append(parts(target), rest...)
		}
		if filepath.IsAbs(target) {
			at = filepath.VolumeName(target) + string(filepath.Separator)
		}
	}
	return at, err
}

// parts are the names in a path. ".." stays: over a link it does not mean the folder before.
func parts(path string) []string {
	path = filepath.ToSlash(path[len(filepath.VolumeName(path)):])
	var names []string
	for name := range strings.SplitSeq(path, "/") {
		if name != "" && name != "." {
			names = append(names, name)
		}
	}
	return names
}

// placeOf returns where a path leads from a folder once links are followed. A path that cannot be followed is cleaned.
func placeOf(folder, path string) string {
	if !filepath.IsAbs(path) { // not cleaned: behind a link, .. is not the folder before
		path = folder + string(filepath.Separator) + path
	}
	if place, err := follow(path, func(string, fs.FileInfo) error { return nil }); err == nil {
		return place
	}
	return filepath.Clean(path)
}

// isWithin reports whether a place is in a folder; both are without links.
func isWithin(folder, place string) bool {
	relative, err := filepath.Rel(folder, place)
	return err == nil && filepath.IsLocal(relative)
}
