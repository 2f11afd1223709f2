//go:build linux

package soak

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
)

// A run of 30,000 messages is killed twelve times, each after a random number of further messages has arrived, and
// resumed: every message arrives under its id and is stored as delivered.
func TestARunThatIsKilledAgainAndAgainLosesNoMessage(t *testing.T) {
	const messages, kills, workers = 30_000, 12, 16
	var mu sync.Mutex
	arrived := map[string]int{}
	more := make(chan struct{}, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		arrived[r.Header.Get("Webhook-Id")]++
		select {
		case more <- struct{}{}:
		default:
		}
	}))
	defer server.Close()
	dir := t.TempDir()
	db := filepath.Join(dir, "history.db")
	sender := func(args ...string) (*exec.Cmd, *bytes.Buffer) {
		cmd := exec.Command(os.Getenv(program), append([]string{"send", "--db", db}, args...)...)
		said := &bytes.Buffer{}
		cmd.Dir, cmd.Stderr, cmd.Stdout = dir, said, said
		cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "WHSEC=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd, said
	}
	args := []string{server.URL, "-d", `{"type":"soak"}`, "-n", fmt.Sprint(messages), "--concurrency", fmt.Sprint(workers),
		"-s", "standard-webhooks", "--secret", "env:WHSEC"}
	killed := 0
	for kill := range kills {
		enough := kill*messages/kills + 1 + rand.IntN(messages/kills/2)
		cmd, _ := sender(args...)
		waitForArrivals(t, more, func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(arrived) >= enough
		})
		_ = cmd.Process.Kill()
		if err := cmd.Wait(); err != nil {
			killed++
		}
		args = []string{"--resume", "1"}
	}
	cmd, said := sender(args...)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	twice := 0
	for _, n := range arrived {
		twice += n - 1
	}
	delivered := deliveredIDs(t, db)
	t.Logf("%d kills, %d messages came again\n%s", killed, twice, said)
	if len(arrived) != messages || len(delivered) != messages || killed < kills {
		t.Errorf("%d messages arrived and %d are delivered of %d, after %d kills", len(arrived),
			len(delivered), messages, killed)
	}
	for id := range arrived {
		if !delivered[id] {
			t.Errorf("%s arrived and is not in the history", id)
			break
		}
	}
}

// waitForArrivals returns when enough says so; it asks after each message that arrives.
func waitForArrivals(t *testing.T, more <-chan struct{}, enough func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	for !enough() {
		select {
		case <-more:
		case <-deadline:
			t.Fatal("the messages stopped arriving")
		}
	}
}

func deliveredIDs(t *testing.T, db string) map[string]bool {
	t.Helper()
	history, err := store.OpenExisting(context.Background(), db)
	if err != nil {
		t.Fatal(err)
	}
	defer history.Close()
	ids := map[string]bool{}
	for x, err := range history.List(context.Background(), store.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if x.Status() == http.StatusOK {
			ids[x.WebhookID] = true
		}
	}
	return ids
}
