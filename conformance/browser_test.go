package conformance

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// page sends webhooks as a page does that tries a receiver. Its last bodies are no text.
const page = `<!doctype html><title>webhooks</title><link rel="icon" href="data:,"><script type="module">
const post = (path, body, headers) => fetch(path, {method: 'POST', body, headers})
await post('/json', '{"type": "invoice.paid",\n  "who": "Zo\u00eb \ud83d\ude00 \u2028", "n": 1.0}\r\n',
  {'Content-Type': 'application/json', 'X-Signature': 'abc'})
await post('/form?x=1&x=%20', new URLSearchParams({payload: '{"a":1}', empty: '', n: 'a b&c=\u00e9'}))
await post('/empty', '')
await post('/binary', new Uint8Array([0, 255, 10, 13, 254, 128, 65]), {'Content-Type': 'application/octet-stream'})
window.done = true
</script>`

// kept is a receiver that keeps the bodies that it gets, by path and query.
type kept struct {
	mu     sync.Mutex
	bodies map[string]string
}

func (k *kept) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if r.Method == http.MethodGet {
		fmt.Fprint(w, page)
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.bodies[r.RequestURI] = string(body)
}

// TestTheHAROfABrowserIsReplayed has Chromium send webhooks from a page. Its HAR is imported and replayed: each body comes
// as the browser sent it. What the file lacks is said.
func TestTheHAROfABrowserIsReplayed(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("chromium"); err != nil {
		t.Fatal("chromium is missing: apt-get install chromium")
	}
	npmInstall(t, "../e2e")
	sent := &kept{bodies: map[string]string{}}
	server := httptest.NewServer(sent)
	defer server.Close()
	dir := t.TempDir()
	har, whole := filepath.Join(dir, "browser.har"), filepath.Join(dir, "whole.har")
	cmd := exec.CommandContext(t.Context(), "node", "../e2e/har.mjs", server.URL+"/", har, whole)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if len(sent.bodies) != 4 {
		t.Fatalf("the browser sent %q", sent.bodies)
	}
	imported(t, whole, sent.bodies, "")
	sent.bodies["/binary"] = "" // the driver leaves it out
	imported(t, har, sent.bodies, "not kept: the body has 0 bytes in the file, not 7 (1 webhook)")
}

// imported imports a HAR of a page and four webhooks, compares these with what was sent, and replays them.
func imported(t *testing.T, file string, sent map[string]string, lost string) {
	t.Helper()
	env := environment(t)
	if f := says(t, env, "import", "har", file); f.code != 0 || !strings.Contains(f.said, lost) ||
		lost == "" && strings.Contains(f.said, "not kept") {
		t.Fatalf("import: exit code %d\n%s", f.code, f.said)
	}
	for id, target := range map[string]string{"2": "/json", "3": "/form?x=1&x=%20", "4": "/empty", "5": "/binary"} {
		if body, code := runIn(t, env, nil, "show", id, "--body"); code != 0 || body != sent[target] {
			t.Errorf("%s: exit code %d, %q instead of %q", target, code, body, sent[target])
		}
	}
	again := &kept{bodies: map[string]string{}}
	server := httptest.NewServer(again)
	defer server.Close()
	if f := says(t, env, "replay", "2..5", "--to", server.URL); f.code != 0 {
		t.Fatalf("replay: exit code %d\n%s", f.code, f.said)
	}
	for target, body := range sent {
		if got, ok := again.bodies[target]; !ok || !bytes.Equal([]byte(got), []byte(body)) {
			t.Errorf("%s: %q was replayed instead of %q", target, got, body)
		}
	}
}
