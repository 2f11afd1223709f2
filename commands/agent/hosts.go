package agent

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/deliver"
)

// hosts are the names of --allow-host, in lower case and without the dot at the end.
type hosts []string

// newHosts checks the values of --allow-host.
func newHosts(named []string) (all hosts, err error) {
	for _, text := range named {
		name := plainHost(text)
		u, err := url.Parse("http://" + bracketed(name) + "/")
		if err != nil || name == "" || u.Hostname() != name || u.Port() != "" || strings.ContainsAny(name, "*@/?# ") {
			return nil, fail.Usage("--allow-host %q is not a host", text).
				Hint("--allow-host staging.example.com: an exact name or address, without scheme, port and *")
		}
		all = append(all, name)
	}
	return all, nil
}

func plainHost(host string) string {
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

// target returns the address of a URL that a tool may send to.
func (h hosts) target(raw string) (string, error) {
	address, err := flags.EndpointURL(raw)
	if err != nil {
		return "", err
	}
	return address, h.check(address)
}

// check refuses an address whose host is neither this machine nor allowed.
func (h hosts) check(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return fail.Usage("URL %q: %w", flags.WithoutUser(address), errors.Unwrap(err))
	}
	host := plainHost(u.Hostname())
	if deliver.IsLoopback(host) || slices.Contains(h, host) {
		return nil
	}
	return fail.Usage("%s is not this machine, and barb mcp was not started with --allow-host %s", host, host).
		Hint("send to http://127.0.0.1:PORT, or ask the user to add --allow-host " + host + " to the server's arguments")
}

// isAllowed reports whether an address is outside this machine, and allowed.
func (h hosts) isAllowed(address string) bool {
	u, err := url.Parse(address)
	return err == nil && !deliver.IsLoopback(plainHost(u.Hostname())) && slices.Contains(h, plainHost(u.Hostname()))
}

// reach decides about each connection when its address is known. The addresses of a local link are no host's: services
// that hand out credentials to every process of a machine are there.
func (h hosts) reach(host string, address netip.Addr) error {
	literal, err := netip.ParseAddr(plainHost(host))
	isNamed := err == nil && literal.Unmap() == address.WithZone("")
	switch {
	case address.IsLoopback():
		return nil
	case !slices.Contains(h, plainHost(host)):
		return fmt.Errorf("%s leads to %s, which is not this machine", host, address)
	case !isNamed && (address.IsLinkLocalUnicast() || address.IsUnspecified() || address.IsMulticast()):
		return fmt.Errorf("%s leads to %s, which is an address of the local link", host, address)
	}
	return nil
}
