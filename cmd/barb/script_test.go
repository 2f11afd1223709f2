package main

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	// Scripts wait for each other's processes most of the time: more of them at a time than there are processors.
	if err := flag.Set("test.parallel", strconv.Itoa(4*runtime.GOMAXPROCS(0))); err != nil {
		panic(err)
	}
	testscript.Main(withServer{m}, map[string]func(){"barb": func() { os.Exit(run()) }})
}

// The scripts are the commands as people type them, as real processes with real sockets and a history of their own.
func TestScripts(t *testing.T) {
	t.Parallel()
	params := scripts("file")
	params.Dir, params.Setup = "testdata/script", setup
	testscript.Run(t, params)
}

// scripts has the commands of the scripts, and the condition that tells where their history is: [file] or [!file].
func scripts(engine string) testscript.Params {
	where := func(name string) (bool, error) {
		if name != "file" {
			return false, fmt.Errorf("unknown condition [%s]", name)
		}
		return engine == name, nil
	}
	return testscript.Params{Condition: where, Cmds: map[string]func(*testscript.TestScript, bool, []string){
		"ready": ready, "app": app, "count": count, "ask": ask}}
}

// setup gives a script a home, a history and secrets of its own.
func setup(env *testscript.Env) error {
	for _, kv := range [][2]string{
		{"HOME", env.WorkDir}, {"XDG_DATA_HOME", env.WorkDir + "/data"}, {"XDG_CONFIG_HOME", env.WorkDir + "/config"},
		{"BARB_DB", env.WorkDir + "/history.db"}, {"HISTORY", env.WorkDir + "/history.db"}, {"NO_COLOR", "1"}, {"TZ", "UTC"},
		{"WHSEC", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, {"SECRET", "barb_test_secret_0123456789abcdef"},
		{"OTHER", "whsec_b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcg=="},
	} {
		env.Setenv(kv[0], kv[1])
	}
	return nil
}

// ready FILE NAME waits until a listener has written its ready file and puts the URL into a variable.
func ready(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) != 2 {
		ts.Fatalf("usage: ready FILE NAME")
	}
	path := ts.MkAbs(args[0])
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if data, err := os.ReadFile(path); err == nil && len(data) > 0 {
			ts.Setenv(args[1], strings.TrimSpace(string(data)))
			return
		}
	}
	ts.Fatalf("%s was not written", args[0])
}

// app NAME STATUS… starts a real HTTP server that answers with the statuses in turn, the last one repeating, puts its
// URL into a variable and keeps what it gets in NAME.1, NAME.2 …: the request line, the headers, the body.
func app(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) < 2 {
		ts.Fatalf("usage: app NAME STATUS…")
	}
	name, dir := args[0], ts.MkAbs(".")
	var mu sync.Mutex
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		status, err := strconv.Atoi(args[min(n+1, len(args)-1)])
		n++
		var head strings.Builder
		fmt.Fprintf(&head, "%s %s\nHost: %s\n", r.Method, r.RequestURI, r.Host)
		if writeErr := r.Header.Write(&head); err != nil || writeErr != nil {
			panic("app: bad status or header")
		}
		text := strings.ReplaceAll(head.String(), "\r\n", "\n") + "\n" + string(body)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s.%d", name, n)), []byte(text), 0o600); err != nil {
			panic(err)
		}
		w.Header().Set("X-App", name)
		if status == http.StatusTooManyRequests {
			w.Header().Set("Retry-After", "1")
		}
		w.WriteHeader(status)
		fmt.Fprintf(w, "answer %d of %s\n", n, name)
	}))
	ts.Defer(server.Close)
	ts.Setenv(name, server.URL)
}

// ask FILE METHOD URL [HEADERS [BODY]] sends a request as a provider does and writes what comes back into FILE: the
// status, the headers sorted, the body. HEADERS and BODY are files; - stands for none.
func ask(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) < 3 {
		ts.Fatalf("usage: ask FILE METHOD URL [HEADERS [BODY]]")
	}
	args = append(args, "-", "-")
	body := ""
	if args[4] != "-" {
		body = ts.ReadFile(args[4])
	}
	request, err := http.NewRequest(args[1], args[2], strings.NewReader(body))
	ts.Check(err)
	if args[3] != "-" {
		for line := range strings.Lines(ts.ReadFile(args[3])) {
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
			if name == "Host" {
				request.Host = value
			}
			request.Header.Add(name, value)
		}
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	ts.Check(err)
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	ts.Check(err)
	text := &strings.Builder{}
	fmt.Fprintf(text, "%d\n", response.StatusCode)
	ts.Check(response.Header.Write(text))
	got := strings.ReplaceAll(text.String(), "\r\n", "\n") + "\n" + string(said)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(got), 0o600))
}

// count N FILE|stdout TEXT: so many lines of it hold the text.
func count(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) != 3 {
		ts.Fatalf("usage: count N FILE TEXT")
	}
	got := 0
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		if strings.Contains(line, args[2]) {
			got++
		}
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("%d lines hold %q, want %s", got, args[2], args[0])
	}
}
