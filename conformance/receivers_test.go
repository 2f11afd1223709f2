package conformance

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// receiver is a program that prints its URL on its first line, then answers 200 to requests signed with SECRET and 401
// to all others, under the path of the scheme's name.
type receiver struct {
	name    string
	command func(*testing.T) *exec.Cmd
}

func receivers() []receiver {
	return []receiver{{"express", express}, {"flask", flask}, {"nethttp", nethttp}, {"barb listen", listen}}
}

func express(t *testing.T) *exec.Cmd {
	const dir = "receivers/express"
	npmInstall(t, dir)
	cmd := exec.Command("node", "server.js")
	cmd.Dir = dir
	return cmd
}

// npmInstall installs the pinned packages of a folder's lock file, unless they are installed already.
func npmInstall(t *testing.T, dir string) {
	t.Helper()
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%s is missing: apt-get install nodejs npm", program)
		}
	}
	if !installIsStale(dir) {
		return
	}
	install := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm ci in %s: %v\n%s", dir, err, out)
	}
}

// installIsStale reports whether node_modules is missing, incomplete, or older than the lock file. npm writes the
// examined file last.
func installIsStale(dir string) bool {
	have, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json"))
	if err != nil {
		return true
	}
	pinned, err := os.Stat(filepath.Join(dir, "package-lock.json"))
	return err != nil || have.ModTime().Before(pinned.ModTime())
}

// flask runs Debian's Python, even when another is first in the PATH.
func flask(t *testing.T) *exec.Cmd {
	const python = "/usr/bin/python3"
	if exec.Command(python, "-c", "import flask").Run() != nil {
		t.Fatal("Flask is missing: apt-get install python3-flask")
	}
	return exec.Command(python, "receivers/flask/app.py")
}

func nethttp(t *testing.T) *exec.Cmd {
	binary := filepath.Join(t.TempDir(), "nethttp")
	if out, err := exec.Command("go", "build", "-o", binary, "./receivers/nethttp").CombinedOutput(); err != nil {
		t.Fatalf("go build ./receivers/nethttp: %v\n%s", err, out)
	}
	return exec.Command(binary)
}

func listen(t *testing.T) *exec.Cmd {
	var routes strings.Builder
	for _, scheme := range schemes() {
		fmt.Fprintf(&routes, "[[route]]\npath = \"/%s\"\nscheme = \"%s\"\nsecret = \"env:SECRET\"\n", scheme, scheme)
	}
	config := filepath.Join(t.TempDir(), "barb.toml")
	if err := os.WriteFile(config, []byte(routes.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return exec.Command(barb, "listen", "--addr", "127.0.0.1:0", "--config", config,
		"--jq", `select(.event == "listening") | .url`)
}

// start runs a receiver until the test ends and returns its URL.
func start(t *testing.T, r receiver) string {
	t.Helper()
	cmd := r.command(t)
	cmd.Env = append(environment(t), cmd.Env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	hung := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() }) // ends the read below
	line, err := bufio.NewReader(stdout).ReadString('\n')
	hung.Stop()
	if err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // stderr is complete only now
		t.Fatalf("%s printed no URL: %v\n%s", r.name, err, stderr.String())
	}
	return strings.TrimSpace(line)
}
