package listen_test

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"github.com/barbhq/barb/listen"
)

func TestAGuardAllowsTheSendersOfItsNetworks(t *testing.T) {
	g := listen.Guard{Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("fe80::/10")}}
	for remote, want := range map[string]bool{
		"192.0.2.7:1": true, "[::ffff:192.0.2.7]:1": true, "[fe80::1%eth0]:1": true, "198.51.100.1:1": false,
		"unix": false, "": false,
	} {
		if got := g.Allow(remote); got != want {
			t.Errorf("%q is allowed: %t", remote, got)
		}
	}
	if all := (listen.Guard{}); !all.Allow("unix") || all.Admit("", nil).Status != 0 {
		t.Error("a guard without networks and limit refuses")
	}
}

func TestAGuardSaysWhenTheNextRequestIsAdmitted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := listen.Guard{Limit: rate.NewLimiter(rate.Every(time.Second), 2)}
		for range 2 {
			if a := g.Admit("", nil); a.Status != 0 {
				t.Fatalf("refused with %+v", a)
			}
		}
		for range 3 { // to be refused costs nothing
			if a := g.Admit("", nil); a.Status != 429 || a.RetryAfter != time.Second || a.Reason != "rate_limited" {
				t.Fatalf("beyond the limit: %+v", a)
			}
		}
		time.Sleep(time.Second)
		if a := g.Admit("", nil); a.Status != 0 {
			t.Errorf("a second later: %+v", a)
		}
	})
}
