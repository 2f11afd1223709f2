package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// Once a sender has its answer, another process finds that answer in the history, however the answer was made.
func TestAnAnswerIsInTheHistoryWhenItsSenderHasIt(t *testing.T) {
	t.Parallel()
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(3 * time.Millisecond) // it works a little
		w.WriteHeader(http.StatusCreated)
	}))
	t.Cleanup(app.Close)
	for name, flags := range map[string][]string{
		"kept":       nil,
		"refused":    {"-s", "github", "--secret", "env:WHSEC"},
		"forwarded":  {"--forward-to", app.URL},
		"queued":     {"--forward-to", app.URL, "--queue"},
		"acked":      {"--forward-to", app.URL, "--mode", "ack"},
		"scripted":   {"--respond", "201"},
		"delayed":    {"--respond", "201;delay=5ms"},
		"failing":    {"--fail-rate", "50%", "--latency", "1ms..5ms"},
		"left out":   {"--event", "invoice.*"},
		"by command": {"--exec", "true", "--exec-unverified"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			dir := t.TempDir()
			l := startListenerIn(t, dir, dir, []string{"WHSEC=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, flags...)
			history, err := store.OpenExisting(t.Context(), filepath.Join(dir, "history.db"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = history.Close() })
			for range 60 {
				status := answerTo(t, l.url)
				settled(t, history)
				for x, err := range history.List(t.Context(), store.Filter{Kind: record.Received, Limit: 1}) {
					if err != nil || x.Outcome() == record.Pending || x.Status() != status {
						t.Fatalf("its sender has %d, the history %d %s, %v", status, x.Status(), x.Outcome(), err)
					}
				}
			}
		})
	}
}

// settled waits, as each command that reads does, until the announced answers are there.
func settled(t *testing.T, history *store.Store) {
	t.Helper()
	for begun := time.Now(); time.Since(begun) < time.Minute; time.Sleep(time.Millisecond) {
		_, open, err := history.Unsettled(t.Context(), 0, begun.Add(-2*time.Second), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if open == 0 {
			return
		}
	}
	t.Fatal("an answer does not come")
}

// answerTo posts a webhook and returns the status of the answer.
func answerTo(t *testing.T, url string) int {
	t.Helper()
	response, err := http.Post(url, "application/json", strings.NewReader(`{"type":"ping"}`))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

func TestACommandSeesTheAnswerThatItsScriptHasJustGot(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := startListener(t, dir)
	for range 20 {
		answerTo(t, l.url)
		if said := runBarb(t, dir, "history", "-n", "1", "--jq", ".outcome"); said != "accepted\n" {
			t.Fatalf("barb history says %q", said)
		}
	}
}

// A webhook whose listener was killed before it answered has no answer in the history, and nobody waits for one long.
func TestAKillShowsNoAnswerThatWasNotGiven(t *testing.T) {
	t.Parallel()
	began := make(chan struct{})
	app := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else the end of the connection is not seen
		close(began)
		<-r.Context().Done()
	}))
	t.Cleanup(app.Close)
	dir := t.TempDir()
	l := startListener(t, dir, "--forward-to", app.URL)
	go func() {
		if response, err := http.Post(l.url, "application/json", strings.NewReader(`{}`)); err == nil {
			_ = response.Body.Close()
		}
	}()
	await(t, "the forward", began)
	l.kill(t)
	if said := runBarb(t, dir, "history", "--received", "--jq", ".outcome"); said != "pending\n" {
		t.Errorf("barb history says %q", said)
	}
}
