package deliver

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// parseProxy reads a proxy's URL; without a scheme it is http. Schemes are those that net/http speaks.
func parseProxy(raw string) (*url.URL, error) {
	if !strings.Contains(raw, "://") {
		raw = "http://" + raw
	}
	u, err := url.Parse(raw)
	if err != nil {
		// The error would quote the URL, which may hold a password.
		return nil, errors.New("proxy is not a URL")
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
	default:
		return nil, fmt.Errorf("proxy scheme %q is not http, https or socks5", u.Scheme)
	}
	if u.Hostname() == "" {
		return nil, errors.New("proxy has no host")
	}
	return u, nil
}

// environmentProxy returns the proxy of the variables HTTPS_PROXY or HTTP_PROXY, by the URL's scheme, except for hosts
// in NO_PROXY; upper case comes before lower case, as in curl and Go. A loopback host never has one: a webhook with
// secrets to the developer's own machine must not go through another.
func environmentProxy(getenv func(string) string, to *endpoint) (*url.URL, error) {
	if getenv == nil || IsLoopback(to.name) {
		return nil, nil
	}
	either := func(name string) string {
		if value := getenv(name); value != "" {
			return value
		}
		return getenv(strings.ToLower(name))
	}
	raw := either("HTTP_PROXY")
	if to.secure {
		raw = either("HTTPS_PROXY")
	}
	if raw == "" || exempt(either("NO_PROXY"), to) {
		return nil, nil
	}
	return parseProxy(raw)
}

// IsLoopback reports whether a host is certainly this machine: a loopback address, localhost or a name below it. A
// Client looks none of them up.
func IsLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return isLocalhost(host) || err == nil && addr.Unmap().IsLoopback()
}

// isLocalhost reports whether a host is the name localhost or one below it (RFC 6761, section 6.3).
func isLocalhost(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// exempt reports whether a NO_PROXY list names the endpoint: "*", an address, a network in CIDR form, a domain with all
// below it, ".domain" or "*.domain" for what is below it only; each but the network may end in ":port".
func exempt(list string, to *endpoint) bool {
	for item := range strings.SplitSeq(list, ",") {
		if item = strings.ToLower(strings.TrimSpace(item)); item != "" && exempts(item, to) {
			return true
		}
	}
	return false
}

func exempts(item string, to *endpoint) bool {
	if item == "*" {
		return true
	}
	host := strings.ToLower(to.name)
	addr, err := netip.ParseAddr(host)
	if network, bad := netip.ParsePrefix(item); bad == nil {
		return err == nil && network.Contains(addr.Unmap())
	}
	item, ok := exceptPort(item, to.address)
	if !ok {
		return false
	}
	if err == nil {
		named, bad := netip.ParseAddr(item)
		return bad == nil && named.Unmap() == addr.Unmap()
	}
	item = strings.TrimPrefix(item, "*")
	if below, ok := strings.CutPrefix(item, "."); ok {
		return strings.HasSuffix(host, "."+below)
	}
	return host == item || strings.HasSuffix(host, "."+item)
}

// exceptPort removes the port of an item; ok is false when the address has another one.
func exceptPort(item, address string) (host string, ok bool) {
	colon := strings.LastIndex(item, ":")
	bare := strings.Trim(item, "[]")
	if _, err := netip.ParseAddr(bare); err == nil || colon < 0 {
		return bare, true
	}
	return strings.Trim(item[:colon], "[]"), strings.HasSuffix(address, item[colon:])
}
