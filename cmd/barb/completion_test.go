//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A bash without the package bash-completion cuts words at = and :, which the script has to join again.
func TestBashCompletesWithoutThePackageBashCompletion(t *testing.T) {
	t.Parallel()
	dir, barb := t.TempDir(), barbPath(t)
	env := append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "BARB_DB="+filepath.Join(dir, "history.db"),
		"PATH="+filepath.Dir(barb)+":"+os.Getenv("PATH"), "A_SECRET_OF_MINE=x")
	if err := os.WriteFile(filepath.Join(dir, "payload.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"barb lis":                             "listen",
		"barb send -s strip":                   "stripe",
		"barb send --scheme = strip":           "stripe",
		"barb verify --secret env : A_SECRET_": "A_SECRET_OF_MINE",
		"barb send -d @pay":                    "@payload.json",
		"barb help exit":                       "exit-codes",
	} {
		script := `source <(barb completion bash)
			COMP_WORDS=($LINE) COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=$TYPED COMP_POINT=${#TYPED} COMP_TYPE=63
			__start_barb; printf '%s\n' "${COMPREPLY[@]}"`
		cmd := exec.Command("bash", "--norc", "-c", script)
		typed := strings.NewReplacer(" = ", "=", " : ", ":").Replace(line)
		cmd.Dir, cmd.Env = dir, slices.Concat(env, []string{"LINE=" + line, "TYPED=" + typed})
		out, err := cmd.Output()
		if got := strings.TrimSpace(string(out)); err != nil || got != want {
			t.Errorf("%q completes to %q, want %q: %v", typed, got, want, err)
		}
	}
}
