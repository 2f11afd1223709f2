package report

import (
	"errors"
	"io"
	"path/filepath"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/store/disk"
)

// Files are the paths of the files that a report is written to; "" is none.
type Files struct{ JUnit, TAP, HTML, Badge string }

// file is one of Files with its flag.
type file struct {
	flag, path string
	content    func(*Report) ([]byte, error)
}

func (f Files) all() (files []file) {
	for _, one := range []file{
		{"junit", f.JUnit, (*Report).JUnit},
		{"tap", f.TAP, func(r *Report) ([]byte, error) { return r.TAP(), nil }},
		{"html", f.HTML, func(r *Report) ([]byte, error) { return r.HTML(), nil }},
		{"badge", f.Badge, func(r *Report) ([]byte, error) { return r.badge().SVG(), nil }},
	} {
		if one.path != "" {
			files = append(files, one)
		}
	}
	return files
}

// Given reports whether any file is asked for.
func (f Files) Given() bool { return f != Files{} }

// Check returns why a file could not be written, before anything is sent: exit code 2 for one path that is given twice,
// 5 for a folder that is missing or closed to this user.
func (f Files) Check() error {
	flagOf := map[string]string{}
	for _, one := range f.all() {
		path := filepath.Clean(one.path)
		if other := flagOf[path]; other != "" {
			return fail.Usage("--%s and --%s name the same file %s", other, one.flag, one.path)
		}
		flagOf[path] = one.flag
		if err := disk.Placeable(path); err != nil {
			return fail.Local("--%s: %w", one.flag, err).Hint("name a file in a folder that exists and that you may write")
		}
	}
	return nil
}

// Publish writes the report to its files, each whole or not at all, and tells GitHub Actions when barb runs there. A
// file that cannot be written does not keep the others from being written.
func (f Files) Publish(r *Report, getenv func(string) string, stderr io.Writer) error {
	var all []error
	for _, one := range f.all() {
		data, err := one.content(r)
		if err == nil {
			err = disk.Publish(one.path, data)
		}
		if err != nil {
			all = append(all, fail.Local("--%s: %w", one.flag, err))
		}
	}
	if err := r.GitHub(getenv, stderr); err != nil {
		all = append(all, err)
	}
	return errors.Join(all...)
}
