package commands

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/store/record"
)

// fromPage says by which sign a request may have been sent by a web page that a person on this machine has open; ""
// when nothing says so. A page can reach loopback, and does what its author wants.
//
// Browsers send Origin with every method but GET and HEAD (Fetch Standard, section 3.2) and Sec-Fetch-Site with every
// request to loopback (W3C Fetch Metadata, section 2.4), "none" only for an address that the person has typed. They
// need not send the latter to 0.0.0.0, to an address of a LAN or to a name that the page had resolved to this machine
// (DNS rebinding), so a GET must name a host that is known. A webhook that a tunnel brings is a POST, and may name any.
func (g *listener) fromPage(r *record.Request) string {
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

// knowsHost reports whether a request was sent to loopback, to the host of --addr or to that of a public URL. A
// barb.toml that was found may be another's, so its public URLs do not count.
func (g *listener) knowsHost(r *record.Request) bool {
	host := nameIn(r.URL)
	if config.IsLoopback(r.URL) {
		return true
	}
	ip, err := netip.ParseAddr(host)
	if host == "" || err == nil && ip.Unmap().IsUnspecified() {
		return false
	}
	if g.endpoint != nil && nameIn("tcp://"+g.endpoint.address) == host {
		return true
	}
	if g.sh.settings["public-url"] != source(g.sh.file.Path) || !g.sh.file.Found {
		if nameIn(g.gate.PublicURL) == host {
			return true
		}
	}
	known := func(l *gateway.Lane) bool { return nameIn(l.PublicURL) == host }
	return !g.sh.file.Found && slices.ContainsFunc(slices.Concat(g.gate.Guards(r)...), known)
}

// nameIn is the host of a URL in lower case, without a port; "" when there is none.
func nameIn(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}
