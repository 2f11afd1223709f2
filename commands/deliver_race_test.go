package commands

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/commands/shell"
)

// Sixteen workers warn of short secrets while others say that an endpoint is paused. Under -race a print without the
// lock is found.
func TestWarningsOfManyWorkersAreWholeLines(t *testing.T) {
	const messages = 16
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
	}))
	defer refusing.Close()
	dir := t.TempDir()
	var complaints bytes.Buffer
	env := shell.Env{In: strings.NewReader(""), Out: io.Discard, Err: &complaints, Dir: dir, Now: time.Now,
		Getenv: func(string) string { return "" }, Rand: func() float64 { return 0.5 }, Interruptible: context.WithCancel}
	barb := func(args ...string) int {
		return Main(context.Background(), env, "test",
			append(args, "--config", os.DevNull, "--db", filepath.Join(dir, "history.db")))
	}
	for i := range messages {
		secret := filepath.Join(dir, fmt.Sprintf("secret%d", i))
		if err := os.WriteFile(secret, []byte("short"), 0o600); err != nil {
			t.Fatal(err)
		}
		if code := barb("send", refusing.URL, "-d", "{}", "--queue", "-s", "github", "--secret", "file:"+secret); code != 0 {
			t.Fatalf("send --queue ended with %d: %s", code, complaints.String())
		}
	}
	complaints.Reset()
	barb("deliver", "--once", "--per-endpoint", "16", "--breaker", "1/1ms")
	for line := range strings.Lines(complaints.String()) {
		if !strings.HasPrefix(line, "barb: ") || !strings.HasSuffix(line, "\n") {
			t.Errorf("a broken line: %q", line)
		}
	}
	if n := strings.Count(complaints.String(), "is shorter than 16 bytes"); n == 0 {
		t.Errorf("nobody was warned: %s", complaints.String())
	}
}
