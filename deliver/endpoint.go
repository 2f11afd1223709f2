package deliver

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/barbhq/barb/store/record"
)

// endpoint is where the requests of one URL go.
type endpoint struct {
	raw     string   // the URL as given
	url     *url.URL // the same, taken apart; nil when it has a path or query that a URL cannot have
	secure  bool     // https
	host    string   // the Host field that follows from the URL
	name    string   // host name or address, for TLS
	address string   // host:port
	key     string   // what two requests must share to share a connection
	proxy   *url.URL // nil: none
}

// isRelayed reports whether requests go to the proxy itself, with the whole URL (RFC 9112, section 3.2.2), and not
// through a tunnel.
func (e *endpoint) isRelayed() bool {
	return e.proxy != nil && !e.secure && (e.proxy.Scheme == "http" || e.proxy.Scheme == "https")
}

// parseEndpoint parses a URL. It refuses a URL that cannot be sent exactly as written, and repairs nothing. Path and
// query are not judged: a received "/100%" is sent again as it is.
func parseEndpoint(raw string) (*endpoint, error) {
	u, err := url.Parse(record.Origin(raw))
	if err != nil {
		if inner, ok := errors.AsType[*url.Error](err); ok {
			err = inner.Err
		}
		return nil, fmt.Errorf("bad URL: %w", err)
	}
	e := &endpoint{raw: raw, secure: u.Scheme == "https", host: hostField(u), name: u.Hostname()}
	port := u.Port()
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("bad URL: scheme %q is not http or https", u.Scheme)
	case e.name == "":
		return nil, errors.New("bad URL: it has no host")
	case u.User != nil:
		return nil, errors.New("bad URL: it has a user name; use an Authorization header")
	case strings.ContainsFunc(e.name, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return nil, fmt.Errorf("bad URL: host %q is not ASCII; use its xn-- form", e.name)
	case port == "" && e.secure:
		port = "443"
	case port == "":
		port = "80"
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return nil, fmt.Errorf("bad URL: port %s is not from 0 to 65535", port)
	}
	e.url, _ = url.Parse(raw)
	e.address = net.JoinHostPort(e.name, port)
	e.key = u.Scheme + "://" + e.address
	return e, nil
}

// hostField is the host and port as they were typed, but an empty port and an IPv6 zone, which mean nothing to the
// peer.
func hostField(u *url.URL) string {
	host := strings.TrimSuffix(u.Host, ":")
	if before, after, ok := strings.Cut(host, "%"); ok && strings.HasPrefix(host, "[") {
		_, port, _ := strings.Cut(after, "]")
		host = before + "]" + port
	}
	return host
}
