package deliver

import (
	"net/netip"
	"strings"
	"testing"
)

// A name may have several addresses. The host is public when any of them is.
func TestAHostIsPrivateWhenEachAddressIs(t *testing.T) {
	for text, want := range map[string]bool{
		"": false, "127.0.0.1": true, "127.8.8.8": true, "::1": true, "::ffff:127.0.0.1": true, "0.0.0.0": true, "::": true,
		"10.0.0.1": true, "172.16.0.1": true, "172.31.255.255": true, "192.168.1.1": true, "fd00::1": true, "fc00::1": true,
		"9.255.255.255": false, "11.0.0.0": false, "172.15.255.255": false, "172.32.0.0": false, "192.169.0.0": false,
		"169.254.169.254": false, "fe80::1": false, // link-local: the metadata service of clouds
		"100.64.0.1": false, "224.0.0.1": false, "ff02::1": false, "255.255.255.255": false, "64:ff9b::7f00:1": false,
		"2001:db8::1": false, "::ffff:8.8.8.8": false, "::ffff:10.0.0.1": true,
		"127.0.0.1 ::1": true, "10.0.0.1 203.0.113.1": false, "203.0.113.1 10.0.0.1": false,
	} {
		var addresses []netip.Addr
		for one := range strings.FieldsSeq(text) {
			addresses = append(addresses, netip.MustParseAddr(one))
		}
		if got := allPrivate(addresses); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}
