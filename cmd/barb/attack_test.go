package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// What can be read in two ways is answered 400 or cut off: it reaches neither the app nor the history, and what hides
// behind it is no request of its own.
func TestSmugglingReachesNeitherTheAppNorTheHistory(t *testing.T) {
	t.Parallel()
	var reached atomic.Int64
	app := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		reached.Add(1)
		t.Errorf("the app got %s %s", r.Method, r.URL)
	}))
	defer app.Close()
	b := newBarb(t)
	address, stop := b.listen(t, "--forward-to", app.URL)
	post, hidden := "POST / HTTP/1.1\r\nHost: h\r\n", "GET /hidden HTTP/1.1\r\nHost: h\r\n\r\n"
	for name, request := range map[string]string{
		"length and chunks":        post + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX",
		"chunks and length":        post + "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nX",
		"two lengths":              post + "Content-Length: 0\r\nContent-Length: 40\r\n\r\n",
		"two equal lengths":        post + "Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
		"a list of lengths":        post + "Content-Length: 0, 40\r\n\r\n",
		"a signed length":          post + "Content-Length: +0\r\n\r\n",
		"a negative length":        post + "Content-Length: -1\r\n\r\n",
		"an odd coding":            post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
		"chunked, then another":    post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
		"a coding after a tab":     post + "Transfer-Encoding:\tchunked\x0b\r\n\r\n0\r\n\r\n",
		"bare line feeds":          "POST / HTTP/1.1\nHost: h\nContent-Length: 0\n\n",
		"one bare line feed":       post + "X: y\nContent-Length: 40\r\n\r\n",
		"a bare carriage return":   post + "X: y\rContent-Length: 40\r\n\r\n",
		"space before the colon":   post + "Content-Length : 40\r\n\r\n",
		"a folded line":            post + "X: y\r\n Content-Length: 40\r\n\r\n",
		"NUL":                      post + "X: y\x00\r\n\r\n",
		"a chunk size of two ways": post + "Transfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n",
		"a chunk size that ends":   post + "Transfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n",
		"chunks in HTTP/1.0":       "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"two Hosts":                post + "Host: other\r\n\r\n",
	} {
		nc, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_ = nc.SetDeadline(time.Now().Add(10 * time.Second))
		_, _ = io.WriteString(nc, request+hidden)
		_ = nc.(*net.TCPConn).CloseWrite()
		got, err := io.ReadAll(nc)
		_ = nc.Close()
		if n := strings.Count(string(got), "HTTP/1.1 "); err != nil || n != 1 ||
			!strings.HasPrefix(string(got), "HTTP/1.1 400") && !strings.HasPrefix(string(got), "HTTP/1.1 501") {
			t.Errorf("%s: answered %q, %v", name, got, err)
		}
	}
	stop()
	if got := b.run(t, 0, "history", "-n", "0", "--jq", ".id"); got != "" || reached.Load() != 0 {
		t.Errorf("the history has %q, %d reached the app", got, reached.Load())
	}
}

// What a sender writes into a request stays where it wrote it: the app gets one request, with the same values in it.
func TestNothingInARequestBecomesAHeaderOfTheForward(t *testing.T) {
	t.Parallel()
	b := newBarb(t)
	app, capture := newCapturer(t)
	address, stop := b.listen(t, "--forward-to", app)
	for name, request := range map[string]string{
		"escapes in the target": "POST /%0d%0aX-Evil:%201%0d%0a%0d%0aGET%20/ HTTP/1.1\r\n" +
			"Host: h\r\nContent-Length: 0\r\n\r\n",
		"Unicode line ends": "POST /\xe2\x80\xa8X-Evil:1 HTTP/1.1\r\nHost: h\r\n" +
			"X-A: a\xe2\x80\xa8X-Evil: 1\xc2\x85X-Evil: 1\r\nContent-Length: 0\r\n\r\n",
		"characters whose lowest byte is a line feed": "POST / HTTP/1.1\r\nHost: h\r\nX-A: a\xc4\x8d\xc4\x8aX-Evil: 1\r\n" +
			"Content-Length: 0\r\n\r\n",
		"escapes in values": "POST / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 1%0d%0aX-Evil: 1\\r\\nX-Evil: 1\r\n" +
			"Content-Length: 0\r\n\r\n",
		"Connection names framing": "POST / HTTP/1.1\r\nHost: h\r\nConnection: content-length, host, x-forwarded-for\r\n" +
			"Content-Length: 0\r\n\r\n",
		"a trailer": "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Evil: 1\r\n" +
			"Content-Length: 40\r\n\r\n",
	} {
		captured := capture(1)
		nc, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_ = nc.SetDeadline(time.Now().Add(10 * time.Second))
		_, _ = io.WriteString(nc, request)
		forwarded := <-captured
		_ = nc.Close()
		evil := fmt.Sprint(strings.Count(forwarded, "\r\n\r\n"), strings.Contains(forwarded, "\nX-Evil"),
			strings.Count(forwarded, "\nHost: "), strings.Count(forwarded, "\nContent-Length: 0\r"))
		if evil != "1 false 1 1" {
			t.Errorf("%s: the app got %q", name, forwarded)
		}
	}
	stop()
}

// Forgeries that are as large as a webhook may be are seen in the history and do not fill the disk.
func TestForgeriesDoNotFillTheDisk(t *testing.T) {
	t.Parallel()
	for name, header := range map[string][2]string{
		"another secret's": {"X-Hub-Signature-256", "sha256=" + strings.Repeat("0", 64)},
		"no signature":     {"X-Other", "1"},
		"a malformed one":  {"X-Hub-Signature-256", "sha256=zz"},
	} {
		secret := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(secret, []byte("barb_test_secret_0123456789abcdef"), 0o600); err != nil {
			t.Fatal(err)
		}
		b := newBarb(t)
		address, stop := b.listen(t, "-s", "github", "--secret", "file:"+secret)
		body := bytes.Repeat([]byte("0123456789abcdef"), 10<<20/16)
		for range 5 {
			request, err := http.NewRequest(http.MethodPost, "http://"+address, bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set(header[0], header[1])
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if response.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s: answered %s", name, response.Status)
			}
		}
		stop()
		if got := b.run(t, 0, "history", "--jq", `.body_truncated`); got != strings.Repeat("true\n", 5) {
			t.Errorf("%s: the history has %q", name, got)
		}
		if info, err := os.Stat(filepath.Join(b.dir, "history.db")); err != nil || info.Size() > 2<<20 {
			t.Errorf("%s: 50 MiB of forgeries take %d bytes of disk", name, info.Size())
		}
	}
}

// A flood of what anybody can send neither makes the history much larger than max_size nor pushes out what is genuine:
// it can be shown, and --dedupe knows it after a restart.
func TestAFloodPushesNothingGenuineOut(t *testing.T) {
	t.Parallel()
	const key = "barb_test_secret_0123456789abcdef"
	body := `{"pad":"` + strings.Repeat("x", 500_000) + `"}`
	pad := "X-Pad: " + strings.Repeat("y", 50_000)
	for name, headers := range map[string][]string{
		"forgeries":               {"X-Hub-Signature-256: sha256=" + strings.Repeat("0", 64), pad},
		"without a signature":     {pad},
		"another's signature":     {"X-Hub-Signature-256: sha256=" + hmacOf("another", body), "X-GitHub-Delivery: 1", pad},
		"copies of a genuine one": {"X-Hub-Signature-256: sha256=" + hmacOf(key, body), "X-GitHub-Delivery: 3", pad},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int64
			app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				calls.Add(1)
				if r.Header.Get("X-GitHub-Delivery") == "2" {
					w.WriteHeader(http.StatusInternalServerError)
				}
			}))
			defer app.Close()
			b := newBarb(t)
			flags := []string{"-s", "github", "--secret", "file:" + b.write(t, "secret", key), "--dedupe",
				"--forward-to", app.URL,
				"--config", b.write(t, "own.toml", "[history]\nmax_size = \"4MB\"\n")}
			address, stop := b.listen(t, flags...)
			genuine := func(id, text string) int {
				return sendTo(t, address, "/", text, "X-GitHub-Delivery: "+id, "X-Hub-Signature-256: sha256="+hmacOf(key, text))
			}
			if a, f, c := genuine("1", "{}"), genuine("2", "{}"), genuine("3", body); a != 200 || f != 500 || c != 200 {
				t.Fatalf("answered %d, %d and %d", a, f, c)
			}
			most := int64(0)
			for range 80 {
				sendTo(t, address, "/", body, headers...)
				most = max(most, sizeOnDisk(b.dir))
			}
			stop()
			if most > 30<<20 {
				t.Errorf("44 MB were sent, the history took %d bytes", most)
			}
			address, stop = b.listen(t, flags...)
			if before := calls.Load(); genuine("1", "{}") != 200 || calls.Load() != before {
				t.Errorf("the app got what it had accepted again")
			}
			stop()
			b.run(t, 0, "show", "1")
			if got := b.run(t, 0, "history", "-n", "0", "--received", "--jq",
				"select(.status_code == 500) | .webhook_id"); got != "2\n" {
				t.Errorf("of what the app did not take the history has %q", got)
			}
		})
	}
}

// sizeOnDisk is what the history in a folder takes, its log included.
func sizeOnDisk(dir string) (n int64) {
	for _, name := range []string{"history.db", "history.db-wal"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil {
			n += info.Size()
		}
	}
	return n
}

// The page on security names every attack, and only tests that there are.
func TestTheSecurityPageNamesItsTests(t *testing.T) {
	page, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`\bTest[A-Z]\w+`)
	named := map[string]bool{}
	for _, test := range name.FindAllString(string(page), -1) {
		named[test] = true
	}
	var there []string
	for _, pattern := range []string{"attack*_test.go", "../../store/erase_test.go", "../../commands/web/*_test.go",
		"../../commands/web/markup/*_test.go", "../../commands/tui/*_test.go", "tui_page_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)`).FindAllStringSubmatch(string(text), -1) {
				if strings.Contains(pattern, "commands") || pattern == "tui_page_test.go" { // not all are attacks
					delete(named, m[1])
				} else {
					there = append(there, m[1])
				}
			}
		}
	}
	// no attacks
	helpers := map[string]bool{"TestTheSecurityPageNamesItsTests": true, "TestAFoundConfigurationOfOnesOwnIsUsed": true}
	for _, test := range there {
		if !named[test] && !helpers[test] {
			t.Errorf("docs/security.md does not name %s", test)
		}
		delete(named, test)
	}
	for test := range named {
		t.Errorf("docs/security.md names %s, which is not there", test)
	}
}
