package web

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/shell"
)

// publicHint is how to say where a team finds the page.
const publicHint = "--public-url https://barb.team.example"

// publicHost returns the host of --public-url as browsers send it: in lower case, and with its port where that is not
// 443.
func publicHost(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Opaque != "" {
		return "", fail.Usage("--public-url: %q is not https://HOST", text).Hint(publicHint)
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	isName := host != "" && strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789-.") == "" && host[len(host)-1] != '.'
	isAddress := net.ParseIP(host) != nil
	n, errPort := strconv.ParseUint(port, 10, 16)
	switch {
	case u.Scheme != "https":
		return "", fail.Usage("--public-url is https://…: over http, everybody on the way reads the cookie of the page").
			Hint(publicHint)
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", fail.Usage("--public-url has no path: the page needs a host of its own").Hint(publicHint)
	case !isName && !isAddress, port != "" && (errPort != nil || n == 0), strings.HasSuffix(u.Host, ":"):
		return "", fail.Usage("--public-url: %q is no host that a browser asks for (an international name is xn--…)", u.Host).
			Hint(publicHint)
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" && n != 443 {
		host += ":" + strconv.FormatUint(n, 10)
	}
	return host, nil
}

// readOnly says why the page changes nothing, "" when it offers changes. A history on a server, and a page that a proxy
// passes on, belong to several people: changes are off until somebody asks for them.
func (f *Flag) readOnly(sh *shell.Shell) string {
	switch {
	case f.allowChanges:
		return ""
	case f.public != "":
		return "This page only shows webhooks: barb ui --public-url was started without --allow-changes."
	case sh.IsShared():
		return "This page only shows webhooks: others use this history, too. barb ui --allow-changes can change it."
	}
	return ""
}
