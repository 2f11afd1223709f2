//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// actionSteps returns the scripts of action.yml, each with the variables that its step sets from inputs.
func actionSteps(t *testing.T) (scripts []string, inputs []map[string]string) {
	t.Helper()
	data, err := os.ReadFile("../../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	_, steps, ok := strings.Cut(string(data), "\n  steps:\n")
	if !ok {
		t.Fatal("action.yml has no steps")
	}
	input := regexp.MustCompile(`(?m)([A-Z_]+): '?\$\{\{ inputs\.([a-z-]+) \}\}`)
	for _, step := range strings.Split(steps, "\n    - ") {
		settings, script, ok := strings.Cut(step, "run: |\n")
		if !ok {
			continue
		}
		from := map[string]string{}
		for _, m := range input.FindAllStringSubmatch(settings, -1) {
			from[m[1]] = m[2]
		}
		scripts, inputs = append(scripts, script), append(inputs, from)
	}
	return scripts, inputs
}

// runAction runs the steps of action.yml that need no network, as GitHub does, with barb in the PATH.
func runAction(t *testing.T, given map[string]string) (dir, out string, err error) {
	t.Helper()
	dir, env := barbFolder(t)
	scripts, inputs := actionSteps(t)
	if len(scripts) != 3 {
		t.Fatalf("action.yml has %d scripts; this test was written for 3", len(scripts))
	}
	outputs := filepath.Join(dir, "outputs")
	for _, n := range []int{0, 2} { // the second installs barb where there is none
		cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", scripts[n])
		cmd.Dir, cmd.Env = dir, append(slices.Clone(env), "GITHUB_OUTPUT="+outputs)
		for name, from := range inputs[n] {
			cmd.Env = append(cmd.Env, name+"="+given[from])
		}
		var said []byte
		said, err = cmd.CombinedOutput()
		out += string(said)
	}
	if missing, err := os.ReadFile(outputs); err == nil {
		t.Errorf("it would install barb, which is there: %s", missing)
	}
	return dir, out, err
}

const pushes = `barb send "$BARB_URL" -d '{"n": 7}' --event push -s github --secret env:BARB_SECRET`

func TestTheActionRunsACommandAndExpectsItsWebhooks(t *testing.T) {
	t.Parallel()
	dir, out, err := runAction(t, map[string]string{"run": pushes, "scheme": "github", "within": "30s", "junit": "r.xml",
		"expect": "# the webhook\ngithub:push: .body.n == 7\n\nnone: *.failed\n"})
	if err != nil || !strings.Contains(out, "1/1 expected, 0 unexpected, 0 bad signatures") {
		t.Errorf("%v\n%s", err, out)
	}
	if report, err := os.ReadFile(filepath.Join(dir, "r.xml")); err != nil || !strings.Contains(string(report), "push") {
		t.Errorf("%v\n%s", err, report)
	}
}

func TestTheActionFails(t *testing.T) {
	t.Parallel()
	for name, given := range map[string]map[string]string{
		"a webhook is missing": {"run": "true", "expect": "push", "within": "1ms"},
		"a value differs":      {"run": pushes, "scheme": "github", "expect": "push: .body.n == 8", "within": "1ms"},
		"the command fails":    {"run": "false | true"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given["save-on-fail"] = "kept"
			if given["within"] == "" {
				given["within"] = "30s"
			}
			if _, out, err := runAction(t, given); err == nil {
				t.Errorf("it succeeds\n%s", out)
			}
		})
	}
}
