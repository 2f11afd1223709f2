package export_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
)

// Each program is run, and what it sends is compared with the recorded request.
func TestAProgramSendsTheRecordedBytes(t *testing.T) {
	t.Parallel()
	type arrival struct {
		*http.Request
		body []byte
	}
	arrivals := make(chan arrival, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		arrivals <- arrival{r, body}
		_, _ = io.WriteString(w, "seen")
	}))
	defer server.Close()
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	dir := t.TempDir()
	for name, c := range map[string]struct {
		file  string
		run   []string
		write func(*record.Request) string
	}{
		"fetch":  {"send.mjs", []string{"node"}, export.Fetch},
		"go":     {"send.go", []string{"go", "run"}, export.Go},
		"python": {"send.py", []string{"python3"}, export.Python},
	} {
		if _, err := exec.LookPath(c.run[0]); err != nil {
			t.Logf("no %s here", c.run[0])
			continue
		}
		for _, sent := range [][]byte{every,
			[]byte("{\"a\": \"d\u00e9j\u00e0 \u202e \U0001f389 \\\\ \\\" ${x} `y` %s'\"}\r\n"), {},
			[]byte("</script>\u2028\x7f")} {
			r := &record.Request{Method: "POST", URL: server.URL + "/in%20x?a=%27b%27&c=\"", Body: sent,
				Header: record.Header{{Name: "Host", Value: "other"}, {Name: "Content-Length", Value: "3"},
					{Name: "Content-Type", Value: "application/json"}, {Name: "X-Odd", Value: `a "b" \ 'c' ${d}`},
					{Name: "X-Latin", Value: "caf\xe9"}, {Name: "X-Two", Value: "1"}, {Name: "X-Two", Value: "2"}}}
			r.URL = strings.ReplaceAll(r.URL, `"`, "%22")
			file := filepath.Join(dir, c.file)
			if err := os.WriteFile(file, []byte(c.write(r)), 0o600); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			out, err := exec.CommandContext(ctx, c.run[0], append(c.run[1:], file)...).CombinedOutput()
			cancel()
			if err != nil || !strings.Contains(string(out), "200") || !strings.Contains(string(out), "seen") {
				t.Fatalf("%s: %v: %s\n%s", name, err, out, c.write(r))
			}
			got := <-arrivals // it has said that it was seen
			if !bytes.Equal(got.body, sent) || got.Method != http.MethodPost ||
				got.RequestURI != "/in%20x?a=%27b%27&c=%22" {
				t.Errorf("%s sent %q to %v, want %q", name, got.body, got.RequestURI, sent)
			}
			if two := strings.Join(got.Header.Values("X-Two"), ", "); two != "1, 2" || got.Header.Get("X-Odd") !=
				`a "b" \ 'c' ${d}` || got.Header.Get("X-Latin") != "caf\xe9" ||
				got.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%s sent %v", name, got.Header)
			}
			for _, c := range c.write(r) {
				if c > 0x7e || c < ' ' && c != '\n' && c != '\t' {
					t.Errorf("%s has the character %U", name, c)
				}
			}
		}
	}
}
