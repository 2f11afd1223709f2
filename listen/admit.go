package listen

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/barbhq/barb/store/record"
)

// admit decides by its head alone whether a request is taken, before a byte of its body is read or asked for, and sets
// the URL.
func (c *conn) admit(r *record.Request, length int64) error {
	if err := checkTarget(r); err != nil {
		return err
	}
	host := r.Header.Get("Host")
	if !validHost(host) && host != "" {
		return &record.HeadError{Status: 400, Text: "malformed Host"}
	}
	if host == "" { // HTTP/1.0 need not say whom it means
		host = c.local()
	}
	r.URL = absolute(c.run.Scheme, host, r.Target)
	if c.run.Admit != nil {
		if a := c.run.Admit(c.remote, r); a.Status != 0 {
			return &admissionError{a}
		}
	}
	if e := r.Header.Get("Expect"); e != "" && !expectsContinue(r) && r.Proto != "HTTP/1.0" {
		return &record.HeadError{Status: 417, Text: "Expect must be 100-continue"}
	}
	if length > c.run.MaxBody {
		if length <= c.run.MaxBody+maxDrain {
			c.undrawn = length
		}
		return tooLarge(c.run.MaxBody)
	}
	if !c.fits(max(length, 0)) { // HTTP/2 has -1 where it is not announced
		return c.noRoom()
	}
	return nil
}

// local is the listener's address as a URL can have it: a unix socket has none.
func (c *conn) local() string {
	if a := c.net.LocalAddr(); a.Network() != "unix" {
		return a.String()
	}
	return "localhost"
}

// checkTarget accepts the forms of a request target that an origin server must (RFC 9112, section 3.2).
func checkTarget(r *record.Request) error {
	switch {
	case r.Method == http.MethodConnect:
		return &record.HeadError{Status: 501, Text: "CONNECT is not supported"}
	case strings.Contains(r.Target, "#"): // RFC 9112, section 3.2, has none; an app may end the path there
		return &record.HeadError{Status: 400, Text: "fragment in the request target"}
	case record.IsAbsolute(r.Target) && !validHost(authority(r.Target)):
		return &record.HeadError{Status: 400, Text: "malformed host in the request target"}
	case strings.HasPrefix(r.Target, "/"), record.IsAbsolute(r.Target), r.Method == http.MethodOptions && r.Target == "*":
		return nil
	}
	return &record.HeadError{Status: 400, Text: "malformed request target"}
}

func absolute(scheme, host, target string) string {
	switch {
	case record.IsAbsolute(target):
		return target
	case target == "*":
		return scheme + "://" + host
	}
	return scheme + "://" + host + target
}

// path returns the path in a request target, unchanged.
func path(target string) string {
	target, _, _ = strings.Cut(record.OriginForm(target), "?")
	return target
}

// authority returns the host and port in a request target of absolute form, unchanged.
func authority(target string) string {
	_, rest, _ := strings.Cut(target, "://")
	if end := strings.IndexAny(rest, "/?"); end >= 0 {
		rest = rest[:end]
	}
	return rest
}

// hostChars are the characters of a host and port (RFC 3986, section 3.2.2). Some others would end them in the URL made
// from it.
const hostChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=%:[]"

// validHost reports whether s is a host, with a port or without one (RFC 3986, sections 3.2.2 and 3.2.3).
func validHost(s string) bool {
	if strings.Trim(s, hostChars) != "" {
		return false
	}
	if address, ok := strings.CutPrefix(s, "["); ok {
		address, port, ok := strings.Cut(address, "]")
		ip, err := netip.ParseAddr(address)
		return ok && err == nil && ip.Is6() && (port == "" || port[0] == ':' && validPort(port[1:]))
	}
	name, port, _ := strings.Cut(s, ":")
	_, err := url.PathUnescape(name)
	return name != "" && !strings.ContainsAny(s, "[]") && err == nil && validPort(port)
}

// validPort also accepts no port: a colon may stand before none.
func validPort(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return s == "" || err == nil
}

// expectsContinue reports whether the sender waits for 100 Continue before it sends the body.
func expectsContinue(r *record.Request) bool {
	e := r.Header.Values("Expect")
	return len(e) == 1 && strings.EqualFold(e[0], "100-continue") && r.Proto != "HTTP/1.0"
}

// keepsAlive reports whether the sender wants to use the connection again.
func keepsAlive(r *record.Request) bool {
	if r.Proto == "HTTP/1.0" {
		return hasToken(r.Header, "keep-alive") && !hasToken(r.Header, "close")
	}
	return !hasToken(r.Header, "close")
}

// hasToken reports whether a Connection field holds the token.
func hasToken(h record.Header, token string) bool {
	for _, f := range h {
		if !strings.EqualFold(f.Name, "Connection") {
			continue
		}
		for t := range strings.SplitSeq(f.Value, ",") {
			if strings.EqualFold(strings.Trim(t, " \t"), token) {
				return true
			}
		}
	}
	return false
}

func tooLarge(limit int64) error {
	return &record.HeadError{Status: 413, Text: fmt.Sprintf("body is longer than %d bytes", limit)}
}
