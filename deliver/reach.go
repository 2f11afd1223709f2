package deliver

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"time"
)

// lookupIn is how long a name may take to be looked up before it counts as public.
const lookupIn = 5 * time.Second

// Public returns what makes a request to a URL leave this machine and its private networks: the host, unless every
// address of it is a loopback or private one, or a proxy that is not on this machine. It is "" where none does. A host
// that cannot be looked up is public.
func (c *Client) Public(ctx context.Context, raw string) (string, error) {
	to, err := c.endpoint(raw)
	switch {
	case err != nil:
		return "", err
	case c.o.UnixSocket != "":
		return "", nil
	case to.proxy != nil && !IsLoopback(to.proxy.Hostname()):
		return "the proxy " + to.proxy.Host, nil
	}
	host := to.name
	if instead := c.o.Resolve[to.address]; instead != "" {
		if named, _, err := net.SplitHostPort(instead); err == nil {
			host = named
		}
	}
	if IsLoopback(host) {
		return "", nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupIn)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil || !allPrivate(addresses) { // why there is none, the attempt itself says
		return to.name, nil
	}
	return "", nil
}

// allPrivate reports whether a host with these addresses is of this machine or of a private network. A host without any
// is not.
func allPrivate(addresses []netip.Addr) bool {
	isPublic := func(a netip.Addr) bool { return !isPrivate(a.Unmap()) }
	return len(addresses) > 0 && !slices.ContainsFunc(addresses, isPublic)
}

// isPrivate reports whether an address is of this machine or of a private network (RFC 1918, RFC 4193).
func isPrivate(a netip.Addr) bool { return a.IsLoopback() || a.IsPrivate() || a.IsUnspecified() }
