// Package conformance has receivers, written as in webhook guides, judge the built barb binary. It checks one scheme
// family end to end; the vectors of every scheme are in the sign package. Neither the package nor its dependencies are
// part of the product.
package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The secrets. The other one is well formed, and not the receivers'.
const (
	secret = "barb_conformance_secret_0123456789"
	other  = "another_conformance_secret_0123456"
)

// barb is the binary under test, set once by TestMain.
var barb string

func TestMain(m *testing.M) {
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		code = 1
	}
	os.Exit(code)
}

func buildAndRun(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "barb-conformance-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	barb = filepath.Join(dir, "barb")
	cmd := exec.Command("go", "build", "-o", barb, "./cmd/barb")
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("go build ./cmd/barb: %w\n%s", err, out)
	}
	return m.Run(), nil
}

// environment returns the environment without the user's settings: a BARB_SECRET, a barb.toml, a PORT.
func environment(t *testing.T) []string {
	home := t.TempDir()
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "BARB_DB=" + filepath.Join(home, "history.db"),
		"SECRET=" + secret, "OTHER=" + other,
	}
}

// run runs barb and returns its stdout and exit code. It logs stderr.
func run(t *testing.T, stdin []byte, args ...string) (string, int) {
	t.Helper()
	return runIn(t, environment(t), stdin, args...)
}

// runIn is run with a given environment.
func runIn(t *testing.T, env []string, stdin []byte, args ...string) (string, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, barb, args...)
	cmd.Dir, cmd.Env, cmd.Stdin = t.TempDir(), env, bytes.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if stderr.Len() > 0 {
		t.Logf("barb %s\n%s", strings.Join(args, " "), stderr.String())
	}
	return string(out), cmd.ProcessState.ExitCode()
}
