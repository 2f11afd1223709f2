package commands

import (
	"testing"

	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/listen/route"
)

func TestAListenerDoesNotForwardToItself(t *testing.T) {
	for target, itself := range map[string]bool{
		"http://localhost/hooks": true, "http://LOCALHOST:80": true, "http://127.0.0.1": true, "http://[::1]:80/": true,
		"http://0.0.0.0/": true, "http://127.0.0.1:3000": false, "https://localhost/": false, "http://192.0.2.1/": false,
	} {
		l := &gateway.Lane{Targets: []route.Target{{URL: target}}}
		g := &listener{gate: &gateway.Gateway{Lanes: route.Lanes[*gateway.Lane]{Rest: l}}}
		if err := g.forwardsToItself("127.0.0.1:80"); (err != nil) != itself {
			t.Errorf("%s: %v", target, err)
		}
		if err := g.forwardsToItself(""); err != nil {
			t.Errorf("%s on a socket: %v", target, err)
		}
	}
}
