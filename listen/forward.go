package listen

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/barbhq/barb/store/record"
)

// Forward makes of a received request the one for a local app at target, an http or https URL. remote is the sender's
// ip:port; anything else is not passed on.
//
// A target without a path (or with "/") gets the received path; one with a path of its own keeps that. The query is the
// target's, then the received one, byte for byte. Fields that concern one connection only are left out, Host follows the
// target, X-Forwarded-For is added or continued, X-Forwarded-Host and X-Forwarded-Proto are added where no proxy before
// has. A chunked body gets a Content-Length and loses its trailers. All else is as it came, in its order.
func Forward(r *record.Request, target, remote string) (record.Request, error) {
	base, wire, err := splitTarget(target)
	if err != nil {
		return record.Request{}, err
	}
	out := record.Request{Method: r.Method, Proto: "HTTP/1.1", Body: r.Body}
	out.Target = joinTarget(wire, origin(r.WireTarget()))
	out.URL = base + strings.TrimPrefix(out.Target, "*")
	_, host, _ := strings.Cut(base, "://")
	out.Header = forwarded(reframed(hopless(r.Header), r, host), r, remote)
	return out, nil
}

// splitTarget takes a target apart into scheme and authority, and path and query; neither is changed.
func splitTarget(target string) (base, wire string, err error) {
	u, err := url.Parse(target)
	switch {
	case err != nil:
		var why *url.Error
		if errors.As(err, &why) {
			err = why.Err
		}
		return "", "", fmt.Errorf("forward target %q: %w", target, err)
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return "", "", fmt.Errorf("forward target %q is not an http or https URL, such as http://127.0.0.1:3000/hooks", target)
	case u.User != nil:
		return "", "", fmt.Errorf("forward target %q has user info: leave it out", u.Redacted())
	}
	target, _, _ = strings.Cut(target, "#")
	end := strings.Index(target, "://") + len("://")
	if i := strings.IndexAny(target[end:], "/?"); i >= 0 {
		return target[:end+i], target[end+i:], nil
	}
	return target, "", nil
}

// joinTarget puts the path and query of a target and of a received request together.
func joinTarget(target, received string) string {
	path, query, has := strings.Cut(target, "?")
	receivedPath, receivedQuery, receivedHas := strings.Cut(received, "?")
	if path == "" || path == "/" {
		path = receivedPath
	}
	switch {
	case has && query != "" && receivedHas:
		return path + "?" + query + "&" + receivedQuery
	case has && query != "":
		return path + "?" + query
	case receivedHas:
		return path + "?" + receivedQuery
	}
	return path
}

// hopless returns the fields without those that concern one connection only (RFC 9110, section 7.6.1).
func hopless(h record.Header) record.Header {
	if len(h) == 0 {
		return nil
	}
	names := []string{"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE",
		"Trailer", "Transfer-Encoding", "Upgrade"}
	for _, value := range h.Values("Connection") {
		for name := range strings.SplitSeq(value, ",") {
			names = append(names, strings.Trim(name, " \t"))
		}
	}
	return h.Without(names...)
}

// reframed returns the fields with the host they go to, and with a length where the body needs one: chunks are gone by
// now, and Connection may have named Content-Length to be rid of it.
func reframed(h record.Header, r *record.Request, host string) record.Header {
	if h.Has("Host") {
		h = h.Set("Host", host)
	} else {
		h = append(record.Header{{Name: "Host", Value: host}}, h...)
	}
	if r.Header.Has("Transfer-Encoding") || len(r.Body) > 0 && !h.Has("Content-Length") {
		h = h.Set("Content-Length", strconv.Itoa(len(r.Body)))
	}
	return h
}

// forwarded returns the fields with those that tell the app whom the sender meant and where it was.
func forwarded(h record.Header, r *record.Request, remote string) record.Header {
	if ip, err := netip.ParseAddrPort(remote); err == nil { // a unix socket has none
		h = continued(h, "X-Forwarded-For", ip.Addr().String())
	}
	if host := r.Header.Get("Host"); host != "" && !h.Has("X-Forwarded-Host") {
		h = append(h, record.Field{Name: "X-Forwarded-Host", Value: host})
	}
	if scheme, _, ok := strings.Cut(r.URL, "://"); ok && !h.Has("X-Forwarded-Proto") {
		h = append(h, record.Field{Name: "X-Forwarded-Proto", Value: scheme})
	}
	return h
}

// continued adds a value to the list that the last field of that name ends with, or a field when there is none.
func continued(h record.Header, name, value string) record.Header {
	for i := len(h) - 1; i >= 0; i-- {
		if strings.EqualFold(h[i].Name, name) {
			h[i].Value += ", " + value
			return h
		}
	}
	return append(h, record.Field{Name: name, Value: value})
}

// Relay makes of what came of a forward the sender's answer: the app's own, or 504 when it was not whole in time, or 502 when
// it did not come or broke off, which is said of one in an unknown transfer coding, too.
func Relay(app *record.Response, why *record.Failure) *record.Response {
	switch {
	case app != nil && why == nil:
		return &record.Response{Status: app.Status, Reason: app.Reason, Header: hopless(app.Header), Body: app.Body}
	case why != nil && why.Kind == record.FailTimeout:
		return plain(http.StatusGatewayTimeout)
	}
	return plain(http.StatusBadGateway)
}
