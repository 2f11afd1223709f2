package route

import (
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A router reports whether an app of a framework hands a POST for a target to its handler of /stripe, or to the one
// of what lies below. conformance/routing_test.go records in testdata/routers.txt what the real ones do.
type router func(target string) bool

var routers = map[string]router{
	"express4": ignoringCase, "express5": ignoringCase, "koa": ignoringCase,
	"fastify4": fastify(";"), "fastify5": fastify(""), "fastify5-lenient": fastifyLenient,
	"hono": hono, "node": newURL, "flask": flask, "django": django, "nethttp": netHTTP,
	"rails": rails,
}

func exactOrBelow(path string) bool { return path == "/stripe" || strings.HasPrefix(path, "/stripe/") }

// upTo is a target up to the first of some characters.
func upTo(target, ends string) string {
	if i := strings.IndexAny(target, ends); i >= 0 {
		return target[:i]
	}
	return target
}

// ignoringCase matches the path as it stands, as Express 4 and 5 and Koa's router do.
func ignoringCase(target string) bool { return exactOrBelow(asciiLower(upTo(target, "?#"))) }

func asciiLower(s string) string {
	return strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}, s)
}

// reserved are the escapes that decodeURI leaves (ECMA-262, section 19.2.6.2).
const reserved = ";/?:@&=+$,#"

// decodeURI decodes a path but for reserved characters; false when an escape is none, or not of UTF-8.
func decodeURI(path string) (string, bool) {
	var out strings.Builder
	for i := 0; i < len(path); i++ {
		c, ok := escape(path[i:])
		switch {
		case path[i] != '%':
			out.WriteByte(path[i])
		case !ok:
			return "", false
		case strings.IndexByte(reserved, c) >= 0:
			out.WriteString(path[i : i+3])
			i += 2
		default:
			out.WriteByte(c)
			i += 2
		}
	}
	return out.String(), true
}

func fastify(also string) router {
	return func(target string) bool {
		path, ok := decodeURI(upTo(target, "?#"+also))
		return ok && exactOrBelow(path)
	}
}

func fastifyLenient(target string) bool {
	path := upTo(target, "?#")
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	path, ok := decodeURI(path)
	return ok && exactOrBelow(asciiLower(path))
}

// whatwg is the path of a URL as browsers and new URL have it: with slashes for backslashes and without dot segments,
// whose dots may be escaped (URL Standard, section 4.4).
func whatwg(path string) string {
	segments := strings.Split(strings.ReplaceAll(upTo(path, "?#"), `\`, "/"), "/")[1:]
	var out []string
	for i, s := range segments {
		last := i == len(segments)-1
		switch strings.ReplaceAll(asciiLower(s), "%2e", ".") {
		case ".":
			if last {
				out = append(out, "")
			}
		case "..":
			out = out[:max(len(out)-1, 0)]
			if last {
				out = append(out, "")
			}
		default:
			out = append(out, s)
		}
	}
	return "/" + strings.Join(out, "/")
}

// newURL is a handler that compares new URL(target, base).pathname.
func newURL(target string) bool {
	if slashes := strings.ReplaceAll(target, `\`, "/"); strings.HasPrefix(slashes, "//") { // an authority
		rest := strings.TrimLeft(slashes, "/")
		if authority := upTo(rest, "/?#"); authority == "" || strings.ContainsAny(authority, "%<>^|@:[]") {
			return false // mostly no host, and so no URL
		}
		target = rest[len(upTo(rest, "/?#")):]
		if !strings.HasPrefix(target, "/") {
			return false
		}
	}
	return exactOrBelow(whatwg(target))
}

func hono(target string) bool {
	path := whatwg(target)
	if decoded, ok := decodeURI(path); ok {
		path = decoded
	}
	return exactOrBelow(path)
}

// unquoted decodes each escape once, as urllib.parse.unquote does.
func unquoted(path string) string {
	var out []byte
	for len(path) > 0 {
		if c, ok := escape(path); ok {
			out, path = append(out, c), path[3:]
			continue
		}
		out, path = append(out, path[0]), path[1:]
	}
	return string(out)
}

// oneSlash is what http.server makes of slashes at the beginning.
func oneSlash(target string) string { return "/" + strings.TrimLeft(target, "/") }

func flask(target string) bool {
	path := unquoted(upTo(oneSlash(target), "?#"))
	return exactOrBelow("/"+strings.TrimLeft(path, "/")) &&
		(!strings.HasSuffix(path, "/") || strings.Trim(path, "/") != "stripe")
}

func django(target string) bool {
	path := unquoted(upTo(oneSlash(target), "?"))
	return exactOrBelow(path) && path != "/stripe/" // a parameter is not empty
}

// netHTTP redirects what is not clean as it stands.
func netHTTP(target string) bool {
	raw := upTo(target, "?")
	path, err := url.PathUnescape(raw)
	return err == nil && exactOrBelow(path) && !strings.Contains(raw, "//") &&
		!slices.ContainsFunc(strings.Split(raw, "/"), func(s string) bool { return s == "." || s == ".." })
}

var formatted = regexp.MustCompile(`^/stripe(\.[^/.?]+)?$`)

// rails is what the router of Rails does by default, read off its source and not recorded: it takes any format at the
// end of a path, after it has made one slash of several and cut the one at the end.
func rails(target string) bool {
	path := "/" + strings.Join(strings.FieldsFunc(upTo(target, "?"), func(c rune) bool { return c == '/' }), "/")
	return formatted.MatchString(path)
}

// forwardedAs is the target that an app behind barb gets.
func forwardedAs(target string) string {
	if strings.HasPrefix(target, "/") {
		return target
	}
	return "/" + strings.TrimPrefix(afterAuthority(target), "/")
}

// recordedRouters is what the real routers did: of each spelling those that handed it to a handler of /stripe.
func recordedRouters(t testing.TB) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("testdata/routers.txt")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		quoted, names, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		target, err := strconv.Unquote(quoted)
		if err != nil {
			t.Fatal(err)
		}
		all[target] = strings.Fields(names)
	}
	return all
}

// What a real router hands to the handler, its model hands to it as well, so that the models find in fuzzing what the
// real ones would.
func TestModelsOfRoutersMissNothingThatTheRealOnesDo(t *testing.T) {
	more, all := 0, 0
	for target, by := range recordedRouters(t) {
		if !isTaken(target) {
			continue
		}
		for name, hands := range routers {
			model := hands(forwardedAs(target))
			if model {
				all++
			}
			switch {
			case slices.Contains(by, name) && !model:
				t.Errorf("%s hands over %q, its model does not", name, target)
			case model && !slices.Contains(by, name):
				more++
				t.Logf("%s does not hand over %q, its model does", name, target)
			}
		}
	}
	if more > all/10 {
		t.Errorf("the models hand over %d of %d spellings that the real routers do not", more, all)
	}
}

// isTaken reports whether listen takes a target: a path or an http URL, without a fragment.
func isTaken(target string) bool {
	unseen := func(c rune) bool { return c <= ' ' || c == 0x7f || c == '#' }
	return (strings.HasPrefix(target, "/") || strings.HasPrefix(asciiLower(target), "http://")) &&
		!strings.ContainsFunc(target, unseen)
}

func FuzzRouteMatching(f *testing.F) {
	for target, by := range recordedRouters(f) {
		if len(by) > 0 {
			f.Add(target)
		}
	}
	for _, target := range []string{"/stripe.json", "//stripe.x/", "/stripe.;x", `/stripe.a\b`,
		"/stripe.%2f", "/stripe."} {
		f.Add(target)
	}
	lanes := lanesOf(Route{Path: "/stripe", Scheme: "stripe"}, Route{Path: "/"}, Route{Path: "/free"})
	f.Fuzz(func(t *testing.T, target string) {
		if !isTaken(target) {
			return
		}
		if path := Path(target); !strings.ContainsAny(path, "?#") && Path(path) != path {
			t.Errorf("Path(%q) is %q, and of that %q", target, path, Path(path))
		}
		for name, hands := range routers {
			if hands(forwardedAs(target)) && !lanes.Guards("POST", target)[0][0].Checks() {
				t.Errorf("%s hands %q to the handler of /stripe, and barb does not check it", name, target)
			}
		}
	})
}
