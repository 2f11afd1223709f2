//go:build unix

package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// tokens is an app that notes which token it got with which webhook, once it is open.
type tokens struct {
	open atomic.Bool
	mu   sync.Mutex
	got  map[string]string // path → token
}

func (a *tokens) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !a.open.Load() {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.got[r.URL.Path+r.URL.RawQuery] = r.Header.Get("X-Gitlab-Token")
}

func (a *tokens) count(token string) (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, got := range a.got {
		if got == token {
			n++
		}
	}
	return n
}

func postToken(t *testing.T, url, token string) int {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, url, strings.NewReader(`{"object_kind":"push"}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Gitlab-Token", token)
	request.Header.Set("X-Gitlab-Event", "Push Hook")
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	return response.StatusCode
}

// A listener leaves a webhook whose secret it lacks to a listener that has the secret. It does not matter which of the
// two began first, or how many such webhooks come before its own.
func TestAWebhookWaitsForAListenerThatHasItsSecret(t *testing.T) {
	t.Parallel()
	const mine, theirs = "the-token-of-the-first-project", "the-token-of-the-second-project"
	for name, other := range map[string]struct{ env, flags []string }{
		"no secret":                   {nil, nil},
		"another secret":              {[]string{"OTHER=" + theirs}, []string{"-s", "gitlab", "--secret", "env:OTHER"}},
		"another secret of that name": {[]string{"TOKEN=" + theirs}, []string{"-s", "gitlab", "--secret", "env:TOKEN"}},
	} {
		for _, first := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, first %v", name, first), func(t *testing.T) {
				t.Parallel()
				dir, app := t.TempDir(), &tokens{got: map[string]string{}}
				server := httptest.NewUnstartedServer(app)
				var connected atomic.Int32
				server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
					switch state {
					case http.StateNew:
						connected.Add(1)
					case http.StateClosed:
						connected.Add(-1)
					}
				}
				server.Start()
				defer server.Close()
				common := []string{"--forward-to", server.URL, "--mode", "ack", "--ordered=false", "--retries", "1000", "--backoff",
					"constant", "--base", "200ms", "--jitter", "none", "--deadline", "10m", "--breaker", "off"}
				owner := func() *queuer {
					return startListenerIn(t, dir, dir, []string{"TOKEN=" + mine},
						append([]string{"-s", "gitlab", "--secret", "env:TOKEN"}, common...)...)
				}
				stranger := func() *queuer {
					return startListenerIn(t, dir, dir, other.env, append(slices.Clone(other.flags), common...)...)
				}
				var a, b *queuer
				if first {
					a, b = owner(), stranger()
				} else {
					b, a = stranger(), owner()
				}
				const n = 10
				for i := range n {
					if status := postToken(t, a.url+fmt.Sprintf("/mine?%d", i), mine); status != http.StatusOK {
						t.Fatalf("answered %d\n%s", status, a.out)
					}
				}
				a.kill(t)
				until(t, "what the killed one had sent is refused", 20*time.Second, func() bool { return connected.Load() == 0 })
				app.open.Store(true)
				if status := postToken(t, b.url+"/theirs", theirs); status != http.StatusOK {
					t.Fatalf("answered %d\n%s", status, b.out)
				}
				until(t, "its own is delivered", 30*time.Second, func() bool { return app.count(theirs) == 1 })
				until(t, "it says what it leaves", 30*time.Second,
					func() bool { return strings.Contains(b.out.String(), "left to another listener") })
				if got := entriesOf(t, dir, "--state", "waiting"); got != n || app.count(mine) != 0 {
					t.Errorf("%d of %d wait, %d were delivered", got, n, app.count(mine))
				}
				b.stop(t)
				if got := strings.Count(b.out.String(), "left to another listener"); got != 1 {
					t.Errorf("it was said %d times\n%s", got, b.out)
				}
				owner()
				until(t, "all are delivered", 30*time.Second, func() bool { return app.count(mine) == n })
				if dead := entriesOf(t, dir, "--state", "dead"); dead != 0 {
					t.Errorf("%d are dead", dead)
				}
			})
		}
	}
}

// What waits for a secret that this listener does not have, since it was rotated or is another project's, holds up no
// later webhook, also where one goes after the other.
func TestWhatNobodyCanDeliverHoldsUpNothing(t *testing.T) {
	t.Parallel()
	const before, now = "the-token-before-it-was-rotated", "the-token-that-is-used-now"
	for name, flags := range map[string][]string{
		"the same name":     {"--secret", "env:TOKEN", "--mode", "ack"},
		"a 202":             {"--secret", "env:TOKEN", "--queue"},
		"another name":      {"--secret", "env:NEW", "--mode", "ack"},
		"in order by a key": {"--secret", "env:TOKEN", "--mode", "ack", "--ordered=.object_kind"},
		"with a command":    {"--secret", "env:TOKEN", "--mode", "ack", "--exec", "true"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, app := t.TempDir(), &tokens{got: map[string]string{}}
			server := httptest.NewServer(app)
			defer server.Close()
			common := append([]string{"-s", "gitlab", "--forward-to", server.URL, "--retries", "1000", "--backoff", "constant",
				"--base", "100ms", "--jitter", "none", "--breaker", "off"}, flags...)
			first := startListenerIn(t, dir, dir, []string{"TOKEN=" + before, "NEW=" + before}, common...)
			for i := range 3 {
				if status := postToken(t, first.url+fmt.Sprintf("/before?%d", i), before); status/100 != 2 {
					t.Fatalf("answered %d\n%s", status, first.out)
				}
			}
			first.stop(t)
			app.open.Store(true)
			second := startListenerIn(t, dir, dir, []string{"TOKEN=" + now, "NEW=" + now}, common...)
			for i := range 3 {
				if status := postToken(t, second.url+fmt.Sprintf("/now?%d", i), now); status/100 != 2 {
					t.Fatalf("answered %d\n%s", status, second.out)
				}
			}
			until(t, "the new ones are delivered", 20*time.Second, func() bool { return app.count(now) == 3 })
			if n := entriesOf(t, dir, "--state", "waiting"); n != 3 || app.count(before) != 0 {
				t.Errorf("%d wait, %d were delivered", n, app.count(before))
			}
			second.stop(t)
			startListenerIn(t, dir, dir, []string{"TOKEN=" + before, "NEW=" + before}, common...)
			until(t, "the old ones are delivered", 30*time.Second, func() bool { return app.count(before) == 3 })
		})
	}
}

// stop ends a listener as ^C does and waits for it.
func (l *queuer) stop(t *testing.T) {
	t.Helper()
	if err := l.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = l.cmd.Wait()
}

// Commands wait for the listener whose commands they are: of its folder, its scheme, its checks, its arguments.
func TestCommandsAreRunByTheListenerTheyAreFor(t *testing.T) {
	t.Parallel()
	github := []string{"-s", "github", "--secret", "env:S"}
	for name, c := range map[string]struct {
		folders  [2]string
		flags    [2][]string
		post     [2]func(url string) int
		commands [2]string
	}{
		"another folder": {[2]string{"one", "two"}, [2][]string{github, github},
			[2]func(string) int{postGitHub, postGitHub}, [2]string{"./run", "./run"}},
		"another scheme": {[2]string{"one", "one"}, [2][]string{github, {"-s", "gitlab", "--secret", "env:S"}},
			[2]func(string) int{postGitHub, func(url string) int { return postToken(t, url, secretOfBoth) }},
			[2]string{"./run", "./run"}},
		"a listener unchecked": {[2]string{"one", "one"}, [2][]string{github, {"--exec-unverified"}},
			[2]func(string) int{postGitHub, func(url string) int { return post(url, "1", 10) }}, [2]string{"./run", "./run"}},
		"another script": {[2]string{"one", "one"}, [2][]string{github, github},
			[2]func(string) int{postGitHub, postGitHub}, [2]string{"sh -c 'exec ./run'", "sh -c 'exec ./run now'"}},
		"one more argument": {[2]string{"one", "one"}, [2][]string{github, github},
			[2]func(string) int{postGitHub, postGitHub}, [2]string{"sh run", "sh run --now"}},
		"other blanks": {[2]string{"one", "one"}, [2][]string{github, github}, [2]func(string) int{postGitHub, postGitHub},
			[2]string{"./run a b", "./run 'a b'"}},
	} {
		for _, order := range [][2]int{{0, 1}, {1, 0}} {
			t.Run(fmt.Sprint(name, order), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				var l [2]*queuer
				for _, folder := range c.folders {
					// A command waits until it is let go, so that those after it are there for whoever takes them.
					script := "#!/bin/sh\nuntil test -e ../go; do sleep 0.02; done\necho $PPID >> ../ran\n"
					_ = os.Mkdir(filepath.Join(dir, folder), 0o700)
					writeFile(t, filepath.Join(dir, folder, "run"), script, 0o700)
				}
				for _, i := range order {
					l[i] = startListenerIn(t, filepath.Join(dir, c.folders[i]), dir, []string{"S=" + secretOfBoth},
						append([]string{"--exec", c.commands[i], "--mode", "ack", "--ordered=false", "--exec-concurrency", "1"},
							c.flags[i]...)...)
				}
				const n = 5
				for range n {
					if status := c.post[0](l[0].url); status != http.StatusOK {
						t.Fatalf("answered %d\n%s", status, l[0].out)
					}
				}
				// The second one is idle: once it has run what is its own it has looked for more.
				if status := c.post[1](l[1].url); status != http.StatusOK {
					t.Fatalf("answered %d\n%s", status, l[1].out)
				}
				if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o600); err != nil {
					t.Fatal(err)
				}
				until(t, "all have run", 60*time.Second, func() bool { return lines(t, dir, "ran") == n+1 })
				data, err := os.ReadFile(filepath.Join(dir, "ran"))
				if err != nil {
					t.Fatal(err)
				}
				first, second := strconv.Itoa(l[0].cmd.Process.Pid), strconv.Itoa(l[1].cmd.Process.Pid)
				if got := strings.Fields(string(data)); times(got, first) != n || times(got, second) != 1 {
					t.Errorf("%s ran %d and %s ran %d: %v\n%s%s", first, times(got, first), second, times(got, second), got,
						l[0].out, l[1].out)
				}
			})
		}
	}
}

func times(list []string, word string) (n int) {
	for _, w := range list {
		if w == word {
			n++
		}
	}
	return n
}

const secretOfBoth = "a-secret-that-both-listeners-have"

// postGitHub sends a webhook that is signed as GitHub signs it.
func postGitHub(url string) int {
	const body = `{"ok":true}`
	mac := hmac.New(sha256.New, []byte(secretOfBoth))
	mac.Write([]byte(body))
	request, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return 0
	}
	request.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	return response.StatusCode
}

// A worker without the secret of a message, or without its key file, does not delay it for a worker that has the
// secret.
func TestAMessageIsNotPutOffByAWorkerThatCannotSignIt(t *testing.T) {
	t.Parallel()
	for name, secret := range map[string]string{"no variable": "env:MINE", "no file": "file:key",
		"another folder": "file:./key"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, app := t.TempDir(), newEndpoint(t, func(*http.Request, int) {})
			key := filepath.Join(dir, "key")
			if err := os.WriteFile(key, []byte(secretOfBoth), 0o600); err != nil {
				t.Fatal(err)
			}
			run := func(args ...string) string {
				cmd, said := barb(t, dir, args...)
				cmd.Env = append(cmd.Env, "MINE="+secretOfBoth)
				if err := cmd.Run(); err != nil {
					t.Errorf("%v: %v\n%s", args, err, said)
				}
				return said.String()
			}
			run("send", app.url, "-d", "{}", "-s", "github", "--secret", secret, "--queue")
			if err := os.Rename(key, key+".away"); err != nil {
				t.Fatal(err)
			}
			poor, said := barb(t, dir, "deliver", "--once")
			if err := poor.Run(); poor.ProcessState.ExitCode() != 2 {
				t.Errorf("it ends in %v\n%s", err, said)
			}
			if err := os.Rename(key+".away", key); err != nil {
				t.Fatal(err)
			}
			if text := run("deliver", "--once"); !strings.Contains(text, "1 delivered; nothing is waiting") {
				t.Errorf("%s\n%s", text, said)
			}
		})
	}
}
