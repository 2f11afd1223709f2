package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A program inherits the slack of the thread that starts it (prctl(2)), so the program of a secret knows it.
func TestTimersOfWhoSendsOrReceivesManyAreSlack(t *testing.T) {
	t.Parallel()
	const tell = "cmd:cat /proc/self/timerslack_ns > slack; echo a secret of the tests"
	dir, e := t.TempDir(), newEndpoint(t, func(*http.Request, int) {})
	config := filepath.Join(dir, "barb.toml")
	if err := os.WriteFile(config, []byte("[deliver]\nallow = ['"+tell+"']\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	secret := []string{"--config", config, "-s", "github", "--secret", tell}
	runBarb(t, dir, append([]string{"send", e.url, "-d", "{}", "--queue"}, secret...)...)
	for _, c := range []struct {
		args []string
		want bool
	}{
		{append([]string{"send", e.url, "-d", "{}"}, secret...), true},
		{append([]string{"send", e.url, "-d", "{}", "-n", "1", "--rate=10/s"}, secret...), false},
		{[]string{"deliver", "--drain", "--config", config}, true},
		{append([]string{"sign", "-d", "{}"}, secret...), false},
		{append([]string{"listen", "--addr", "127.0.0.1:0", "--for", "1ms"}, secret...), true},
	} {
		_ = os.Remove(filepath.Join(dir, "slack"))
		cmd, said := barb(t, dir, c.args...)
		_ = cmd.Run() // a listener that nobody reaches ends with an error
		slack, err := os.ReadFile(filepath.Join(dir, "slack"))
		if err != nil {
			t.Fatalf("barb %s: %v\n%s", strings.Join(c.args, " "), err, said)
		}
		if got := strings.TrimSpace(string(slack)); (got == "500000") != c.want {
			t.Errorf("barb %s has a slack of %s ns", c.args[0], got)
		}
	}
}
