package flags_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/store/record"
)

func TestAFlagGoesBeforeAKeyOfTheRoute(t *testing.T) {
	on := true
	way := &route.Way{Insecure: &on, CACert: "r-ca", Cert: "r-cert", Key: "r-key", Proxy: "http://r",
		Headers: []string{"X-Env: route"}}
	for name, c := range map[string]struct {
		args    []string
		weight  int // of the values that were given
		want    deliver.Connection
		headers record.Header
	}{
		"nothing but the route": {nil, 0, deliver.Connection{CACert: "r-ca", Cert: "r-cert", Key: "r-key",
			Proxy: "http://r", Insecure: true}, record.Header{{Name: "X-Env", Value: "route"}}},
		"flags": {[]string{"--cacert", "f-ca", "-E", "f-cert", "-x", "http://f", "-k", "-H", "X-Env: flag"}, 3,
			deliver.Connection{Insecure: true, CACert: "f-ca", Cert: "f-cert", Proxy: "http://f"},
			record.Header{{Name: "X-Env", Value: "flag"}}},
		"flags that turn off": {[]string{"--insecure=false", "-H", "X-Env: flag\nX-Two: 2"}, 3,
			deliver.Connection{CACert: "r-ca", Cert: "r-cert", Key: "r-key", Proxy: "http://r"},
			record.Header{{Name: "X-Env", Value: "flag"}, {Name: "X-Two", Value: "2"}}},
		"[listen]": {[]string{"--cacert", "l-ca", "--proxy", "http://l", "--cert", "l", "--key", "l", "-H", "X-Env: l",
			"--insecure=false"}, 1,
			deliver.Connection{CACert: "r-ca", Cert: "r-cert", Key: "r-key", Proxy: "http://r", Insecure: true},
			record.Header{{Name: "X-Env", Value: "route"}}},
	} {
		var f flags.Apps
		cmd := &cobra.Command{}
		f.AddFlags(cmd)
		if err := cmd.ParseFlags(c.args); err != nil {
			t.Fatal(err)
		}
		if err := f.Read(nil); err != nil {
			t.Fatal(err)
		}
		got, own, err := f.Of(way, func(flag string) int {
			if cmd.Flag(flag).Changed {
				return c.weight
			}
			return 0
		}, nil)
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
		if diff := cmp.Diff(c.headers, own); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestAHeaderOfAnAppMayReferToASecret(t *testing.T) {
	for value, want := range map[string]string{
		"env:TOKEN": "found", "Bearer env:TOKEN": "Bearer found", "Bearer  keyring:x": "Bearer found",
		"Bearer cmd:op read x": "Bearer found", "dev": "dev", "Bearer env": "Bearer env", "a b env:TOKEN": "a b env:TOKEN",
	} {
		own, err := headerOf(t, value, func(string) (string, error) { return "found", nil })
		if err != nil || own[0].Value != want {
			t.Errorf("%q is sent as %v, %v; want %q", value, own, err, want)
		}
	}
	_, err := headerOf(t, "env:TOKEN", func(string) (string, error) { return "a\nb-hunter2", nil })
	if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "header Authorization") {
		t.Errorf("a secret with a line break: %v", err)
	}
}

func headerOf(t *testing.T, value string, find func(string) (string, error)) (record.Header, error) {
	t.Helper()
	way := &route.Way{Headers: []string{"Authorization: " + value}}
	_, own, err := new(flags.Apps).Of(way, func(string) int { return 0 }, find)
	return own, err
}

func TestAHeaderIsShownWithoutItsValue(t *testing.T) {
	for line, want := range map[string]string{
		"Authorization: tok": "Authorization: …", "Authorization: Bearer env:T": "Authorization: Bearer env:T",
		"X: cmd:op read hunter2": "X: cmd:…", "X;": "X;", "@file": "@file",
	} {
		if got := flags.ShownHeader(line); got != want {
			t.Errorf("%q is shown as %q", line, got)
		}
	}
}
