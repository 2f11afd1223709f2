//go:build unix

// Package monitoring has the parsers of Prometheus and of its query language judge the metrics that barb serves, its
// alert rules and its dashboard. Neither the package nor its dependencies are part of the product.
package monitoring

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// bin is the folder of the binary under test, set once by TestMain.
var bin string

func TestMain(m *testing.M) {
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "monitoring:", err)
		code = 1
	}
	os.Exit(code)
}

func buildAndRun(m *testing.M) (int, error) {
	var err error
	if bin, err = os.MkdirTemp("", "barb-monitoring-"); err != nil {
		return 1, err
	}
	defer os.RemoveAll(bin)
	cmd := exec.Command("go", "build", "-o", filepath.Join(bin, "barb"), "./cmd/barb")
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("go build ./cmd/barb: %w\n%s", err, out)
	}
	return m.Run(), nil
}

// process is a running barb with a history of its own.
type process struct {
	cmd    *exec.Cmd
	url    string // the first line of its output
	stderr *bytes.Buffer
}

// start starts a line of bash and waits for its first line of output.
func start(t *testing.T, line string) *process {
	t.Helper()
	dir := t.TempDir()
	p := &process{cmd: exec.Command("bash", "-c", line), stderr: &bytes.Buffer{}}
	p.cmd.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + dir, "BARB_DB=" + filepath.Join(dir, "history.db")}
	p.cmd.Dir, p.cmd.Stderr = dir, p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	})
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	if err != nil {
		t.Fatalf("%v\n%s", err, p.stderr)
	}
	p.url = strings.TrimSpace(first)
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	return p
}

// post sends one webhook without a signature and returns the status of the answer.
func post(t *testing.T, url string) int {
	t.Helper()
	answer, err := http.Post(url, "text/plain", strings.NewReader("xxxxxxxxxx"))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode
}
