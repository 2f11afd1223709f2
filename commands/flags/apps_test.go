package flags_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/store/record"
)

func TestAFlagGoesBeforeAKeyOfTheRoute(t *testing.T) {
	way := &route.Way{CACert: "r-ca", Cert: "r-cert", Key: "r-key", Proxy: "http://r", Headers: []string{"X-Env: route"}}
	for name, c := range map[string]struct {
		args    []string
		weight  int // of the values that were given
		want    deliver.Connection
		headers record.Header
	}{
		"nothing but the route": {nil, 0, deliver.Connection{CACert: "r-ca", Cert: "r-cert", Key: "r-key",
			Proxy: "http://r"}, record.Header{{Name: "X-Env", Value: "route"}}},
		"flags": {[]string{"--cacert", "f-ca", "-E", "f-cert", "-x", "http://f", "-k", "-H", "X-Env: flag"}, 3,
			deliver.Connection{Insecure: true, CACert: "f-ca", Cert: "f-cert", Proxy: "http://f"},
			record.Header{{Name: "X-Env", Value: "flag"}}},
		"[listen]": {[]string{"--cacert", "l-ca", "--proxy", "http://l"}, 1,
			deliver.Connection{CACert: "r-ca", Cert: "r-cert", Key: "r-key", Proxy: "http://r"},
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
			if flag == "cacert" || flag == "proxy" { // the others are no settings
				return c.weight
			}
			return 0
		})
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
		if diff := cmp.Diff(c.headers, own); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}
