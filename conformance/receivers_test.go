// Package conformance has the providers' and the guides' own code judge what the built barb binary does. Nothing in it
// is part of the product, and none of its dependencies are.
package conformance

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

const secret = "barb_conformance_secret_0123456789"

// barb is the built binary.
var barb string

func TestMain(m *testing.M) {
	code, err := build(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		code = 1
	}
	os.Exit(code)
}

func build(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "barb-conformance-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	barb = filepath.Join(dir, "barb")
	cmd := exec.Command("go", "build", "-o", barb, "./cmd/barb")
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("go build: %w\n%s", err, out)
	}
	return m.Run(), nil
}

// receivers are the commands that start them. Each prints its URL on its first line.
var receivers = map[string]func(*testing.T) *exec.Cmd{
	"express": func(t *testing.T) *exec.Cmd {
		need(t, "node", "apt-get install nodejs npm")
		if _, err := os.Stat("receivers/express/node_modules/express"); err != nil {
			install := exec.Command("npm", "ci", "--no-audit", "--no-fund")
			install.Dir = "receivers/express"
			if out, err := install.CombinedOutput(); err != nil {
				t.Fatalf("npm ci: %v\n%s", err, out)
			}
		}
		cmd := exec.Command("node", "server.js")
		cmd.Dir = "receivers/express"
		return cmd
	},
	"flask": func(t *testing.T) *exec.Cmd {
		python := "/usr/bin/python3" // Debian's, which has python3-flask
		if exec.Command(python, "-c", "import flask").Run() != nil {
			t.Fatal("Flask is missing: apt-get install python3-flask")
		}
		return exec.Command(python, "receivers/flask/app.py")
	},
	"nethttp": func(t *testing.T) *exec.Cmd {
		binary := filepath.Join(t.TempDir(), "nethttp")
		if out, err := exec.Command("go", "build", "-o", binary, "./receivers/nethttp").CombinedOutput(); err != nil {
			t.Fatalf("go build: %v\n%s", err, out)
		}
		return exec.Command(binary)
	},
	"barb listen": func(t *testing.T) *exec.Cmd {
		config := filepath.Join(t.TempDir(), "barb.toml")
		routes := ""
		for _, scheme := range []string{"generic", "generic-ts"} {
			routes += fmt.Sprintf("[[route]]\npath = \"/%s\"\nscheme = \"%s\"\nsecret = \"env:SECRET\"\n", scheme, scheme)
		}
		if err := os.WriteFile(config, []byte(routes), 0o600); err != nil {
			t.Fatal(err)
		}
		return exec.Command(barb, "listen", "--json", "--jq", `select(.event=="listening") | .url`, "--addr", "127.0.0.1:0",
			"--config", config, "--db", filepath.Join(t.TempDir(), "history.db"))
	},
}

func need(t *testing.T, program, remedy string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Fatalf("%s is missing: %s", program, remedy)
	}
}

// start runs a receiver until the test ends and returns its URL.
func start(t *testing.T, name string) string {
	t.Helper()
	cmd := receivers[name](t)
	cmd.Env = append(os.Environ(), "SECRET="+secret)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
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
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		_ = cmd.Process.Kill()
		t.Fatalf("%s did not start: %v\n%s", name, err, complaints.String())
	}
	return strings.TrimSpace(line)
}

// run runs barb and returns its output and exit code.
func run(t *testing.T, stdin []byte, args ...string) (string, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, barb, args...)
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.Env = append(os.Environ(), "SECRET="+secret, "WRONG=another_secret_0123456789", "BARB_DB="+filepath.Join(t.TempDir(), "h.db"))
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

var bodies = map[string][]byte{
	"json":         []byte(`{"type":"invoice.paid"}`),
	"odd json":     []byte("{ \"a\" : \"caf\\u00e9 \xc3\xa9\", \"n\": 1.0, \"b\\/\": [ ] }\r\n"),
	"empty":        {},
	"binary":       {0, 1, 2, 0xff, 0xfe, '\r', '\n', 0},
	"form":         []byte("a=1&b=%20&a=2"),
	"one megabyte": bytes.Repeat([]byte("0123456789abcdef"), 1<<16),
}

// What barb send signs, every receiver accepts; what it signs with another secret, none does.
func TestReceiversAcceptWhatBarbSends(t *testing.T) {
	for name := range receivers {
		t.Run(name, func(t *testing.T) {
			base := start(t, name)
			for _, scheme := range []string{"generic", "generic-ts"} {
				for what, body := range bodies {
					args := []string{"send", base + "/" + scheme, "-d", "@-", "-s", scheme, "--secret", "env:SECRET", "--retries", "0"}
					if out, code := run(t, body, args...); code != 0 {
						t.Errorf("%s, %s: exit code %d\n%s", scheme, what, code, out)
					}
				}
				for why, args := range map[string][]string{
					"wrong secret": {"-s", scheme, "--secret", "env:WRONG"},
					"unsigned":     {},
				} {
					args = append([]string{"send", base + "/" + scheme, "-d", "{}", "--retries", "0"}, args...)
					if out, code := run(t, nil, args...); code != 1 || !strings.Contains(out, "401") {
						t.Errorf("%s, %s: exit code %d\n%s", scheme, why, code, out)
					}
				}
			}
		})
	}
}

// request is one to send to every receiver, which must all agree on it.
type request struct {
	what   string
	scheme string
	body   []byte
	header [][2]string
	valid  bool
	// lenient names receivers that take what the others refuse, each for the reason beside it.
	lenient map[string]string
}

// signature is what barb sign prints for a body, as a map of headers.
func signature(t *testing.T, scheme string, body []byte, more ...string) map[string]string {
	t.Helper()
	out, code := run(t, body, append([]string{"sign", "-s", scheme, "--secret", "env:SECRET"}, more...)...)
	if code != 0 {
		t.Fatalf("barb sign: exit code %d\n%s", code, out)
	}
	headers := map[string]string{}
	for line := range strings.Lines(out) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			t.Fatalf("barb sign printed %q", line)
		}
		headers[name] = value
	}
	return headers
}

func requests(t *testing.T) []request {
	body := bodies["odd json"]
	sig := signature(t, "generic", body)["X-Webhook-Signature"]
	one := func(value string) [][2]string { return [][2]string{{"X-Webhook-Signature", value}} }
	list := []request{
		{what: "valid", body: body, header: one(sig), valid: true},
		{what: "tampered body", body: append([]byte(" "), body...), header: one(sig)},
		{what: "last byte off", body: body[:len(body)-1], header: one(sig)},
		{what: "no signature", body: body},
		{what: "empty signature", body: body, header: one("")},
		{what: "cut short", body: body, header: one(sig[:62])},
		{what: "prefix only", body: body, header: one(sig[:8])},
		{what: "extended", body: body, header: one(sig + "00")},
		{what: "not hex", body: body, header: one(strings.Repeat("zz", 32))},
		{what: "with a prefix", body: body, header: one("sha256=" + sig)},
		{what: "upper case", body: body, header: one(strings.ToUpper(sig)),
			lenient: map[string]string{"nethttp": "decodes hex", "barb listen": "decodes hex: the same bytes are the same signature"}},
		{what: "good before bad", body: body, header: [][2]string{{"X-Webhook-Signature", sig}, {"X-Webhook-Signature", "00"}},
			lenient: map[string]string{"nethttp": "Header.Get takes the first field"}},
		{what: "bad before good", body: body, header: [][2]string{{"X-Webhook-Signature", "00"}, {"X-Webhook-Signature", sig}}},
	}
	for what, age := range map[string]time.Duration{"fresh": 0, "295 s old": -295 * time.Second, "305 s old": -305 * time.Second, "305 s ahead": 306 * time.Second} {
		at := strconv.FormatInt(time.Now().Add(age).Unix(), 10)
		h := signature(t, "generic-ts", body, "--timestamp", at)
		list = append(list, request{what: what, scheme: "generic-ts", body: body, valid: age.Abs() < 300*time.Second,
			header: [][2]string{{"X-Webhook-Timestamp", h["X-Webhook-Timestamp"]}, {"X-Webhook-Signature", h["X-Webhook-Signature"]}}})
	}
	h := signature(t, "generic-ts", body)
	list = append(list,
		request{what: "no timestamp", scheme: "generic-ts", body: body, header: [][2]string{{"X-Webhook-Signature", h["X-Webhook-Signature"]}}},
		request{what: "another timestamp", scheme: "generic-ts", body: body,
			header: [][2]string{{"X-Webhook-Timestamp", "1700000000"}, {"X-Webhook-Signature", h["X-Webhook-Signature"]}}},
		request{what: "no prefix", scheme: "generic-ts", body: body,
			header: [][2]string{{"X-Webhook-Timestamp", h["X-Webhook-Timestamp"]}, {"X-Webhook-Signature", strings.TrimPrefix(h["X-Webhook-Signature"], "sha256=")}}})
	return list
}

// What barb listen accepts is what the others would.
func TestBarbListenJudgesAsReceiversDo(t *testing.T) {
	for name := range receivers {
		t.Run(name, func(t *testing.T) {
			base := start(t, name)
			for _, r := range requests(t) {
				if r.scheme == "" {
					r.scheme = "generic"
				}
				_, lenient := r.lenient[name]
				want := r.valid || lenient
				if got := post(t, base, r); got != want {
					t.Errorf("%s, %s: accepted is %v, want %v", r.scheme, r.what, got, want)
				}
			}
		})
	}
}

func post(t *testing.T, base string, r request) bool {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/"+r.scheme, bytes.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range r.header {
		req.Header.Add(h[0], h[1])
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		t.Fatal(err)
	}
	switch answer.StatusCode {
	case http.StatusOK:
		return true
	case http.StatusUnauthorized:
		return false
	}
	t.Fatalf("%s: status %d", r.what, answer.StatusCode)
	return false
}
