package gateway

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/barbhq/barb/store/record"
)

// fromPage returns the sign by which a request may have been sent by a web page that a person on this machine has open;
// "" for none. A page can reach loopback, and does what its author wants.
//
// Browsers send Origin with every method but GET and HEAD (Fetch Standard, section 3.2) and Sec-Fetch-Site with every
// request to loopback (W3C Fetch Metadata, section 2.4), "none" only for an address that the person has typed. They
// need not send the latter to 0.0.0.0, to an address of a LAN or to a name that the page had resolved to this machine
// (DNS rebinding), so a GET must name a host that is known. A webhook that a tunnel brings is a POST, and may name any.
func (g *Gateway) fromPage(r *record.Request) string {
	for _, name := range []string{"Origin", "Referer"} {
		if r.Header.Has(name) {
			return name
		}
	}
	if slices.ContainsFunc(r.Header.Values("Sec-Fetch-Site"), func(site string) bool { return site != "none" }) {
		return "Sec-Fetch-Site"
	}
	if (r.Method == http.MethodGet || r.Method == http.MethodHead) && !g.knowsHost(r) {
		return "Host; --public-url http://HOST takes it from a program"
	}
	return ""
}

// knowsHost reports whether a request was sent to loopback, or to a host of the gateway or of a lane that checks it.
func (g *Gateway) knowsHost(r *record.Request) bool {
	host := HostOf(r.URL)
	ip, err := netip.ParseAddr(host)
	switch isIP := err == nil; {
	case host == "" || isIP && ip.Unmap().IsUnspecified():
		return false
	case host == "localhost" || isIP && ip.Unmap().IsLoopback() || slices.Contains(g.Hosts, host): // RFC 6761, section 6.3
		return true
	}
	return slices.ContainsFunc(slices.Concat(g.guards(r)...), func(l *Lane) bool { return l.Host == host })
}

// HostOf returns the host of a URL in lower case, without a port; "" for none.
func HostOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}
