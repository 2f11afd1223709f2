package flags_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/store/record"
)

// listening reads the flags of an endpoint.
func listening(t *testing.T, addr string, line ...string) (*flags.Endpoint, error) {
	t.Helper()
	var f flags.ListenOn
	cmd := parsed(t, func(cmd *cobra.Command) {
		cmd.Flags().String("addr", addr, "")
		f.AddFlags(cmd)
	}, line...)
	typed := func(flag string) int {
		if f := cmd.Flag(flag); f != nil && f.Changed {
			return 3
		}
		return 0
	}
	own := func() (tls.Certificate, string, error) { return tls.Certificate{}, "/own.pem", nil }
	return f.Endpoint(t.Context(), addr, typed, own)
}

func TestAnEndpointIsAnAddressOrASocket(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "s")
	for url, line := range map[string][]string{"http://127.0.0.1:": {"--allow-ip", "10.0.0.0/8", "--rate-limit", "5/s"},
		"https://127.0.0.1:": {"--tls"}, "unix:" + socket: {"--unix-socket", socket}} {
		e, err := listening(t, "127.0.0.1:0", line...)
		if err != nil {
			t.Fatal(err)
		}
		ln, err := e.Listen(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		said := strings.Join(e.Describe(ln.Addr()), "\n")
		switch got := e.URL(ln.Addr()); {
		case !strings.HasPrefix(got, url):
			t.Errorf("%v is %s", line, got)
		case line[0] == "--tls" && !strings.Contains(said, "/own.pem\ncurl --cacert /own.pem https://localhost:"),
			line[0] == "--unix-socket" && said != "curl --unix-socket "+socket+" http://localhost/ -d '{}'",
			line[0] == "--allow-ip" && (said != "webhooks are accepted only from 10.0.0.0/8" || e.RateText != "5/s"):
			t.Errorf("%v: %q, %q", line, said, e.RateText)
		}
		if e.RateText == "" {
			if _, err := (&flags.Endpoint{Address: ln.Addr().String()}).Listen(t.Context()); line[0] == "--tls" && err == nil {
				t.Error("two listen on one port")
			}
		}
		if err := ln.Close(); err != nil {
			t.Error(err)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, line := range [][]string{{"--tls-key", "k"}, {"--tls-cert", "/none.pem"}, {"--unix-socket", file},
		{"--unix-socket", "/none/s"}} {
		if _, err := listening(t, ":0", line...); err == nil || !strings.Contains(err.Error(), line[0]) {
			t.Errorf("%v: %v", line, err)
		}
	}
	if _, err := listening(t, "nowhere"); err == nil {
		t.Error("an address without a port is taken")
	}
}

func TestACommandIsFoundBeforeAnythingIsReceived(t *testing.T) {
	t.Parallel()
	find := func(line ...string) (*flags.Exec, error) {
		var f flags.Exec
		parsed(t, f.AddFlags, line...)
		_, err := f.Command()
		return &f, err
	}
	f, err := find("--exec", "sh -c 'exit 0'", "--exec-timeout", "2s", "--exec-concurrency", "3")
	if err != nil {
		t.Fatal(err)
	}
	if c, _ := f.Command(); len(c.Args) != 3 || c.Args[2] != "exit 0" || c.Timeout != 2*time.Second || cap(c.Slots) != 3 ||
		!filepath.IsAbs(c.Path) {
		t.Errorf("%+v", c)
	}
	if _, err := find(); err != nil {
		t.Error(err)
	}
	for word, line := range map[string][]string{"needs --exec": {"--exec-unverified"},
		"is less than 1":      {"--exec", "sh", "--exec-concurrency", "0"},
		"must be more than 0": {"--exec", "sh", "--exec-timeout", "0"},
		"runs a shell":        {"--exec", "sh 'x"}, "give its path": {"--exec", "no-such-program"}} {
		_, err := find(line...)
		refused(t, err, word)
	}
}

func TestACommandLineThatNeedsAShellIsAMistake(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"''", "a | b", "é; b", "a > f", "a &", "a 'b", `a "b`, `a \`} {
		var f flags.Exec
		parsed(t, f.AddFlags, "--exec", line)
		_, err := f.Command()
		refused(t, err, "--exec")
	}
}

func TestAConditionChoosesWebhooks(t *testing.T) {
	t.Parallel()
	condition := func(line ...string) (func(*record.Exchange) (bool, error), error) {
		var f flags.HookFilter
		parsed(t, func(cmd *cobra.Command) { f.AddFlags(cmd, func(string) []string { return nil }) }, line...)
		return f.Condition()
	}
	where, err := condition("--where", ".body.a == 1", "--no-record-filtered")
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]bool{`{"a":1}`: true, `{"a":2}`: false} {
		x := &record.Exchange{Request: record.Request{Method: http.MethodPost, Body: []byte(body)}}
		if got, err := where(x); got != want || err != nil {
			t.Errorf("%s: %t, %v", body, got, err)
		}
	}
	if where, err := condition("--event", "a", "--no-record-filtered"); where != nil || err != nil {
		t.Error(err)
	}
	_, err = condition("--where", ".x(")
	refused(t, err, "--where", ".body.amount > 1000")
	_, err = condition("--no-record-filtered")
	refused(t, err, "needs --event or --where")
}

func TestAnswersOnPurpose(t *testing.T) {
	t.Parallel()
	var f flags.Answers
	parsed(t, f.AddFlags, "--platform", "lambda", "--fail-rate", "10%", "--latency", "50ms..2s", "--seed", "7")
	p, err := f.PlatformLimits()
	if err != nil || p.Name != "lambda" || f.FailWith != "500" || f.FailRate != 0.1 || f.Latency.Max != 2*time.Second ||
		*f.Seed != 7 {
		t.Errorf("%+v, %v, %+v", p, err, f)
	}
	f.Platform = "lamda"
	_, err = f.PlatformLimits()
	refused(t, err, `unknown --platform "lamda"`, "--platform lambda")
	refused(t, flags.ScriptError("--respond", io.ErrUnexpectedEOF), "--respond: unexpected EOF")
}
