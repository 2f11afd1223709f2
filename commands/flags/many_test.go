package flags_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/flags"
)

func TestARunIsChecked(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]struct {
		many    bool
		workers int
		pace    string
		lasting time.Duration
	}{
		"":                                {false, 1, "0", 0},
		"-n 5 --concurrency=3":            {true, 3, "0", 0},
		"-n 5 --rate=50/s":                {true, 64, "50/s", 0},
		"-n 5 --burst=100/5s":             {true, 100, "100/5s", 0},
		"--burst=9000/s --for=1m":         {true, 1024, "9000/s", time.Minute},
		"-n 5 --rate=1/s --concurrency=2": {true, 2, "1/s", 0},
		"--shuffle -n 2":                  {true, 1, "0", 0},
		"--duplicate=10%":                 {true, 1, "0", 0},
	} {
		var f flags.Many
		cmd := parsed(t, f.AddFlags, strings.Fields(line)...)
		if err := f.CheckMany(cmd, false); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		if pace := f.Pace(); f.IsRun() != want.many || f.Workers() != want.workers || pace.String() != want.pace &&
			pace.N > 0 || f.Duration() != want.lasting {
			t.Errorf("%s: many %t, %d workers, %s for %s", line, f.IsRun(), f.Workers(), pace, f.Duration())
		}
	}
	for line, words := range map[string][]string{
		"-n 0":               {"must be at least 1"},
		"--concurrency=0":    {"must be at least 1"},
		"--for=0s":           {"--for 0s must be more than 0", "--for 30s"},
		"--rate=50/s":        {"--rate 50/s: how many, or for how long?", "add -n 1000 or --for 30s"},
		"--burst=100/5s":     {"--burst 100/5s: how many"},
		"--skip-bad":         {"--skip-bad is for a file with one event a line"},
		"--shuffle --for=1s": {"--shuffle needs to know how many messages there are"},
	} {
		var f flags.Many
		cmd := parsed(t, f.AddFlags, strings.Fields(line)...)
		refused(t, f.CheckMany(cmd, false), words...)
	}
	var f flags.Many
	if err := f.CheckMany(parsed(t, f.AddFlags, "--rate=50/s", "--skip-bad"), true); err != nil {
		t.Errorf("a list says how many there are: %v", err)
	}
}

func TestFilesAndFoldersOfEventsAreLists(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "a.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for data, want := range map[string]bool{"{}": false, "@": false, "@-": false, "@x.ndjson": true, "@X.JSONL": true,
		"@" + folder: true, "@" + filepath.Join(folder, "a.json"): false, "x.ndjson": false} {
		var f flags.Many
		if got := f.Listed(data); got != want {
			t.Errorf("%s: %t", data, got)
		}
	}
	var f flags.Many
	if parsed(t, f.AddFlags, "--ndjson"); !f.Listed("@-") {
		t.Error("--ndjson makes stdin a list")
	}
}

// options is a command line of several groups, as send has it.
type options struct {
	flags.Many
	flags.Headers
	flags.Client
	cmd *cobra.Command
}

func typed(t *testing.T, line ...string) *options {
	t.Helper()
	var o options
	o.cmd = parsed(t, func(cmd *cobra.Command) { o.Many.AddFlags(cmd); o.Headers.AddFlags(cmd); o.Client.AddFlags(cmd) },
		line...)
	return &o
}

func TestACommandLineComesBackAsItWas(t *testing.T) {
	t.Parallel()
	first := typed(t, "-n", "5", "--rate=50/s", "-H", "X-A: 1", "-H", "X-B: 2", "--proxy=http://u:p@h")
	if err := first.cmd.Flag("for").Value.Set("30s"); err != nil { // from barb.toml
		t.Fatal(err)
	}
	fromFile := func(flag string) int { return map[string]int{"for": 1, "cacert": 2}[flag] }
	line := flags.Save(first.cmd, fromFile, func(flag, value string) bool {
		return flag == "proxy" &&
			strings.Contains(value, "@")
	})
	want := flags.CommandLine{Withheld: []string{"proxy"}, Weights: map[string]int{"for": 1, "cacert": 2},
		Flags: map[string][]string{
			"count": {"5"}, "rate": {"50/s"}, "for": {"30s"}, "header": {"X-A: 1", "X-B: 2"}, "cacert": {""}}}
	if diff := cmp.Diff(want, line); diff != "" {
		t.Fatal(diff)
	}

	again := typed(t, "--rate=9/s")
	if err := again.cmd.Flag("key").Value.Set("key.pem"); err != nil { // from a variable, by now
		t.Fatal(err)
	}
	sources := map[string]int{}
	err := line.Restore(again.cmd, flags.Given(again.cmd), func(flag string) int { return map[string]int{"key": 2}[flag] },
		func(flag string, weight int) { sources[flag] = weight })
	if err != nil {
		t.Fatal(err)
	}
	if again.Count != 5 || again.Pace().N != 9 || again.Duration() != 30*time.Second || len(again.Lines) != 2 ||
		again.Key != "" || again.Proxy != "" {
		t.Errorf("%+v", again)
	}
	if diff := cmp.Diff(map[string]int{"count": 3, "for": 1, "header": 3, "cacert": 2, "key": 0}, sources); diff != "" {
		t.Error(diff)
	}

	nothing := func(string, int) {}
	unknown := flags.CommandLine{Flags: map[string][]string{"gone": {"1"}}}
	if missing, ok := errors.AsType[*flags.UnknownFlagError](unknown.Restore(again.cmd, nil, fromFile, nothing)); !ok ||
		missing.Name != "gone" || missing.Error() != "there is no --gone" {
		t.Errorf("%v", missing)
	}
	bad := flags.CommandLine{Flags: map[string][]string{"count": {"x"}}}
	if err := bad.Restore(again.cmd, nil, fromFile, nothing); err == nil || !strings.HasPrefix(err.Error(), "--count: ") {
		t.Errorf("%v", err)
	}
}

func TestMetricsHaveAPort(t *testing.T) {
	t.Parallel()
	var f flags.Metrics
	if port, err := f.OpenMetrics(context.Background()); port != nil || err != nil {
		t.Errorf("without the flag: %v, %v", port, err)
	}
	parsed(t, f.AddFlags, "--metrics=:0")
	port, err := f.OpenMetrics(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	stop := port.Serve(http.NotFoundHandler())
	defer stop()
	parsed(t, f.AddFlags, "--metrics="+port.Listener.Addr().String())
	if _, err := f.OpenMetrics(context.Background()); err == nil || !strings.HasPrefix(err.Error(),
		"--metrics: listen on 127.0.0.1:") {
		t.Errorf("a port that is taken: %v", err)
	}
	parsed(t, f.AddFlags, "--metrics=here")
	_, err = f.OpenMetrics(context.Background())
	refused(t, err, `--metrics "here" is not HOST:PORT`)
}

func TestAddressesToListenOn(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"4242": "127.0.0.1:4242", ":0": "127.0.0.1:0", "0.0.0.0:80": "0.0.0.0:80",
		"[::1]:80": "[::1]:80"} {
		if got, err := flags.ListenAddress(text); err != nil || got != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "host", ":x", ":70000"} {
		_, err := flags.ListenAddress(text)
		refused(t, err, "is not HOST:PORT", "--addr 127.0.0.1:4242")
	}
	for text, want := range map[string]string{"0.0.0.0:80": "tcp4", "[::1]:80": "tcp", "localhost:80": "tcp"} {
		if got := flags.Network(text); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
	if err := flags.NetError(&net.OpError{Op: "listen", Net: "tcp4",
		Err: errors.New("no")}); err.Error() != "listen tcp4: no" {
		t.Errorf("%v", err)
	}
}

func TestAnEndpointHasNoFragment(t *testing.T) {
	t.Parallel()
	if got, err := flags.EndpointURL(":80/a#b"); err != nil || got != "http://127.0.0.1:80/a" {
		t.Errorf("%s, %v", got, err)
	}
	_, err := flags.EndpointURL("http://u:p@h")
	refused(t, err, `URL "http://…@h"`, "barb send http://localhost:4242/webhooks")
	for address, want := range map[string]string{"http://h:80/a": "h:80", "http://h:x": ""} {
		if host := flags.HostOf(address); host != want {
			t.Errorf("%s: %s", address, host)
		}
	}
}
