//go:build unix

package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// linesOfCI returns the lines of docs/ci.md that run barb, before the recipes for CI servers.
func linesOfCI(t *testing.T) (lines []string) {
	t.Helper()
	data, err := os.ReadFile("../../docs/ci.md")
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(string(data), "\n## Which command finds what\n")
	line := regexp.MustCompile("(?m)^(?:- run: )?(barb .*)$|needed: `(barb .*?)`")
	for _, m := range line.FindAllStringSubmatch(text, -1) {
		lines = append(lines, m[1]+m[2])
	}
	return lines
}

// Each command of the page finds the fault that it is for. The fault stands beside it, with the exit code and what is
// said.
func TestTheCommandsOfThePageAboutCICanFail(t *testing.T) {
	t.Parallel()
	const (
		empty    = "barb listen --addr :0 --for 1ms -q; "
		received = `barb listen -s github --secret file:key --addr :0 --for 20s --ready-file url -q &
until [ -s url ]; do sleep 0.01; done
barb send "$(cat url)" -d @invoice.json -s github --secret file:$KEY --event invoice --db s.db --retries 0 || true
kill $!; wait; `
		saved = received + "mkdir testdata; barb save 1 --out testdata/a.ndjson --snapshot testdata/answers.json; "
	)
	faults := []struct {
		command string // its first words
		fault   string // a line of the shell that runs before it
		env     string
		app     int // what the app answers
		code    int
		said    string
	}{
		{"barb run", "echo '{\"amount\":4100}' > invoice.json; ", "", 0, 4, "amount is 4100"},
		{"barb wait", "", "", 0, 4, "0 came"},
		{"barb assert", received, "KEY=other", 0, 1, `verdict is invalid`},
		{"barb assert", empty, "", 0, 2, "nothing in the history is selected"},
		{"barb send", "", "", 500, 1, "not delivered"},
		{"barb send", "", "", 0, 3, "refused"},
		{"barb stats", `barb send $APP -d {} --retries 0; `, "", 500, 1, "success"},
		{"barb replay --received", received, "", 500, 1, "regressed  200 → 500"},
		{"barb replay --received", received, "", 0, 3, "regressed  200 → no answer"},
		{"barb replay testdata/*.ndjson", saved, "", 500, 1, "regressed  200 → 500"},
	}
	lines := linesOfCI(t)
	for _, line := range lines {
		found := false
		for _, f := range faults {
			if !strings.HasPrefix(line, f.command+" ") {
				continue
			}
			found = true
			t.Run(f.command+" "+f.said, func(t *testing.T) {
				t.Parallel()
				dir, env := barbFolder(t)
				app := "http://127.0.0.1:1"
				if f.app > 0 {
					answer := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(f.app) }
					server := httptest.NewServer(http.HandlerFunc(answer))
					defer server.Close()
					app = server.URL
				}
				for name, text := range map[string]string{
					"key": "barb_test_secret_0123456789abcdef", "other": "barb_another_secret_0123456789",
					"invoice.json": `{"type":"invoice.paid","amount":4200}`,
					"trigger":      "barb send $BARB_URL -d @invoice.json -s github --secret env:BARB_SECRET --event invoice"} {
					if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				line := strings.NewReplacer("--within 30s", "--within 1ms", "--timeout 30s", "--timeout 1ms",
					"--to :3000", "--to "+app, "send :3000", "send "+app).Replace(line)
				cmd := exec.Command("sh", "-c", "exec 2>&1; "+f.fault+line)
				cmd.Dir = dir
				cmd.Env = slices.Concat(env, []string{"KEY=key", "APP=" + app, "SECRET=barb_example_secret_0123456789", f.env})
				out, err := cmd.CombinedOutput()
				if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != f.code ||
					!strings.Contains(string(out), f.said) {
					t.Errorf("%s\nends with %v, want %d and %q\n%s", line, err, f.code, f.said, out)
				}
			})
		}
		if !found {
			t.Errorf("no test makes this line of docs/ci.md fail: %s", line)
		}
	}
	if len(lines) != 7 {
		t.Errorf("docs/ci.md has %d lines: %q", len(lines), lines)
	}
}
