package flags

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/barbhq/barb/commands/fail"
)

// Target returns the address that people mean by what they type: :3000 and 3000 are ports of this machine, a missing
// scheme is http, as in curl.
func Target(s string) (string, error) {
	switch {
	case s == "":
		return "", errors.New("empty")
	case isDigits(s):
		s = "http://127.0.0.1:" + s
	case strings.HasPrefix(s, ":"):
		s = "http://127.0.0.1" + s
	case strings.HasPrefix(s, "http:/") && !strings.HasPrefix(s, "http://"),
		strings.HasPrefix(s, "https:/") && !strings.HasPrefix(s, "https://"):
		return "", errors.New("http: and https: need two slashes")
	case !strings.Contains(s, "://"):
		s = "http://" + s
	}
	u, err := url.Parse(s)
	if err != nil {
		return "", errors.Unwrap(err)
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Errorf("scheme %q is not http or https", u.Scheme)
	case u.Hostname() == "":
		return "", errors.New("no host")
	case u.User != nil:
		return "", errors.New("user and password do not belong in a URL; use -H 'Authorization: …'")
	case u.Port() != "" && !isPort(u.Port()):
		return "", fmt.Errorf("port %s is not between 1 and 65535", u.Port())
	}
	return s, nil
}

// WithoutUser returns an address as it may be shown, since what stands before an @ can be a password.
func WithoutUser(s string) string {
	from, to := authority(s)
	if at := strings.LastIndexByte(s[from:to], '@'); at >= 0 {
		return s[:from] + "…" + s[from+at:]
	}
	return s
}

// SplitPublic takes a public URL apart into scheme and authority, which a signed URL gets from it, and what is behind
// them and not used: a path that stood for each request's own would make one signature valid at every path.
func SplitPublic(text string) (base, unused string, err error) {
	if _, err := Target(text); err != nil || !strings.Contains(text, "://") {
		return "", "", fail.Usage("%q is not a URL", text)
	}
	_, end := authority(text)
	return text[:end], strings.TrimPrefix(text[end:], "/"), nil
}

// authority returns where host and port of an address begin and end.
func authority(s string) (from, to int) {
	if i := strings.Index(s, "://"); i >= 0 {
		from = i + len("://")
	}
	if i := strings.IndexAny(s[from:], "/?#"); i >= 0 {
		return from, from + i
	}
	return from, len(s)
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func isPort(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n > 0 && n < 65536
}

// HostOf returns the host of an address, with its port where one is written, which is all of it that a line shows; ""
// for text that is no address.
func HostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// EndpointURL is Target for the URL argument of a command. It leaves out the fragment.
func EndpointURL(s string) (string, error) {
	target, err := Target(s)
	if err != nil {
		return "", fail.Usage("URL %q: %w", WithoutUser(s), err).Hint("barb send http://localhost:4242/webhooks -d '{}'")
	}
	target, _, _ = strings.Cut(target, "#")
	return target, nil
}

// Network returns the network to listen on: tcp4 for an IPv4 address, since 0.0.0.0 would mean IPv6 as well.
func Network(address string) string {
	host, _, _ := net.SplitHostPort(address)
	if ip := net.ParseIP(host); ip != nil && ip.To4() != nil {
		return "tcp4"
	}
	return "tcp"
}

// ListenAddress returns the HOST:PORT of --addr. A missing host is this machine, never all interfaces.
func ListenAddress(addr string) (string, error) {
	if isDigits(addr) {
		addr = ":" + addr
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil || port != "0" && !isPort(port) {
		return "", fail.Usage("--addr %q is not HOST:PORT", addr).Hint("--addr 127.0.0.1:4242, or :0 for a free port")
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

// NetError returns an error of net.Listen without the word tcp: "listen on 127.0.0.1:4242: bind: address already in
// use".
func NetError(err error) error {
	return errors.New(strings.NewReplacer("listen tcp4 ", "listen on ", "listen tcp ", "listen on ").Replace(err.Error()))
}
