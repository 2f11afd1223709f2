package flags_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
)

// parsed is a command with the flags that add adds, after it has read a command line.
func parsed(t *testing.T, add func(*cobra.Command), line ...string) *cobra.Command {
	t.Helper()
	cmd := &cobra.Command{Use: "barb"}
	add(cmd)
	if err := cmd.ParseFlags(line); err != nil {
		t.Fatalf("%v: %v", line, err)
	}
	return cmd
}

// refused checks that an error is one of the command line, and that it and its hints have all of the words.
func refused(t *testing.T, err error, words ...string) {
	t.Helper()
	f, ok := errors.AsType[*fail.Error](err)
	if !ok || f.Code != fail.ExitUsage {
		t.Errorf("%v is no error of the command line; want %q", err, words)
		return
	}
	text := strings.Join(append([]string{f.Error()}, f.Hints...), "\n")
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("%q lacks %q", text, word)
		}
	}
}

func names(prefix string, auto bool) []string {
	if auto {
		return []string{prefix + "auto"}
	}
	return []string{prefix + "github"}
}

func TestParametersOfTheCommandLineGoBeforeThoseOfTheRoute(t *testing.T) {
	t.Parallel()
	var f flags.Signing
	cmd := parsed(t, func(cmd *cobra.Command) { f.AddFlags(cmd, "a `scheme`, or auto", names) },
		"-s", "stripe", "--secret", "env:A", "--secret", "-", "--param", "a=1=2")
	got, err := f.ParamMap(&route.Route{Params: map[string]string{"a": "old", "b": "3"}})
	if diff := cmp.Diff(map[string]string{"a": "1=2", "b": "3"}, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	if f.Scheme != "stripe" || !slices.Equal(f.Secrets, []string{"env:A", "-"}) {
		t.Errorf("%+v", f)
	}
	if got := completed(t, cmd, "scheme", "x"); !slices.Equal(got, []string{"xauto"}) {
		t.Errorf("--scheme is completed as %q", got)
	}
	f.Params = []string{"=1"}
	_, err = f.ParamMap(nil)
	refused(t, err, `"=1" is not name=value`, "--param webhook_id=")
}

// completed returns the completions of a flag.
func completed(t *testing.T, cmd *cobra.Command, flag, prefix string) []string {
	t.Helper()
	values, ok := cmd.GetFlagCompletionFunc(flag)
	if !ok {
		t.Fatalf("--%s has no completions", flag)
	}
	got, _ := values(cmd, nil, prefix)
	return got
}

func TestCompletionsAreValuesOfTheirFlags(t *testing.T) {
	t.Parallel()
	for name, add := range map[string]func(*cobra.Command){
		"Retry":   new(flags.Retry).AddFlags,
		"Forward": new(flags.Forward).AddFlags,
		"Limits":  new(flags.Limits).AddFlags,
		"Queue":   new(flags.Queue).AddFlags,
		"Filter":  func(cmd *cobra.Command) { new(flags.Filter).AddFlags(cmd, names, func(string) []string { return nil }) },
		"Signing": func(cmd *cobra.Command) { new(flags.Signing).AddFlags(cmd, "a `scheme`", names) },
	} {
		cmd := parsed(t, add)
		tried := 0
		for _, flag := range []string{"backoff", "jitter", "schedule", "speed", "mode", "breaker", "state", "kind",
			"scheme", "marked", "secret"} {
			if cmd.Flag(flag) == nil {
				continue
			}
			for _, value := range completed(t, cmd, flag, "") {
				tried++
				if err := cmd.Flag(flag).Value.Set(value); err != nil {
					t.Errorf("%s: --%s %s: %v", name, flag, value, err)
				}
			}
		}
		if tried == 0 {
			t.Errorf("%s has no completions", name)
		}
	}
}

func TestHeadersAreReadAsCurlReadsThem(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "headers")
	if err := os.WriteFile(path, []byte("\ufeffX-A: 1\r\n\r\nX-B:\t2 \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var f flags.Headers
	parsed(t, f.AddFlags, "-H", "@"+path, "-H", "X-Empty;", "-H", "X-C: a: b", "-H", "@-")
	got, err := f.Header(strings.NewReader("X-D: 4\n"))
	want := record.Header{{Name: "X-A", Value: "1"}, {Name: "X-B", Value: "2"}, {Name: "X-Empty"}, {Name: "X-C",
		Value: "a: b"}, {Name: "X-D", Value: "4"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	for _, line := range []string{"X-A", "X A: 1", ": 1", "X-A: \x00"} {
		_, err := (&flags.Headers{Lines: []string{line}}).Header(nil)
		refused(t, err, "is not 'Name: value'", "-H '")
	}
	_, err = (&flags.Headers{Lines: []string{"@" + path + "x"}}).Header(nil)
	refused(t, err, "no such file")
	_, err = (&flags.Headers{Lines: []string{"@-"}}).Header(strings.NewReader("\xff\xfeX\x00:\x00"))
	refused(t, err, "UTF-16")
	var j flags.JSON
	parsed(t, j.AddFlags, "--with-body", "--with-headers")
	if (j.With != export.With{Body: true, Headers: true}) {
		t.Errorf("%+v", j)
	}
}

func TestAPolicyThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	given := func(string) int { return 3 }
	for line, words := range map[string]string{
		"--backoff=1s,x":         `--backoff "1s,x"`,
		"--retry-on=teapot":      `--retry-on "teapot"`,
		"--jitter=half":          `invalid --jitter "half": choose full or none`,
		"--timeout=0s":           "--timeout 0s must be more than 0",
		"--deadline=0s":          "--deadline 0s must be more than 0",
		"--connect-timeout=0s":   "--connect-timeout 0s must be more than 0",
		"--schedule=standard":    "name a provider or a list of waits",
		"--schedule=gitlab":      "does not retry by itself",
		"--base=1h --backoff=1s": "", // the base of a list means nothing
	} {
		var f flags.Retry
		parsed(t, f.AddFlags, strings.Fields(line)...)
		switch _, err := f.Policy(given); {
		case words == "" && err != nil:
			t.Errorf("%s: %v", line, err)
		case words != "":
			refused(t, err, words)
		}
	}
	var f flags.Retry
	parsed(t, f.AddFlags, "--jitter=none", "--backoff=1s,2s")
	p, err := f.Policy(func(string) int { return 0 })
	if err != nil || !p.NoJitter || p.Retries != 2 || p.Backoff != deliver.Schedule {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestWhatIsWrongWithAConnectionIsFoundBeforeItIsMade(t *testing.T) {
	t.Parallel()
	none := func(string) string { return "" }
	agent := ""
	app := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { agent = r.UserAgent() }))
	defer app.Close()
	_, port, err := net.SplitHostPort(app.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	var f flags.Client
	parsed(t, f.AddFlags, "-k", "--resolve", "app.invalid:"+port+":127.0.0.1")
	client, err := f.NewClient("1.0", none, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	x := &record.Exchange{Request: record.Request{Method: "POST", URL: "https://app.invalid:" + port, Proto: "HTTP/1.1"}}
	if client.Do(context.Background(), x); x.Status() != 200 || agent != "barb/1.0" {
		t.Errorf("%d, %v, agent %q", x.Status(), x.Err, agent)
	}
	for line, given := range map[string]bool{"": false, "-k": true, "--http1.1": true, "--http2": true, "--key=a": true,
		"--resolve=a:1:127.0.0.1": true, "--unix-socket=a": true} {
		var f flags.Client
		if parsed(t, f.AddFlags, strings.Fields(line)...); f.Given() != given {
			t.Errorf("%q: given %t", line, f.Given())
		}
	}
	for line, words := range map[string]string{
		"--cacert=none.pem":     "none.pem",
		"--resolve=example.com": "--resolve",
		"--proxy=ftp://x":       "proxy",
	} {
		var f flags.Client
		parsed(t, f.AddFlags, line)
		_, err := f.NewClient("1.0", none, time.Second)
		refused(t, err, words)
	}
}

func TestLimitsSayWhichBreakerPausesAnEndpoint(t *testing.T) {
	t.Parallel()
	var f flags.Limits
	parsed(t, f.AddFlags, "--per-endpoint=2", "--rate=10/5s", "--breaker=3/1m")
	told := ""
	l := f.NewLimits(func(endpoint string, _ bool, b flags.Breaker) { told = endpoint + " " + b.String() })
	if l.AtOnce != 2 || l.Rate != 2 || l.Failures != 3 || l.Cooldown != time.Minute {
		t.Errorf("%d at once, %v/s, %d failures, %s", l.AtOnce, l.Rate, l.Failures, l.Cooldown)
	}
	if l.Changed("example.com:443", true); told != "example.com:443 3/1m" {
		t.Errorf("told %q", told)
	}
}

func TestForwardingHasItsOwnDefaults(t *testing.T) {
	t.Parallel()
	var f flags.Forward
	cmd := parsed(t, f.AddFlags)
	for flag, want := range map[string]string{"retries": "unlimited", "max-delay": "5s", "timeout": "30s",
		"deadline": "3d", "ordered": "route", "mode": "sync", "breaker": "5/5s"} {
		if got := cmd.Flag(flag); got.DefValue != want || got.Value.String() != want {
			t.Errorf("--%s is %s, by default %s; want %s", flag, got.Value, got.DefValue, want)
		}
	}
	if f.Queues() || f.Check() != nil {
		t.Errorf("queues %t, %v", f.Queues(), f.Check())
	}
	for line, queues := range map[string]bool{"--queue": true, "--mode=ack": true, "--ordered=false": false} {
		var f flags.Forward
		if parsed(t, f.AddFlags, line); f.Queues() != queues {
			t.Errorf("%s: %t", line, f.Queues())
		}
	}
	for line, words := range map[string]string{"--mode=later": `invalid --mode "later": choose sync or ack`,
		"--concurrency=0": "must be at least 1"} {
		var f flags.Forward
		parsed(t, f.AddFlags, line)
		refused(t, f.Check(), words)
	}
}

func TestGlobsMatchOneOfThem(t *testing.T) {
	t.Parallel()
	var v flags.Globs
	if !v.Match("anything") {
		t.Error("without patterns everything matches")
	}
	if err := errors.Join(v.Set("invoice.*, charge.failed"), v.Set("*.done")); err != nil {
		t.Fatal(err)
	}
	for event, want := range map[string]bool{"invoice.paid": true, "charge.failed": true, "x.done": true,
		"charge.paid": false} {
		if got := v.Match(event); got != want {
			t.Errorf("%s: %t", event, got)
		}
	}
	if v.String() != "invoice.*,charge.failed,*.done" || v.Type() != "type" {
		t.Errorf("%s, %s", v.String(), v.Type())
	}
}

func TestHandshakesAreNamed(t *testing.T) {
	t.Parallel()
	var v flags.Handshake
	if v.String() != "scheme" || v.Type() != "string" {
		t.Errorf("%s, %s", v.String(), v.Type())
	}
	for _, text := range append(flags.HandshakeNames(), "scheme", "all", "off", "slack,zoom") {
		if err := v.Set(text); err != nil || v.String() != text {
			t.Errorf("%s is shown as %s: %v", text, v.String(), err)
		}
	}
	if err := v.Set("slack,zoom"); err != nil || !slices.Equal(v.Names, []string{"slack", "zoom"}) {
		t.Errorf("%q, %v", v.Names, err)
	}
	if err := v.Set("slack,acme"); err == nil || !strings.Contains(err.Error(),
		`unknown "acme": choose scheme, all, off, `) {
		t.Errorf("%v", err)
	}
	cmd := &cobra.Command{Use: "barb"}
	v.AddFlag(cmd)
	complete, _ := cmd.GetFlagCompletionFunc("handshake")
	values, _ := complete(cmd, nil, "")
	for _, text := range values {
		if name, about, ok := strings.Cut(text, "\t"); !ok || about == "" || v.Set(name) != nil {
			t.Errorf("%q is no value with an explanation", text)
		}
	}
}

func TestThresholdsAreWhatTheFiguresAreJudgedBy(t *testing.T) {
	t.Parallel()
	var f flags.Thresholds
	parsed(t, f.AddFlags, "--max-p99=2s", "--max-queue=7", "--max-dead-letters=3", "--min-success=99%")
	l := f.Limits
	if l.MaxP99 != 2*time.Second || l.MaxQueue != 7 || l.MaxDeadLetters != 3 || l.MinSuccess != .99 ||
		l.MinSamples != 20 || l.MaxRetryRate != .2 || l.MaxSignatureFailures != .01 {
		t.Errorf("%+v", l)
	}
}

func TestChangesAreFilledInFromASeed(t *testing.T) {
	t.Parallel()
	var f flags.Change
	parsed(t, f.AddFlags)
	half := func() float64 { return .5 }
	if v := f.Values(time.Unix(1, 0), half, nil); f.Changed() || v.Seed != 1<<52 || v.Number != 1 || v.Now.Unix() != 1 {
		t.Errorf("changed %t, %+v", f.Changed(), v)
	}
	parsed(t, f.AddFlags, "--seed=7", "--set", "a.b=1", "--set", "c=x")
	changes, err := f.Changes()
	if v := f.Values(time.Time{}, half, nil); !f.Changed() || v.Seed != 7 || len(changes) != 2 || err != nil {
		t.Errorf("changed %t, %+v, %v, %v", f.Changed(), v, changes, err)
	}
	f.Sets = []string{"no value"}
	if _, err := f.Changes(); err == nil {
		t.Error("a --set without a value was taken")
	}
}
