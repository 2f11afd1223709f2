package gateway

import (
	"testing"

	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/store/record"
)

// A web page that a person has open can send to this machine. Browsers say so, or name a host that nobody has named.
func TestWhatAWebPageMayHaveSent(t *testing.T) {
	g := newRouted(route.Route{Path: "/pay", Scheme: "github", Secrets: []string{secretA}})
	g.Hosts = []string{"0.0.0.0", "192.0.2.7", "hooks.example.com", ""} // --addr 0.0.0.0 names no host
	g.Lanes.Rows[0].Host = "pay.example.com"
	const unknownHost = "Host; --public-url http://HOST takes it from a program"
	for i, c := range []struct {
		method, url, name, value, want string
	}{
		{"POST", "http://rebound.example/in", "", "", ""},
		{"POST", "http://127.0.0.1/in", "Origin", "null", "Origin"},
		{"GET", "http://127.0.0.1/in", "Referer", "http://evil.example/", "Referer"},
		{"GET", "http://127.0.0.1/in", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Site"},
		{"GET", "http://127.0.0.1/in", "Sec-Fetch-Site", "none", ""},
		{"GET", "http://127.0.0.1:4242/in", "", "", ""},
		{"GET", "http://LOCALHOST/in", "", "", ""},
		{"GET", "http://[::1]:4242/in", "", "", ""},
		{"GET", "http://[::ffff:127.0.0.1]/in", "", "", ""},
		{"GET", "http://0.0.0.0/in", "", "", unknownHost},
		{"HEAD", "http://rebound.example/in", "", "", unknownHost},
		{"GET", "http://192.0.2.7/in", "", "", ""},
		{"GET", "https://Hooks.Example.com/in", "", "", ""},
		{"GET", "http://pay.example.com/pay", "", "", ""},
		{"GET", "http://pay.example.com/in", "", "", unknownHost}, // only on its own route
		{"GET", "/in", "", "", unknownHost},
		{"GET", "http://%/in", "", "", unknownHost},
	} {
		r := record.Request{Method: c.method, URL: c.url, Target: "/in"}
		if c.url == "http://pay.example.com/pay" {
			r.Target = "/pay"
		}
		if c.name != "" {
			r.Header = record.Header{{Name: c.name, Value: c.value}}
		}
		if got := g.fromPage(&r); got != c.want {
			t.Errorf("%d: %s %s: %q, want %q", i, c.method, c.url, got, c.want)
		}
	}
}
