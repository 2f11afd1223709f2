package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The completion scripts and man pages are committed, so that packagers need no Go; they hold every help text, which
// makes them the golden files of the command line.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	dir := t.TempDir()
	if err := generate(dir); err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, sub := range []string{"completions", "docs/man", "docs/reference"} {
		err := filepath.WalkDir(filepath.Join(dir, sub), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			files++
			rel, err := filepath.Rel(dir, path)
			if err != nil {
				return err
			}
			compare(t, filepath.Join("../..", rel), path)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if stale := surplus(t, filepath.Join("../..", sub), filepath.Join(dir, sub)); len(stale) > 0 {
			t.Errorf("%s has files that nothing generates: %v", sub, stale)
		}
	}
	compare(t, "../../docs/providers.md", filepath.Join(dir, "docs/providers.md"))
	if files < 15 {
		t.Errorf("only %d files were generated", files)
	}
}

func compare(t *testing.T, committed, generated string) {
	t.Helper()
	want, err := os.ReadFile(generated)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(committed)
	if err != nil {
		t.Errorf("%v; run go generate ./...", err)
		return
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is not current; run go generate ./...\n%s", committed, diff)
	}
}

func surplus(t *testing.T, committed, generated string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(committed)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, err := os.Stat(filepath.Join(generated, e.Name())); errors.Is(err, fs.ErrNotExist) {
			names = append(names, e.Name())
		}
	}
	return names
}

func TestThePictureIsXMLWithTheColoursOfTheTerminal(t *testing.T) {
	var out bytes.Buffer
	if err := picture(strings.NewReader("\x1b[1m$ barb <x> & y\x1b[0m\n\n\x1b[32m200\x1b[0m \x1b[31m503\x1b[22m plain\n"),
		&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`<tspan class="b">$ barb &lt;x&gt; &amp; y</tspan>`,
		`<tspan class="g">200</tspan> <tspan class="r">503</tspan> plain`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in\n%s", want, out.String())
		}
	}
	decoder := xml.NewDecoder(&out)
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
