//go:build unix

package main

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/barbhq/barb/store"
)

// staller takes down the id and body of everything it gets. From number stall on it answers nothing until released.
type staller struct {
	*httptest.Server
	mu      sync.Mutex
	got     []string // "id body"
	stall   int
	stalled chan struct{} // closed when the first one hangs
	once    sync.Once
	release chan struct{}
}

func newStaller(t *testing.T, stall int) *staller {
	e := &staller{stall: stall, stalled: make(chan struct{}), release: make(chan struct{})}
	e.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		e.mu.Lock()
		h := r.Header
		id := cmp.Or(h.Get("Webhook-Id"), h.Get("X-Shopify-Webhook-Id")+h.Get("X-Shopify-Triggered-At")+
			h.Get("X-Shopify-Event-Id"))
		e.got = append(e.got, id+" "+string(body))
		n := len(e.got)
		e.mu.Unlock()
		if e.stall > 0 && n >= e.stall {
			e.once.Do(func() { close(e.stalled) })
			select {
			case <-e.release:
			case <-r.Context().Done():
			}
		}
	}))
	t.Cleanup(e.Close)
	return e
}

func (e *staller) all() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.got)
}

// workshop is a folder with a history in which barb is run.
type workshop struct {
	t   *testing.T
	dir string
}

func newWorkshop(t *testing.T) *workshop {
	w := &workshop{t, t.TempDir()}
	self, err := os.Executable()
	if err == nil {
		err = os.Symlink(self, filepath.Join(w.dir, "barb"))
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// events writes a file with one event a line.
func (w *workshop) events(name string, n int) {
	var lines bytes.Buffer
	for i := range n {
		fmt.Fprintf(&lines, "{\"n\":%d}\n", i+1)
	}
	if err := os.WriteFile(filepath.Join(w.dir, name), lines.Bytes(), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// started is a running barb and what it has written.
type started struct {
	*exec.Cmd
	out, err bytes.Buffer
}

func (w *workshop) start(args ...string) *started {
	w.t.Helper()
	p := &started{Cmd: exec.Command(filepath.Join(w.dir, "barb"), args...)}
	p.Dir, p.Stdout, p.Stderr = w.dir, &p.out, &p.err
	p.Env = append(os.Environ(), "HOME="+w.dir, "BARB_DB="+w.db(), "XDG_CONFIG_HOME="+w.dir,
		"WHSEC=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err := p.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = p.Process.Kill() })
	return p
}

func (w *workshop) db() string { return filepath.Join(w.dir, "history.db") }

// ends waits for the end of a process and returns its exit code, -1 after a signal.
func (w *workshop) ends(p *started) int {
	w.t.Helper()
	_ = p.Wait() // its exit code says more
	return p.ProcessState.ExitCode()
}

// run runs barb to its end, which must have this exit code.
func (w *workshop) run(code int, args ...string) *started {
	w.t.Helper()
	p := w.start(args...)
	if got := w.ends(p); got != code {
		w.t.Fatalf("barb %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, code, &p.out, &p.err)
	}
	return p
}

// sent is everything the history says was sent, as "id kind-of-failure".
func (w *workshop) sent() (all []string) {
	history, err := store.OpenExisting(w.t.Context(), w.db())
	if err != nil {
		w.t.Fatal(err)
	}
	defer history.Close()
	for x, err := range history.List(w.t.Context(), store.Filter{OldestFirst: true}) {
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, x.WebhookID+" "+string(x.FailureKind()))
	}
	return all
}

func await(t *testing.T, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(30 * time.Second):
		t.Fatalf("%s did not happen", what)
	}
}

// distinct are the different entries, and how many came twice.
func distinct(all []string) (different []string, twice int) {
	sorted := slices.Sorted(slices.Values(all))
	different = slices.Compact(slices.Clone(sorted))
	return different, len(sorted) - len(different)
}

func TestAnInterruptedRunGoesOnWhereItStopped(t *testing.T) {
	for name, flags := range map[string][]string{"in order": {}, "shuffled, and some twice": {"--shuffle", "--duplicate",
		"10%", "--rate", "5000/s"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, e := newWorkshop(t), newStaller(t, 40)
			w.events("events.ndjson", 100)
			places := 100
			if len(flags) > 0 {
				places = 110
			}
			p := w.start(append([]string{"send", e.URL, "-d", "@events.ndjson", "-s", "standard-webhooks", "--secret",
				"env:WHSEC", "--concurrency", "4"}, flags...)...)
			await(t, "the stall", e.stalled)
			if err := p.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			if code := w.ends(p); code != 130 {
				t.Fatalf("exit code %d\n%s%s", code, &p.out, &p.err)
			}
			said := regexp.MustCompile(`(?m)^delivered +(\d+) of `).FindStringSubmatch(p.out.String())
			if !strings.Contains(p.err.String(), "resume with: barb send --resume 1\n") || said == nil {
				t.Fatalf("%s%s", &p.out, &p.err)
			}
			delivered, _ := strconv.Atoi(said[1])
			interrupted := 0
			for _, line := range w.sent() {
				if strings.HasSuffix(line, " interrupted") {
					interrupted++
				}
			}
			before := len(e.all())
			if delivered+interrupted != len(w.sent()) || interrupted == 0 || interrupted > 4 {
				t.Errorf("%d delivered, %d interrupted, %d recorded", delivered, interrupted, len(w.sent()))
			}
			close(e.release)
			again := w.run(0, "send", "--resume", "1")
			if want := fmt.Sprintf("%d of %d\n", places-delivered, places-delivered); !strings.Contains(
				again.out.String(), want) {
				t.Errorf("want %s%s", want, &again.out)
			}
			different, twice := distinct(e.all())
			if len(different) != 100 || twice != before-delivered+places-100 {
				t.Errorf("%d different messages arrived and %d twice; %d had arrived and were not answered", len(different),
					twice, before-delivered)
			}
			if done := w.run(0, "send", "--resume", "1"); !strings.Contains(done.err.String(), "is complete") {
				t.Error(done.err.String())
			}
		})
	}
}

// What a kill cuts off is sent again under the same id, and nothing else is, but for what ended in the last moment.
func TestAKilledRunLosesNoMessage(t *testing.T) {
	t.Parallel()
	const messages, until = 400, 250
	w, e := newWorkshop(t), newStaller(t, until)
	p := w.start("send", e.URL, "-d", `{"n":1}`, "-n", fmt.Sprint(messages), "-s", "standard-webhooks", "--secret",
		"env:WHSEC", "--concurrency", "8")
	await(t, "the stall", e.stalled)
	w.until("what ended is written down", func() bool {
		r := w.history(1)
		return r.Next-int64(len(r.Open)) >= until-1
	})
	if err := p.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if code := w.ends(p); code != -1 {
		t.Fatalf("exit code %d", code)
	}
	recorded, under := len(w.sent()), len(e.all())-until+1
	if recorded != until-1 {
		t.Errorf("%d are recorded, %d had ended", recorded, until-1)
	}
	close(e.release)
	w.run(0, "send", "--resume", "@")
	different, twice := distinct(e.all())
	if len(different) != messages || twice != under {
		t.Errorf("%d different messages arrived, want %d; %d came twice, %d were under way", len(different),
			messages, twice, under)
	}
	kept, _ := distinct(w.sent())
	if len(kept) != messages {
		t.Errorf("%d different messages are in the history", len(kept))
	}
}

func (w *workshop) history(run int64) store.Run {
	history, err := store.OpenExisting(w.t.Context(), w.db())
	if err != nil {
		w.t.Fatal(err)
	}
	defer history.Close()
	r, err := history.GetRun(w.t.Context(), run)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *workshop) until(what string, is func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("not so after 30 s: %s", what)
		}
	}
}

// Two at once would send everything twice; what was not kept has to be said again; and what is sent must be the same.
func TestWhatCannotGoOnSaysSo(t *testing.T) {
	t.Parallel()
	w, e := newWorkshop(t), newStaller(t, 3)
	w.events("events.ndjson", 5)
	p := w.start("send", e.URL, "-d", "@events.ndjson", "-s", "standard-webhooks", "--secret",
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "--retries", "0", "--timeout", "10s")
	await(t, "the stall", e.stalled)
	secret := []string{"send", "--resume", "1", "--secret", "env:WHSEC"}
	if second := w.run(2, secret...); !strings.Contains(second.err.String(), "run 1 is already being sent") {
		t.Error(second.err.String())
	}
	_ = p.Process.Signal(os.Interrupt)
	if code := w.ends(p); code != 130 {
		t.Fatalf("exit code %d", code)
	}
	if !strings.Contains(p.err.String(), "resume with: barb send --resume 1 --secret …\n") {
		t.Error(p.err.String())
	}
	if raw, err := os.ReadFile(w.db()); err != nil || bytes.Contains(raw, []byte("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")) {
		t.Errorf("the secret is in the history, %v", err)
	}
	for want, args := range map[string][]string{
		"had a --secret whose value was not recorded": {"send", "--resume", "1"},
		"--count cannot change":                       {"send", "--resume", "1", "--secret", "env:WHSEC", "-n", "7"},
	} {
		if refused := w.run(2, args...); !strings.Contains(refused.err.String(), want) {
			t.Errorf("%v: %s", args, &refused.err)
		}
	}
	w.events("events.ndjson", 6)
	if changed := w.run(2, secret...); !strings.Contains(changed.err.String(), "has changed: @events.ndjson") {
		t.Error(changed.err.String())
	}
	w.events("events.ndjson", 5)
	close(e.release)
	w.run(0, secret...)
	if different, twice := distinct(e.all()); len(different) != 5 || twice != 1 {
		t.Errorf("%d different, %d twice", len(different), twice)
	}
}

// A header that authenticates the sender is in no history, neither as it was sent nor in the command line of its run.
func TestARunDoesNotRecordTheCredentialsInItsHeaders(t *testing.T) {
	t.Parallel()
	for name, flag := range map[string][]string{
		"header": {"-H", "Authorization: Bearer a-token-of-mine"},
		"user":   {"-u", "me:a-token-of-mine"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, e := newWorkshop(t), newStaller(t, 3)
			w.events("events.ndjson", 5)
			p := w.start(append([]string{"send", e.URL, "-d", "@events.ndjson", "--retries", "0"}, flag...)...)
			await(t, "the stall", e.stalled)
			_ = p.Process.Signal(os.Interrupt)
			if code := w.ends(p); code != 130 {
				t.Fatalf("exit code %d", code)
			}
			if !strings.Contains(p.err.String(), "resume with: barb send --resume 1 --header …\n") {
				t.Error(p.err.String())
			}
			options := w.history(1).Options
			for _, hidden := range []string{"a-token-of-mine", base64.StdEncoding.EncodeToString([]byte("me:a-token-of-mine"))} {
				if strings.Contains(options, hidden) {
					t.Errorf("the run remembers %s", options)
				}
			}
			if refused := w.run(2, "send", "--resume", "1"); !strings.Contains(refused.err.String(), "had a --header") {
				t.Error(refused.err.String())
			}
			close(e.release)
			w.run(0, append([]string{"send", "--resume", "1"}, flag...)...)
			if different, _ := distinct(e.all()); len(different) != 5 {
				t.Errorf("%d different messages arrived", len(different))
			}
		})
	}
}

// What was typed goes before --as, and --as before barb.toml, also when the run goes on.
func TestAResumedRunSignsAsItBegan(t *testing.T) {
	for name, c := range map[string]struct{ file, scheme, want string }{
		"typed":     {want: "github", scheme: "github"},
		"barb.toml": {want: "stripe", file: "scheme = \"github\"\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, e := newWorkshop(t), newStaller(t, 4)
			if err := os.WriteFile(filepath.Join(w.dir, "barb.toml"), []byte(c.file), 0o600); err != nil {
				t.Fatal(err)
			}
			args := []string{"send", e.URL, "-n", "8", "--as", "stripe", "--secret", "env:WHSEC", "-d", "{}"}
			if c.scheme != "" {
				args = append(args, "-s", c.scheme)
			}
			p := w.start(args...)
			await(t, "the stall", e.stalled)
			if err := p.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			if code := w.ends(p); code != 130 {
				t.Fatalf("exit code %d\n%s%s", code, &p.out, &p.err)
			}
			close(e.release)
			w.run(0, "send", "--resume", "1")
			if got := w.schemes(); !slices.Equal(got, []string{c.want}) {
				t.Errorf("signed by %q, want %s alone", got, c.want)
			}
		})
	}
}

// schemes are the different schemes by which messages were signed.
func (w *workshop) schemes() (all []string) {
	history, err := store.OpenExisting(w.t.Context(), w.db())
	if err != nil {
		w.t.Fatal(err)
	}
	defer history.Close()
	for x, err := range history.List(w.t.Context(), store.Filter{}) {
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, x.Scheme)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
