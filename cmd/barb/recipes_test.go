//go:build unix

package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// recipes returns the lines of docs/ci.md for CI servers and test runners that run barb.
func recipes(t *testing.T) (lines []string) {
	t.Helper()
	data, err := os.ReadFile("../../docs/ci.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(data), "\n## GitLab, CircleCI, Jenkins\n")
	if !ok {
		t.Fatal("docs/ci.md has no recipes")
	}
	text, _, _ = strings.Cut(text, "\n## Exit codes\n")
	line := regexp.MustCompile(`(?m)^(?:sh '|[\s-]*(?:run: )?)(barb run .*?)'?$`)
	for _, m := range line.FindAllStringSubmatch(text, -1) {
		lines = append(lines, m[1])
	}
	return lines
}

// barbFolder returns a new folder with barb in it, and the environment of a process that works there: barb is in its
// PATH, and home, settings and history are in the folder.
func barbFolder(t *testing.T) (dir string, env []string) {
	t.Helper()
	dir = t.TempDir()
	self, err := os.Executable()
	if err == nil {
		err = os.Symlink(self, filepath.Join(dir, "barb"))
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir, append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "HOME="+dir, "XDG_CONFIG_HOME="+dir+"/config",
		"BARB_DB="+filepath.Join(dir, "history.db"))
}

// standIn takes the place of each program that a recipe runs. It sends a webhook; with SILENT it sends none.
const standIn = "#!/bin/sh\n[ -n \"$SILENT\" ] || " +
	`barb send "$BARB_URL" -d '{}' --event push -s github --secret env:BARB_SECRET`

func TestTheRecipesForCIServersCanFail(t *testing.T) {
	t.Parallel()
	all := recipes(t)
	if len(all) != 7 {
		t.Fatalf("docs/ci.md has %d recipes: %q", len(all), all)
	}
	for _, recipe := range all {
		t.Run(recipe, func(t *testing.T) {
			t.Parallel()
			dir, env := barbFolder(t)
			for _, name := range []string{"make", "pytest", "npx", "go", "trigger"} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(standIn), 0o700); err != nil { //nolint:gosec // a program
					t.Fatal(err)
				}
			}
			run := func(line string, more ...string) (string, error) {
				cmd := exec.Command("sh", "-c", line)
				cmd.Dir, cmd.Env = dir, slices.Concat(env, more)
				out, err := cmd.CombinedOutput()
				return string(out), err
			}
			if out, err := run(recipe); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			out, err := run(strings.Replace(recipe, "barb run ", "barb run --within 1ms ", 1), "SILENT=1")
			if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 4 {
				t.Errorf("without a webhook it ends with %v\n%s", err, out)
			}
			if !strings.Contains(recipe, "--junit") {
				return
			}
			report, err := os.ReadFile(filepath.Join(dir, "report.xml"))
			if err != nil || !strings.Contains(string(report), "missing: 0 came") {
				t.Errorf("%v\n%s", err, report)
			}
		})
	}
}
