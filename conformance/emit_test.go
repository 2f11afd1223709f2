package conformance

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// publicURL is the signed URL of schemes that sign it, wherever the receiver listens.
const publicURL = "https://hooks.example.com/in?x=1"

// emitted is a kind of receiver of barb verify --emit, with the command that runs it.
type emitted struct {
	framework, file string
	command         func(t *testing.T, dir, file string) *exec.Cmd
}

func emittedReceivers() []emitted {
	node := func(t *testing.T, dir, file string) *exec.Cmd {
		link(t, dir)
		return exec.Command("node", file)
	}
	handler := func(platform string) func(*testing.T, string, string) *exec.Cmd {
		return func(t *testing.T, _, file string) *exec.Cmd {
			return exec.Command("node", here(t, "emit/handler.mjs"), platform, file)
		}
	}
	python := func(framework string) func(*testing.T, string, string) *exec.Cmd {
		return func(t *testing.T, dir, _ string) *exec.Cmd {
			write(t, filepath.Join(dir, "urls.py"),
				"from django.urls import re_path\nimport receiver\nurlpatterns = [re_path('', receiver.webhook)]\n")
			return exec.Command("/usr/bin/python3", here(t, "emit/serve.py"), framework, dir)
		}
	}
	return []emitted{
		{"express", "receiver.mjs", node}, {"fastify", "receiver.mjs", node},
		{"nextjs", "route.mjs", handler("nextjs")}, {"lambda", "index.mjs", handler("lambda")},
		{"flask", "receiver.py", python("flask")}, {"django", "receiver.py", python("django")},
		{"fastapi", "receiver.py", python("fastapi")},
		{"rails", "webhooks_controller.rb", railsRun},
		{"go", "receiver.go", goRun}, {"php", "receiver.php", phpRun},
	}
}

// installed runs npm install once.
var installed = sync.OnceValue(func() error {
	if !installIsStale("emit") {
		return nil
	}
	install := exec.Command("npm", "ci", "--no-audit", "--no-fund")
	install.Dir = "emit"
	if out, err := install.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	return nil
})

// link makes the packages available to a module in dir.
func link(t *testing.T, dir string) {
	t.Helper()
	if err := installed(); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(here(t, "emit/node_modules"), filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
}

func goRun(t *testing.T, dir, file string) *exec.Cmd {
	binary := filepath.Join(dir, "receiver")
	if out, err := exec.Command("go", "build", "-o", binary, file).CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return exec.Command(binary)
}

func railsRun(t *testing.T, _, file string) *exec.Cmd {
	return exec.Command("ruby", here(t, "emit/rails.rb"), file)
}

// phpRun returns PHP's own server, whose first line on stderr announces its address.
func phpRun(_ *testing.T, _, file string) *exec.Cmd {
	return exec.Command("php", "-d", "variables_order=EGPCS", "-S", "127.0.0.1:0", file)
}

func here(t *testing.T, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// keys are the keys of both sides of a scheme.
type keys struct{ signing, verifying string }

func keysOf(scheme string) keys {
	switch scheme {
	case "standard-webhooks":
		return keys{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
	case "discord":
		seed := bytes.Repeat([]byte{7}, ed25519.SeedSize)
		public := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
		return keys{hex.EncodeToString(seed), hex.EncodeToString(public)}
	}
	return keys{secret, secret}
}

func emittedSchemes() []string {
	return []string{"stripe", "github", "standard-webhooks", "slack", "shopify", "discord", "square", "linear", "gitlab"}
}

// hook is a webhook signed by barb.
type hook struct {
	scheme string
	keys   keys
	body   string // path of the body's file
	dir    string
}

func newHook(t *testing.T, scheme string) hook {
	dir := t.TempDir()
	h := hook{scheme: scheme, keys: keysOf(scheme), body: filepath.Join(dir, "body"), dir: dir}
	write(t, h.body, fmt.Sprintf("{ \"id\":\"evt_1\", \"event_id\":\"evt_1\", "+
		"\"event\":{\"id\":\"e\"},\n\"webhookTimestamp\":%d, \"text\":\"caf\u00e9 \\u00e9\" }\r\n", time.Now().UnixMilli()))
	return h
}

// barb runs the binary with a key in SECRET.
func (h hook) barb(t *testing.T, key string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), barb, args...)
	cmd.Env = append(environment(t), "SECRET="+key)
	var out, err bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &err
	_ = cmd.Run()
	return out.String(), err.String(), cmd.ProcessState.ExitCode()
}

// headers signs the body at a time and returns the file with the headers.
func (h hook) headers(t *testing.T, at string) string {
	t.Helper()
	out, stderr, code := h.barb(t, h.keys.signing, "sign", h.body, "-s", h.scheme, "--secret", "env:SECRET", "--timestamp",
		at, "--id", "msg_1", "--url", publicURL)
	if code != 0 {
		t.Fatalf("barb sign: %d\n%s", code, stderr)
	}
	path := filepath.Join(h.dir, "headers-"+at)
	write(t, path, out)
	return path
}

// emit writes the receiver with the hook as its vector, and returns its folder and file.
func (h hook) emit(t *testing.T, r emitted, headers string) (dir, file string) {
	t.Helper()
	source, stderr, code := h.barb(t, h.keys.verifying, "verify", h.body, "-s", h.scheme, "--secret", "env:SECRET",
		"--headers", headers, "--url", publicURL, "--emit", r.framework)
	if code != 0 || stderr != "" {
		t.Fatalf("barb verify --emit %s: %d\n%s", r.framework, code, stderr)
	}
	dir = t.TempDir()
	file = filepath.Join(dir, r.file)
	write(t, file, source)
	return dir, file
}

// running is a running emitted receiver.
type running struct {
	url    string
	output *lines
}

// lines are the output of a process, counted while it runs.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, line)
}

// handled returns how often the receiver handled a webhook.
func (l *lines) handled() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, line := range l.all {
		if strings.Contains(line, "received ") {
			n++
		}
	}
	return n
}

func serve(t *testing.T, cmd *exec.Cmd, h hook) running {
	t.Helper()
	cmd.Env = append(environment(t), "SECRET="+h.keys.verifying, "WEBHOOK_URL="+publicURL, "PORT=0",
		"WEBHOOK_DB="+filepath.Join(h.dir, "seen.db"))
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	hung := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() }) // ends the read below
	said := &lines{}
	port := make(chan string, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(port)
		for scanner := bufio.NewScanner(stdout); scanner.Scan(); {
			said.add(scanner.Text())
			if p, ok := announced(scanner.Text()); ok {
				port <- p
			}
		}
	}()
	t.Cleanup(func() {
		hung.Stop()
		_ = cmd.Process.Kill()
		<-done
		_ = cmd.Wait()
	})
	p, ok := <-port
	if !ok {
		t.Fatalf("%s did not say its port:\n%s", strings.Join(cmd.Args, " "), strings.Join(said.all, "\n"))
	}
	return running{url: "http://127.0.0.1:" + p + "/webhooks/" + h.scheme, output: said}
}

// announced returns the port in "listening on port 3000" and in PHP's "(http://127.0.0.1:3000) started".
func announced(line string) (string, bool) {
	if port, ok := strings.CutPrefix(line, "listening on port "); ok {
		return port, true
	}
	_, after, _ := strings.Cut(line, "(http://127.0.0.1:")
	return strings.CutSuffix(after, ") started")
}

func TestEmittedReceiversJudgeWhatBarbSends(t *testing.T) {
	for _, r := range emittedReceivers() {
		for _, scheme := range emittedSchemes() {
			t.Run(r.framework+"/"+scheme, func(t *testing.T) {
				t.Parallel() // mostly waits for disks and processes
				h := newHook(t, scheme)
				good := h.headers(t, "now")
				dir, file := h.emit(t, r, good)
				server := serve(t, r.command(t, dir, file), h)
				judgeHook(t, h, server, good)
			})
		}
	}
}

// judgeHook sends a webhook, a duplicate, and requests that must be refused.
func judgeHook(t *testing.T, h hook, server running, good string) {
	t.Helper()
	tampered := filepath.Join(h.dir, "tampered")
	body, err := os.ReadFile(h.body)
	if err != nil {
		t.Fatal(err)
	}
	write(t, tampered, strings.Replace(string(body), "evt_1", "evt_2", 2))
	send := func(what, want string, args ...string) {
		t.Helper()
		out, stderr, _ := h.barb(t, h.keys.signing,
			append([]string{"send", server.url, "--retries", "0", "--jq", ".status_code"}, args...)...)
		if strings.TrimSpace(out) != want {
			t.Errorf("%s: answer %q, want %s\n%s\n%s", what, out, want, stderr, strings.Join(server.output.all, "\n"))
		}
	}
	if h.scheme == "square" { // its signed URL is not the called one
		send("good", "200", "-d", "@"+h.body, "-H", "@"+good)
	} else {
		send("good", "200", "-d", "@"+h.body, "-s", h.scheme, "--secret", "env:SECRET", "--id", "msg_1")
	}
	send("again", "200", "-d", "@"+h.body, "-H", "@"+good)
	if h.scheme != "gitlab" { // a token does not cover the body
		send("tampered", "401", "-d", "@"+tampered, "-H", "@"+good)
	}
	send("unsigned", "401", "-d", "@"+h.body)
	send("another secret", "401", "-d", "@"+h.body, "-s", h.scheme, "--secret", otherSecret(h.scheme), "--id", "msg_2")
	if slices.Contains([]string{"stripe", "standard-webhooks", "slack", "discord"}, h.scheme) {
		send("stale", "401", "-d", "@"+h.body, "-H", "@"+h.headers(t, "1700000000"))
	}
	if n := server.output.handled(); n != 1 && h.scheme != "slack" || n == 0 {
		t.Errorf("handled %d times, want once\n%s", n, strings.Join(server.output.all, "\n"))
	}
}

func otherSecret(scheme string) string {
	if scheme == "discord" {
		return strings.Repeat("09", ed25519.SeedSize)
	}
	return "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
}

// Emitted code that runs without serving checks the webhook that it was made from.
func TestEmittedReceiversCheckTheirOwnVector(t *testing.T) {
	checks := map[string]func(file string) []string{
		"express": func(file string) []string { return []string{"node", file, "check"} },
		"fastify": func(file string) []string { return []string{"node", file, "check"} },
		"flask":   func(file string) []string { return []string{"/usr/bin/python3", file} },
		"django":  func(file string) []string { return []string{"/usr/bin/python3", file} },
		"fastapi": func(file string) []string { return []string{"/usr/bin/python3", file} },
		"go":      func(file string) []string { return []string{"go", "run", file, "check"} },
		"php":     func(file string) []string { return []string{"php", file, "check"} },
	}
	for _, r := range emittedReceivers() {
		args, ok := checks[r.framework]
		if !ok {
			continue
		}
		for _, scheme := range []string{"stripe", "discord", "square"} {
			t.Run(r.framework+"/"+scheme, func(t *testing.T) {
				t.Parallel()
				h := newHook(t, scheme)
				dir, file := h.emit(t, r, h.headers(t, "now"))
				if strings.HasSuffix(file, ".mjs") {
					link(t, dir)
				}
				for key, want := range map[string]bool{h.keys.verifying: true, strings.Repeat("1f", 32): false} {
					a := args(file)
					cmd := exec.CommandContext(t.Context(), a[0], a[1:]...)
					cmd.Env = append(os.Environ(), "SECRET="+key)
					if out, err := cmd.CombinedOutput(); (err == nil) != want {
						t.Errorf("%s: %v, want good %t\n%s", strings.Join(a, " "), err, want, out)
					}
				}
			})
		}
	}
}
