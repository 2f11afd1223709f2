package conformance

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// routingRecord is the file in which barb's own tests find the spellings of a path that each router passes to the
// handler of /stripe.
const routingRecord = "../listen/route/testdata/routers.txt"

// routers returns apps with a handler of POST /stripe and one of the paths below it.
func routers() []receiver {
	const dir = "receivers/routers"
	script := func(name string, args ...string) receiver {
		return receiver{name, func(t *testing.T) *exec.Cmd {
			if args[0] == "node" {
				npmInstall(t, dir)
			}
			cmd := exec.Command(args[0], append(args[1:], name)...)
			cmd.Dir = dir
			return cmd
		}}
	}
	var all []receiver
	for _, name := range []string{"express4", "express5", "fastify4", "fastify5", "fastify5-lenient",
		"koa", "hono", "node"} {
		all = append(all, script(name, "node", "server.mjs"))
	}
	for _, name := range []string{"flask", "django"} {
		all = append(all, script(name, "/usr/bin/python3", "app.py"))
	}
	return append(all, receiver{"nethttp", func(t *testing.T) *exec.Cmd {
		binary := filepath.Join(t.TempDir(), "routers")
		if out, err := exec.Command("go", "build", "-o", binary, "./"+dir+"/nethttp").CombinedOutput(); err != nil {
			t.Fatalf("go build: %v\n%s", err, out)
		}
		return exec.Command(binary)
	}})
}

// spellings returns request targets that some app might take for /stripe, and some that no app should.
func spellings() []string {
	before := []string{"", "/", "//", "/.", "/x/..", "/x/%2e%2e", "/%2e", "/;x", "/..;", `\`, `/\`, "//h", "//h/x/..",
		"/%2f", "/%5c", "/x%2f..", "/x%5c..", "/x/%252e%252e",
		"/#", "/?", "http://h", "http://h/", "HTTP://H", "http://h/x/..", `http://h\`, "http://h?", "/x;/..", `/x\..`, "/%00",
		"/stripe/..", "/%61"}
	path := []string{"/stripe", "/STRIPE", "/%73tripe", "/%53TRIPE", "/%2573tripe", "/str%69pe", "/str%2569pe",
		"/s%74%72ip%65", "/\u017ftripe", "/%C5%BFtripe", "/\xc1\xb3tripe", "/%c1%b3tripe",
		"/str\u0130pe", "/str%C4%B0pe", "/%u0073tripe", "/stripes", "/strip", "/str%00ipe", "/str\\ipe",
		"/%zzstripe", "/\uff0fstripe"}
	after := []string{"", "/", "//", "/.", "/..", "/../free", "/a", "/a/../..", "/%2e%2e/free", "#", "#x", "#/../free",
		"?", "?x=1", "?/../free", ";", ";x", ";x/../free", ";/../free", ";?x", "/;x", "/..;/free", "%23x",
		"%3fx", "%3bx", "%2f", "%2fa", "%2f..%2ffree", "%5c", `\`, `\a`, `\..\free`, "%00", "%00x", "%20", "%09", "%0a",
		"%zz", "/%zz", "%", ".", "%2e", ".json", "+", "*", "%c0%af", "%25", "/%252e%252e/free", "&x", "=", "~", "@h", ":80"}
	var all []string
	add := func(target string) {
		if !slices.Contains(all, target) {
			all = append(all, target)
		}
	}
	for _, b := range before {
		for _, p := range path {
			add(b + p)
		}
		for _, a := range []string{"", "/", "#x", ";x", "/../free", "%3bx"} {
			add(b + "/stripe" + a)
		}
	}
	for _, a := range after {
		for _, p := range []string{"/stripe", "/STRIPE", "//stripe", "http://h/stripe"} {
			add(p + a)
		}
	}
	return all
}

// handed reports whether one of the app's handlers for /stripe answers a target as barb forwards it: without the
// authority of the absolute form.
func handed(t *testing.T, app, target string) bool {
	t.Helper()
	if scheme, rest, ok := strings.Cut(target, "://"); ok && strings.EqualFold(scheme, "http") {
		i := strings.IndexAny(rest, "/?")
		switch {
		case i < 0:
			target = "/"
		case rest[i] == '?':
			target = "/" + rest[i:]
		default:
			target = rest[i:]
		}
	}
	status, body := exchange(t, app, target)
	return status == http.StatusOK && (body == "exact" || body == "below")
}

// exchange sends a POST for a target unchanged and returns the response; status 0 means none.
func exchange(t *testing.T, app, target string) (status int, body string) {
	t.Helper()
	nc, err := net.Dial("tcp", strings.TrimPrefix(app, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(30 * time.Second))
	_, _ = fmt.Fprintf(nc,
		"POST %s HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}", target)
	response, err := http.ReadResponse(bufio.NewReader(nc), nil)
	if err != nil {
		return 0, ""
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(text)
}

// TestBarbChecksWhatRoutersHandToTheHandler sends every spelling of /stripe to every router, and then to barb: barb
// must check as /stripe, or refuse, every spelling that a router passes to the handler of /stripe.
func TestBarbChecksWhatRoutersHandToTheHandler(t *testing.T) {
	by := map[string][]string{}
	for _, r := range routers() {
		app := start(t, r)
		if !handed(t, app, "/stripe") || handed(t, app, "/free") {
			t.Fatalf("%s has no handler of /stripe, or one of all", r.name)
		}
		for _, target := range spellings() {
			if handed(t, app, target) {
				by[target] = append(by[target], r.name)
			}
		}
	}
	var record strings.Builder
	for _, target := range spellings() {
		fmt.Fprintf(&record, "%s\t%s\n", strconv.QuoteToASCII(target), strings.Join(by[target], " "))
	}
	checkRecord(t, record.String())
	barb := start(t, receiver{"barb listen", guardedStripe})
	for target, apps := range by {
		if status, _ := exchange(t, barb, target); status != http.StatusUnauthorized && status != http.StatusBadRequest {
			t.Errorf("%q is answered %d, and handed to the handler by %v", target, status, apps)
		}
	}
}

// guardedStripe returns barb listen with signatures required only at /stripe.
func guardedStripe(t *testing.T) *exec.Cmd {
	config := filepath.Join(t.TempDir(), "barb.toml")
	text := "[[route]]\npath = \"/stripe\"\nscheme = \"stripe\"\nsecret = \"env:SECRET\"\n[[route]]\npath = \"/\"\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return exec.Command(barb, "listen", "--addr", "127.0.0.1:0", "--config", config, "--jq",
		`select(.event == "listening") | .url`)
}

// checkRecord compares the routers' results with the record, or writes it with -update.
func checkRecord(t *testing.T, text string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(routingRecord, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	recorded, err := os.ReadFile(routingRecord)
	if err != nil {
		t.Fatal(err)
	}
	want, got := strings.Split(string(recorded), "\n"), strings.Split(text, "\n")
	for i := range max(len(want), len(got)) {
		if i >= len(want) || i >= len(got) || want[i] != got[i] {
			t.Fatalf("line %d of %s is another now (make conformance UPDATE=1 writes it anew)", i+1, routingRecord)
		}
	}
}
