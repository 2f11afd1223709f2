package web

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// gate lets only the browser of the user of this machine to the page. It looks at each request before anything else
// does.
type gate struct {
	hosts   []string // that a request may name, with their port
	public  string   // the host by which a proxy passes the page to a team, always over https; "" without one
	cookie  string   // its name: cookies of one host are shared by all its ports
	code    string   // of the printed address
	session string   // the value of the cookie
	token   string   // that a form must carry to change something
	used    *sync.Once
	random  func() string
	visits  *visits
}

// newGate makes a gate with texts that cannot be guessed.
func newGate(port int, public string, random func() string, now func() time.Time) gate {
	at := ":" + strconv.Itoa(port)
	g := gate{hosts: []string{"127.0.0.1" + at, "localhost" + at, "[::1]" + at}, cookie: "barb_" + at[1:],
		public: public, code: random(), session: random() + random(), token: random() + random(), used: new(sync.Once),
		random: random, visits: &visits{now: now}}
	if public != "" {
		g.hosts = append(g.hosts, public)
	}
	if port == 80 {
		g.hosts = append(g.hosts, "127.0.0.1", "localhost", "[::1]")
	}
	return g
}

// policy is what the page may load, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; " +
	"frame-ancestors 'none'; base-uri 'none'"

// guard is a handler that hands on what may come in.
func (g *gate) guard(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protect(w.Header())
		switch {
		case !slices.Contains(g.hosts, r.Host):
			refuse(w, http.StatusMisdirectedRequest, "This address is not one of barb's. Open the address that barb printed.")
		case r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost:
			w.Header().Set("Allow", "GET, HEAD, POST")
			refuse(w, http.StatusMethodNotAllowed, "barb answers only GET, HEAD and POST here.")
		case !g.isPublic(r) && !mayConnect(r.Context()): // a proxy may run as another user
			refuse(w, http.StatusForbidden, "This page belongs to another user of this machine."+g.aboutProxy())
		case !g.fromHere(r):
			refuse(w, http.StatusForbidden, "Another web page asked for this. Open the address that barb printed.")
		case strings.HasPrefix(r.URL.Path, "/static/") && r.Method != http.MethodPost:
			static(w, r) // they are barb's, not the user's
		case r.URL.Query().Has("code"):
			g.enter(w, r)
		case !g.knows(r):
			refuseWith(w, http.StatusForbidden, howToEnter, onThisHost(r.URL))
		case r.Method == http.MethodPost && (cross.Check(r) != nil || !g.hasToken(w, r)):
			refuse(w, http.StatusForbidden, "The form does not carry this page's token. Reload the page and try again.")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// isPublic reports whether a request names the host of the public URL. It reads no X-Forwarded-Host, which everybody
// who reaches the port can write.
func (g *gate) isPublic(r *http.Request) bool { return g.public != "" && r.Host == g.public }

func (g *gate) aboutProxy() string {
	if g.public == "" {
		return ""
	}
	return " A proxy has to pass on the Host that it was asked for, " + g.public + "."
}

// origin is the origin of the page in the browser that sent a request.
func (g *gate) origin(r *http.Request) string {
	if g.isPublic(r) {
		return "https://" + g.public
	}
	return "http://" + r.Host
}

// protect sets what every answer has.
func protect(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
	h.Set("Cache-Control", "no-store")
}

// fromHere reports whether a request comes from the page itself or from a person: one who types its address, follows a
// link to it, or opens it with a program. What another page asks for by a script, a frame, a form or an image does not.
// A page on another port of this machine is another page, though browsers call it the same site.
func (g *gate) fromHere(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" && origin != "null" && origin != g.origin(r) {
		return false
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return true
	case "": // a program, or an old browser
		return r.Header.Get("Origin") != "null"
	}
	return r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") == "navigate" &&
		r.Header.Get("Sec-Fetch-Dest") == "document" && r.URL.Path != "/events"
}

// knows reports whether a request has the cookie.
func (g *gate) knows(r *http.Request) bool {
	c, err := r.Cookie(g.cookieFor(r).Name)
	return err == nil && same(c.Value, g.session)
}

// cookieFor is the cookie of the browser that sent a request. By the public URL it goes over https only, and no other
// host of the domain can set it.
func (g *gate) cookieFor(r *http.Request) *http.Cookie {
	c := &http.Cookie{Name: g.cookie, Value: g.session, Path: "/", HttpOnly: true,
		SameSite: http.SameSiteStrictMode, MaxAge: int(7 * 24 * time.Hour / time.Second)}
	if g.isPublic(r) {
		c.Name, c.Secure = "__Host-barb", true
	}
	return c
}

// enter takes the code out of the address. The first request with the right one gets the cookie; with a public URL each
// does, since each browser of the team needs one (ADR 43).
func (g *gate) enter(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	right := same(query.Get("code"), g.code)
	entered, visited := false, false
	if r.Method == http.MethodGet {
		entered, visited = g.visits.spend(query.Get("code"))
	}
	if !g.knows(r) {
		if right && r.Method == http.MethodGet {
			g.used.Do(func() { entered = true })
			entered = entered || g.public != ""
		}
		switch {
		case entered:
			http.SetCookie(w, g.cookieFor(r))
		case visited:
			refuse(w, http.StatusForbidden, "This address works once, for two minutes. Press o in barb tui again.")
			return
		case right:
			refuse(w, http.StatusForbidden, "This address was opened before, and works once. "+howToEnter)
			return
		default:
			refuse(w, http.StatusForbidden, "The code in this address is wrong. "+howToEnter)
			return
		}
	}
	http.Redirect(w, r, onThisHost(r.URL), http.StatusSeeOther)
}

// onThisHost is the address of a request without the code.
func onThisHost(asked *url.URL) string {
	query := asked.Query()
	query.Del("code")
	to := url.URL{Path: "/" + strings.TrimLeft(asked.Path, "/\\"), RawQuery: query.Encode()} // //host is another host
	return to.String()
}

// hasToken reports whether a form carries the token of the page. It reads the form.
func (g *gate) hasToken(w http.ResponseWriter, r *http.Request) bool {
	r.Body = http.MaxBytesReader(w, r.Body, longestForm)
	if r.URL.Query().Has("token") || r.ParseForm() != nil {
		return false
	}
	return same(r.PostForm.Get("token"), g.token)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

const howToEnter = "Open the address that barb printed when it started: it holds a code that opens the page once. " +
	"barb ui prints a new one. If this browser had the page open before, follow the link."
