package explain

import (
	"net/url"
	"slices"
	"strings"
)

// address is a URL split into the parts that proxies change, each as written.
type address struct{ scheme, host, port, path, query string }

func parseAddress(u string) (address, bool) {
	u, _, _ = strings.Cut(u, "#")
	scheme, rest, ok := strings.Cut(u, "://")
	if !ok {
		return address{}, false
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	a := address{scheme: scheme, path: rest[end:]}
	a.host, a.port = cutPort(rest[:end])
	if i := strings.IndexByte(a.path, '?'); i >= 0 {
		a.path, a.query = a.path[:i], a.path[i:]
	}
	return a, true
}

func cutPort(host string) (name, port string) {
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		return host[:i], host[i:]
	}
	return host, ""
}

func (a address) String() string { return a.scheme + "://" + a.host + a.port + a.path + a.query }

// step is one change of an address.
type step struct {
	kind          Kind
	change, words string
	to            address
}

// signsURL reports whether the URL, or a part of it, is signed.
func signsURL(t *trial) bool {
	c := &t.scheme
	if c.JWT != nil {
		return t.message.URL != "" && c.JWT.URL != ""
	}
	return t.message.URL != "" && (c.Code != "" || strings.Contains(c.Content, "{url}") ||
		strings.Contains(c.Content, "{path}"))
}

// urls makes the variants with other spellings of the URL: every single change, then two, up to all four at once.
func urls(t trial, yield func(variant) bool) { addresses(t, 4, 64, yield) }

// nearURLs are the few URLs that are combined with other changes.
func nearURLs(t trial, yield func(variant) bool) { addresses(t, 2, 8, yield) }

// addresses changes the URL, then changes up to most of the results once more, and so on.
func addresses(t trial, levels, most int, yield func(variant) bool) {
	start, ok := parseAddress(t.message.URL)
	if !ok || !signsURL(&t) {
		return
	}
	level := []variant{{trial: t, part: Message}}
	for range levels {
		var next []variant
		for _, v := range level[:min(len(level), most)] {
			at, _ := parseAddress(v.message.URL)
			for _, s := range steps(at, start, &t) {
				w := v.with(s)
				if !yield(w) {
					return
				}
				next = append(next, w)
			}
		}
		level = next
	}
}

func (v variant) with(s step) variant {
	if v.kind == "" {
		v.kind, v.change, v.words = s.kind, s.change, s.words
	} else {
		v.also = append(slices.Clone(v.also), s.kind)
		v.change += " and " + s.change
	}
	v.message.URL = s.to.String()
	return v
}

// steps returns the possible changes of an address. Each part is changed once only: a part that differs from start
// stays.
func steps(a, start address, t *trial) (all []step) {
	add := func(kind Kind, change, words string, to address) {
		if to != a {
			all = append(all, step{kind, change, words, to})
		}
	}
	if a.scheme == start.scheme {
		to := a
		to.scheme = map[string]string{"http": "https", "https": "http"}[strings.ToLower(a.scheme)]
		if to.scheme != "" {
			add(URLScheme, "the URL begins with "+to.scheme+"://", "a proxy ends TLS before the receiver", to)
		}
	}
	if a.host == start.host {
		for _, host := range hosts(t) {
			to := a
			to.host, to.port = cutPort(host)
			add(URLHost, "the host of the URL is "+host, "there is a proxy or a tunnel between the sender and the receiver", to)
		}
	}
	if a.port == start.port {
		for _, port := range []string{"", ":443", ":80", ":8080", ":8443", ":3000"} {
			to := a
			to.port = port
			add(URLPort, portChange(port), "the sender calls the receiver on another port", to)
		}
	}
	return append(all, pathSteps(a, start, t)...)
}

func portChange(port string) string {
	if port == "" {
		return "the URL has no port"
	}
	return "the port of the URL is " + port[1:]
}

func pathSteps(a, start address, t *trial) (all []step) {
	add := func(kind Kind, change, words string, path, query string) {
		if path != a.path || query != a.query {
			to := a
			to.path, to.query = path, query
			all = append(all, step{kind, change, words, to})
		}
	}
	if a.path == start.path {
		if trimmed, ok := strings.CutSuffix(a.path, "/"); ok {
			add(URLSlash, "the path of the URL does not end with a slash", "the URL is registered without the slash", trimmed,
				a.query)
		} else {
			add(URLSlash, "the path of the URL ends with a slash", "the URL is registered with the slash", a.path+"/", a.query)
		}
		for _, prefix := range first(t, "X-Forwarded-Prefix", "X-Script-Name") {
			add(URLPath, "the path of the URL begins with "+prefix, "a proxy removes the prefix",
				strings.TrimSuffix(prefix, "/")+a.path, a.query)
		}
		for _, target := range first(t, "X-Original-URI", "X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Uri",
			"X-Envoy-Original-Path") {
			path, query, found := strings.Cut(target, "?")
			if found {
				query = "?" + query
			}
			add(URLPath, "the path of the URL is "+target, "a proxy rewrites the path", path, query)
		}
		if plain, err := url.PathUnescape(a.path); err == nil {
			add(URLEncoding, "the path of the URL is percent-decoded", "the path was encoded on its way", plain, a.query)
			add(URLEncoding, "the path of the URL is percent-encoded", "the path was decoded on its way",
				(&url.URL{Path: plain}).EscapedPath(), a.query)
		}
	}
	if a.query == start.query && len(a.query) > 1 {
		add(URLQueryOrder, "the query of the URL is sorted", "something changed the order of the query", a.path,
			sortedQuery(a.query))
		for _, query := range permutedQueries(a.query) {
			add(URLQueryOrder, "the query of the URL is in another order", "something changed the order of the query", a.path,
				query)
		}
		add(URLQueryLost, "the URL has no query", "the URL is registered without the query", a.path, "")
		if plain, err := url.QueryUnescape(a.query[1:]); err == nil {
			add(URLEncoding, "the query of the URL is decoded", "the query was encoded on its way", a.path, "?"+plain)
		}
		add(URLEncoding, "spaces in the query are %20, not +", "the query was encoded again", a.path,
			strings.ReplaceAll(a.query, "+", "%20"))
		add(URLEncoding, "spaces in the query are +, not %20", "the query was encoded again", a.path,
			strings.ReplaceAll(a.query, "%20", "+"))
	}
	return all
}

// hosts returns the possible names of the receiver: from proxies, from the Host header, and with or without www.
func hosts(t *trial) []string {
	list := first(t, "X-Forwarded-Host", "X-Original-Host", "X-Forwarded-Server", "Host")
	fields := strings.FieldsFunc(t.message.Header.Get("Forwarded"), func(r rune) bool { return r == ';' || r == ',' })
	for _, field := range fields {
		if name, host, ok := strings.Cut(strings.TrimSpace(field), "="); ok && strings.EqualFold(name, "host") {
			list = append(list, strings.Trim(host, `"`))
		}
	}
	if a, ok := parseAddress(t.message.URL); ok {
		list = append(list, strings.ToLower(a.host)+a.port, strings.TrimPrefix(a.host, "www.")+a.port,
			"www."+strings.TrimPrefix(a.host, "www.")+a.port)
	}
	return list
}

// first returns the first entry of each of the present headers; proxies append theirs behind it.
func first(t *trial, names ...string) (found []string) {
	for _, name := range names {
		value, _, _ := strings.Cut(t.message.Header.Get(name), ",")
		if value = strings.TrimSpace(value); value != "" && len(value) < 1<<10 {
			found = append(found, value)
		}
	}
	return found
}

func sortedQuery(query string) string {
	pairs := strings.Split(query[1:], "&")
	slices.Sort(pairs)
	return "?" + strings.Join(pairs, "&")
}

// permutedQueries returns all orders of a query of up to four fields.
func permutedQueries(query string) (all []string) {
	pairs := strings.Split(query[1:], "&")
	if len(pairs) > 4 {
		return nil
	}
	for order := range permutations(pairs) {
		all = append(all, "?"+strings.Join(order, "&"))
	}
	return all
}
