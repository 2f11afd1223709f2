package commands

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// expandTarget makes an address of what people type for one: :3000 and 3000 are ports of this machine, a missing scheme
// is http, as in curl.
func expandTarget(s string) (string, error) {
	switch {
	case s == "":
		return "", errors.New("empty")
	case isDigits(s):
		s = "http://127.0.0.1:" + s
	case strings.HasPrefix(s, ":"):
		s = "http://127.0.0.1" + s
	case !strings.Contains(s, "://"):
		s = "http://" + s
	}
	u, err := url.Parse(s)
	if err != nil {
		return "", errors.Unwrap(err)
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return "", fmt.Errorf("scheme %q is neither http nor https", u.Scheme)
	case u.Hostname() == "":
		return "", errors.New("no host")
	case u.User != nil:
		return "", errors.New("user and password do not belong in a URL; use -H 'Authorization: …'")
	case u.Port() != "" && !isPort(u.Port()):
		return "", fmt.Errorf("port %s is not between 1 and 65535", u.Port())
	}
	return s, nil
}

// withoutUser is an address as it may be shown: what stands before an @ can be a password.
func withoutUser(s string) string {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		scheme, rest = "", s
	} else {
		scheme += "://"
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	if at := strings.LastIndexByte(rest[:end], '@'); at >= 0 {
		rest = "…" + rest[at:]
	}
	return scheme + rest
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func isPort(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n > 0 && n < 65536
}

// hostOf is the host of an address, with its port where one is written.
func hostOf(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	return u.Host, nil
}

func lengthOf(body []byte) string { return strconv.Itoa(len(body)) }
