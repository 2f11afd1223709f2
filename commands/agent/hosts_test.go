package agent

import (
	"net/netip"
	"testing"
)

// The decision about a connection is about its address. A name that is allowed may lead anywhere but to the local link,
// where services hand out credentials.
func TestWhereAConnectionMayGo(t *testing.T) {
	t.Parallel()
	h, err := newHosts([]string{"Staging.Example.com.", "[2001:db8::5]", "169.254.7.7"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		host, address string
		may           bool
	}{
		{"localhost", "127.0.0.1", true}, {"anything.test", "127.0.0.1", true}, {"::1", "::1", true},
		{"staging.example.com", "192.0.2.1", true}, {"STAGING.example.com.", "10.1.2.3", true},
		{"staging.example.com", "169.254.169.254", false}, {"staging.example.com", "fe80::1%eth0", false},
		{"staging.example.com", "0.0.0.0", false}, {"staging.example.com", "224.0.0.1", false},
		{"example.com", "192.0.2.1", false}, {"a.staging.example.com", "192.0.2.1", false},
		{"localhost", "192.0.2.1", false}, // a name that was looked up anew
		{"2001:db8::5", "2001:db8::5", true}, {"2001:db8::6", "2001:db8::6", false},
		{"169.254.7.7", "169.254.7.7", true}, {"169.254.169.254", "169.254.169.254", false},
	} {
		if err := h.reach(c.host, netip.MustParseAddr(c.address)); (err == nil) != c.may {
			t.Errorf("%s at %s: %v", c.host, c.address, err)
		}
	}
}
