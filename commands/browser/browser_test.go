//go:build unix

package browser_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/barbhq/barb/commands/browser"
)

const address = "http://127.0.0.1:4040/w/1?code=A&q=$(touch+x);'y'"

// program writes a program that notes its arguments, a line each, and ends with a code.
func program(t *testing.T, name, code string) (file, noted string) {
	t.Helper()
	dir := t.TempDir()
	file, noted = filepath.Join(dir, name), filepath.Join(dir, "args")
	text := "#!/bin/sh\nprintf '%s\\n' \"$@\" > " + noted + "\nexit " + code + "\n"
	if err := os.WriteFile(file, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return file, noted
}

func open(t *testing.T, variables map[string]string) error {
	t.Helper()
	b := browser.Browser{Getenv: func(name string) string { return variables[name] }}
	return b.Open(address)
}

func args(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(data))
}

func TestBrowserIsTheProgramThatIsOpened(t *testing.T) {
	t.Parallel()
	broken, _ := program(t, "broken", "3")
	for rest, want := range map[string]string{
		"":                     address,
		" --new-window":        "--new-window\n" + address,
		" --app=%s --guest":    "--app=" + address + "\n--guest",
		" '--profile=of mine'": "--profile=of mine\n" + address,
	} {
		file, noted := program(t, "browser", "0")
		for _, before := range []string{"", "/nowhere/browser:", broken + " %s:"} {
			if err := open(t, map[string]string{"BROWSER": before + file + rest}); err != nil {
				t.Fatal(err)
			}
			if got := args(t, noted); got != want {
				t.Errorf("%q gets %q, want %q", before+"browser"+rest, got, want)
			}
		}
	}
}

func TestWhatOpensNothingSaysSo(t *testing.T) {
	t.Parallel()
	broken, _ := program(t, "broken", "3")
	for name, want := range map[string]string{broken: "broken: exit status 3", "/nowhere/browser": "no such file",
		":": ""} {
		err := open(t, map[string]string{"BROWSER": name, "DISPLAY": ":0"})
		if !errors.Is(err, browser.ErrNone) || !strings.Contains(err.Error(), want) {
			t.Errorf("BROWSER=%s: %v", name, err)
		}
	}
}
