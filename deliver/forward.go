package deliver

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/barbhq/barb/store/record"
)

// Forward returns the request that passes a received one on to an app at target, as Readdress does. X-Forwarded-For is
// added or continued, X-Forwarded-Host and X-Forwarded-Proto are added where no proxy before has. remote is the
// sender's ip:port; anything else is not passed on.
func Forward(r *record.Request, target, remote string) (record.Request, error) {
	out, err := Readdress(r, target)
	if err == nil {
		out.Header = forwarded(out.Header, r, remote)
	}
	return out, err
}

// Readdress returns a received request for another address, an http or https URL. An error says what is wrong with it.
//
// A target without a path (or with "/") gets the received path; one with a path of its own keeps that. The query is the
// target's, then the received one, byte for byte. Fields that concern one connection only are left out, and Host
// follows the target. A chunked body gets a Content-Length and loses its trailers. The rest keeps its order and bytes.
func Readdress(r *record.Request, target string) (record.Request, error) {
	t, err := ParseTarget(target)
	if err != nil {
		return record.Request{}, err
	}
	return t.Readdress(r), nil
}

// Target is a target of Readdress, for many requests.
type Target struct{ base, host, wire string }

// ParseTarget refuses what Readdress refuses.
func ParseTarget(target string) (Target, error) {
	base, wire, err := splitTarget(target)
	_, host, _ := strings.Cut(base, "://")
	return Target{base: base, host: host, wire: wire}, err
}

// Readdress returns a received request for the target, as the function Readdress does.
func (t Target) Readdress(r *record.Request) record.Request {
	out := record.Request{Method: r.Method, Proto: "HTTP/1.1", Body: r.Body}
	out.Target = joinTarget(t.wire, record.OriginForm(r.WireTarget()))
	out.URL = t.base + strings.TrimPrefix(out.Target, "*")
	out.Header = reframed(r.Header.EndToEnd(), r, t.host)
	return out
}

// splitTarget splits a target into its scheme and authority, and its path and query. It changes neither.
func splitTarget(target string) (base, wire string, err error) {
	u, err := url.Parse(target)
	switch {
	case err != nil:
		if why, ok := errors.AsType[*url.Error](err); ok {
			err = why.Err
		}
		return "", "", fmt.Errorf("forward target %q: %w", target, err)
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return "", "", fmt.Errorf("forward target %q is not an http or https URL, such as http://127.0.0.1:3000/hooks",
			target)
	case u.User != nil:
		return "", "", fmt.Errorf("forward target %q contains a user name or password: leave it out", u.Redacted())
	}
	target, _, _ = strings.Cut(target, "#")
	end := strings.Index(target, "://") + len("://")
	if i := strings.IndexAny(target[end:], "/?"); i >= 0 {
		return target[:end+i], target[end+i:], nil
	}
	return target, "", nil
}

// joinTarget joins the path and query of a target with those of a received request.
func joinTarget(target, received string) string {
	path, query, _ := strings.Cut(target, "?")
	receivedPath, receivedQuery, has := strings.Cut(received, "?")
	if path == "" || path == "/" {
		path = receivedPath
	}
	switch {
	case query != "" && has:
		return path + "?" + query + "&" + receivedQuery
	case query != "":
		return path + "?" + query
	case has:
		return path + "?" + receivedQuery
	}
	return path
}

// reframed returns h, which it changes, with host as its Host, and with a Content-Length where the body needs one: the
// chunks of a body are joined by now, and a Connection field may have removed Content-Length.
func reframed(h record.Header, r *record.Request, host string) record.Header {
	if h.Has("Host") {
		h = h.SetInPlace(record.Field{Name: "Host", Value: host})
	} else {
		h = append(record.Header{{Name: "Host", Value: host}}, h...)
	}
	if r.Header.Has("Transfer-Encoding") || len(r.Body) > 0 && !h.Has("Content-Length") {
		h = h.SetInPlace(record.Field{Name: "Content-Length", Value: strconv.Itoa(len(r.Body))})
	}
	return h
}

// forwarded returns h with the X-Forwarded fields, which tell the app where the request came from and to which host.
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

// CheckOwn returns why a field cannot be set in what is forwarded. The error does not quote the value, which may be a
// secret.
func CheckOwn(f record.Field) error {
	if record.CheckField(f) != nil {
		return fmt.Errorf("%q is not a valid header name", f.Name)
	}
	if strings.EqualFold(f.Name, "Content-Length") || len(record.Header{f}.EndToEnd()) == 0 {
		return fmt.Errorf("%s cannot be set: barb writes it itself", f.Name)
	}
	return nil
}

// WithOwn returns h with the fields of own in place of those of the same names. Host keeps its place.
func WithOwn(h, own record.Header) record.Header {
	if len(own) == 0 {
		return h
	}
	h = slices.DeleteFunc(slices.Clone(h), func(f record.Field) bool {
		return own.Has(f.Name) && !strings.EqualFold(f.Name, "Host")
	})
	for _, f := range own {
		if strings.EqualFold(f.Name, "Host") {
			h = h.Set("Host", f.Value)
			continue
		}
		h = append(h, f)
	}
	return h
}

// continued appends value to the last field of the given name, or adds such a field when there is none.
func continued(h record.Header, name, value string) record.Header {
	for i := len(h) - 1; i >= 0; i-- {
		if strings.EqualFold(h[i].Name, name) {
			h[i].Value += ", " + value
			return h
		}
	}
	return append(h, record.Field{Name: name, Value: value})
}
