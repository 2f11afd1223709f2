//go:build unix

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
	"syscall"
	"testing"
	"time"

	"github.com/barbhq/barb/commands/shell"
)

// The command of one endpoint's secret does not end before the other endpoint has its message.
func TestASlowSecretHoldsUpNoOtherEndpoint(t *testing.T) {
	dir := t.TempDir()
	secret, config := filepath.Join(dir, "secret"), filepath.Join(dir, "barb.toml")
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Error(err)
		}
	}
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer slow.Close()
	quick := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		write(secret, "sixteen bytes and more")
	}))
	defer quick.Close()
	var said bytes.Buffer
	env := shell.Env{In: strings.NewReader(""), Out: &said, Err: io.Discard, Dir: dir, Now: time.Now,
		Getenv: func(string) string { return "" }, Rand: func() float64 { return 0.5 }, Interruptible: context.WithCancel}
	barb := func(args ...string) {
		t.Helper()
		args = append(args, "--config", config, "--db", filepath.Join(dir, "history.db"))
		if code := Main(t.Context(), env, "test", args); code != 0 {
			t.Fatalf("%q ended with %d: %s", args, code, said.String())
		}
	}
	write(config, fmt.Sprintf("[deliver]\nallow = [\"cmd:cat %s\"]\n", secret))
	write(secret, "sixteen bytes and more")
	barb("send", slow.URL, "-d", "{}", "--queue", "-s", "github", "--secret", "cmd:cat "+secret)
	barb("send", quick.URL, "-d", "{}", "--queue")
	if err := os.Remove(secret); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(secret, 0o600); err != nil { // cat waits until somebody writes
		t.Fatal(err)
	}
	said.Reset()
	barb("deliver", "--drain", "--concurrency", "1")
	at := func(url string) int { return strings.Index(said.String(), strings.TrimPrefix(url, "http://")) }
	quickly, slowly := at(quick.URL), at(slow.URL)
	if quickly < 0 || slowly < quickly {
		t.Errorf("delivered in this order:\n%s", said.String())
	}
}
