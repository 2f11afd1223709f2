package gateway

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/listen/verifier"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store/record"
)

// newRouted returns a gateway with a lane for each route; secrets are the routes' own words.
func newRouted(routes ...route.Route) *Gateway {
	g := &Gateway{Schemes: new(catalog.Set), Tell: func(Event) {}}
	g.Lanes.Rest, g.Lanes.ChecksAs = &Lane{Greeter: Greeter{Off: true}}, (*Lane).ChecksAs
	for i := range routes {
		r := &routes[i]
		l := &Lane{Route: r, Greeter: Greeter{Off: true}}
		if r.Scheme != "" {
			v := &verifier.Verifier{Auto: r.Scheme == "auto"}
			v.Scheme, _ = catalog.Lookup(r.Scheme)
			for _, name := range r.Secrets {
				v.Secrets = append(v.Secrets, sign.Secret{Name: name, Key: []byte(name)})
			}
			l.Verifier.Store(v)
		}
		g.Lanes.Rows = append(g.Lanes.Rows, l)
	}
	return g
}

// received is an exchange as the gateway has checked it.
func receivedBy(g *Gateway, r record.Request) *record.Exchange {
	found := g.Receive(&record.Exchange{Request: r}).Check(time.Now())
	return &record.Exchange{Kind: record.Received, Request: r, Verdict: found.Verdict, Scheme: found.Scheme,
		EventType: found.EventType}
}

const (
	secretA = "a secret of sixteen bytes"
	secretB = "another of sixteen bytes"
)

// message is a webhook with an event type of its scheme, and with the fields of others that were put there to mislead.
type message struct {
	scheme, secret, event, method, path, decoy string
}

func (m message) request(target string) record.Request {
	body := fmt.Sprintf(`{"type":%q}`, m.event)
	signing := sign.Message{Method: m.method, URL: "http://h" + target, Body: []byte(body), Header: http.Header{},
		Time: time.Now(), ID: "msg_1", Event: m.event}
	r := record.Request{Method: m.method, Target: target, URL: signing.URL, Body: signing.Body}
	if scheme, ok := catalog.Lookup(m.scheme); ok {
		signed, err := scheme.Sign(signing, sign.Secret{Key: []byte(m.secret)})
		if err != nil {
			panic(err)
		}
		for _, f := range signed.Fields {
			r.Header = append(r.Header, record.Field(f))
		}
	}
	if m.decoy != "" {
		forged := strings.Repeat("ab", 32)
		decoys := record.Header{{Name: "X-Hub-Signature-256", Value: "sha256=" + forged},
			{Name: "X-GitHub-Event", Value: m.decoy},
			{Name: "X-Shopify-Topic", Value: m.decoy}, {Name: "X-Shopify-Hmac-Sha256", Value: forged},
			{Name: "Stripe-Signature", Value: fmt.Sprintf("t=%d,v1=%s", time.Now().Unix(), forged)}}
		for _, f := range decoys {
			if !r.Header.Has(f.Name) {
				r.Header = append(r.Header, f)
			}
		}
	}
	return r
}

func drawRoute(t *rapid.T) route.Route {
	r := route.Route{Path: rapid.SampledFrom([]string{"", "/", "/a", "/A/", "/a/b", "/c"}).Draw(t, "path")}
	r.Event = rapid.SampledFrom([]string{"", "", "x.*", "x.y", "z"}).Draw(t, "event")
	r.Methods = rapid.SampledFrom([][]string{nil, nil, {"POST"}, {"PUT"}}).Draw(t, "methods")
	if r.Scheme = rapid.SampledFrom([]string{"", "github", "stripe", "auto"}).Draw(t, "scheme"); r.Scheme != "" {
		r.Secrets = []string{rapid.SampledFrom([]string{secretA, secretB}).Draw(t, "secret")}
	}
	return r
}

func drawMessage(t *rapid.T) message {
	events := rapid.SampledFrom([]string{"x.y", "x.z", "z", "other"})
	return message{
		scheme: rapid.SampledFrom([]string{"", "github", "stripe"}).Draw(t, "signed as"),
		secret: rapid.SampledFrom([]string{secretA, secretB}).Draw(t, "signed with"),
		event:  events.Draw(t, "event"), method: rapid.SampledFrom([]string{"POST", "PUT"}).Draw(t, "method"),
		path:  rapid.SampledFrom([]string{"/", "/a", "/a/b", "/a/b/d", "/c", "/other"}).Draw(t, "at"),
		decoy: rapid.SampledFrom([]string{"", "x.y", "z"}).Draw(t, "decoy"),
	}
}

// spelt writes a path in another way that is the same to some app.
func spelt(t *rapid.T, path string) string {
	for range rapid.IntRange(0, 3).Draw(t, "changes") {
		at := rapid.IntRange(1, len(path)).Draw(t, "where")
		before, after := path[:at], path[at:]
		switch rapid.IntRange(0, 6).Draw(t, "change") {
		case 0:
			path = strings.ToUpper(before) + after
		case 1:
			path = before[:at-1] + fmt.Sprintf("%%%02x", before[at-1]) + after
			if at == 1 {
				path = before + after
			}
		case 2:
			path = strings.ReplaceAll(path, "%", "%25")
		case 3:
			path = "/." + path
		case 4:
			path = path[:1] + strings.ReplaceAll(path[1:], "/", `\`)
		case 5:
			path += "/"
		case 6:
			path += ";v=1"
		}
	}
	return rapid.SampledFrom([]string{"", "http://h"}).Draw(t, "authority") + path
}

// plainCovers is Covers for paths that need no reading.
func plainCovers(r *route.Route, path string) bool {
	prefix := strings.ToLower(strings.TrimSuffix(r.Path, "/"))
	return prefix == "" || path == prefix || strings.HasPrefix(path, prefix+"/")
}

// A webhook is forwarded by a route only when that route's own scheme and secret verify it. A route that wants no
// signature gets what another one has verified, where another one covers the path as narrowly or chooses by what the
// sender says.
func TestAWebhookGoesOnlyToRoutesThatVerifiedIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := newRouted(rapid.SliceOfN(rapid.Custom(drawRoute), 1, 5).Draw(t, "routes")...)
		m := drawMessage(t)
		target := spelt(t, m.path)
		r := m.request(target)
		x := receivedBy(g, r)
		if x.Verdict.Status == record.Invalid {
			return
		}
		verifies := func(r *route.Route) bool {
			return r.Scheme != "" && m.scheme != "" && (r.Scheme == m.scheme || r.Scheme == "auto") && r.Secrets[0] == m.secret
		}
		to := g.laneFor(x)
		if to.Checks() && !verifies(to.Route) {
			t.Fatalf("%s of %+v went to %+v", target, m, to.Route)
		}
		var wants []*route.Route // a signature, at the longest path
		exempt := -1
		for _, l := range g.Lanes.Rows {
			switch r := l.Route; {
			case !plainCovers(r, m.path):
			case r.Scheme != "":
				if len(wants) == 0 || r.Depth() > wants[0].Depth() {
					wants = nil
				}
				if len(wants) == 0 || r.Depth() == wants[0].Depth() {
					wants = append(wants, r)
				}
			case r.Event == "" && (len(r.Methods) == 0 || slices.Contains(r.Methods, m.method)):
				exempt = max(exempt, r.Depth())
			}
		}
		if len(wants) > 0 && wants[0].Depth() >= exempt && !slices.ContainsFunc(wants, verifies) {
			t.Fatalf("%s of %+v was taken as %q and went to %+v, unverified by %+v", target, m, x.Verdict.Status,
				to.Route, wants)
		}
	})
}

// What is signed as its path wants is valid, and goes to the app that its event type selects.
func TestAGenuineWebhookFindsItsRoute(t *testing.T) {
	g := newRouted(
		route.Route{Path: "/"},
		route.Route{Path: "/pay", Event: "invoice.*", Scheme: "stripe", Secrets: []string{secretA}},
		route.Route{Path: "/pay", Event: "charge.*", Scheme: "github", Secrets: []string{secretB}},
		route.Route{Path: "/pay/in", Methods: []string{"POST"}},
		route.Route{Path: "/pay/in", Event: "ping"},
		route.Route{Path: "/own", Event: "a", Scheme: "github", Secrets: []string{secretA}},
		route.Route{Path: "/own", Event: "b", Scheme: "github", Secrets: []string{secretB}},
		route.Route{Path: "/mixed", Scheme: "github", Secrets: []string{secretA}},
		route.Route{Path: "/mixed", Event: "ping"},
	)
	const nowhere = -1
	for _, c := range []struct {
		m      message
		status record.VerdictStatus
		to     int // of the routes
	}{
		{message{"stripe", secretA, "invoice.paid", "POST", "/pay", ""}, record.Valid, 1},
		{message{"stripe", secretA, "invoice.paid", "POST", "/pay", "charge.made"}, record.Valid, 1},
		{message{"github", secretB, "charge.made", "POST", "/pay", ""}, record.Valid, 2},
		{message{"stripe", secretA, "charge.made", "POST", "/pay", ""}, record.Valid, 0}, // only github may select that
		{message{"github", secretB, "invoice.paid", "POST", "/pay", ""}, record.Valid, 0},
		{message{"", "", "invoice.paid", "POST", "/pay", ""}, record.Invalid, nowhere},
		{message{"github", secretA, "charge.made", "POST", "/pay", ""}, record.Invalid, nowhere},
		{message{"", "", "other", "POST", "/pay/in", "ping"}, record.Unchecked, 3},
		{message{"", "", "ping", "PUT", "/pay/in", "ping"}, record.Invalid, nowhere},
		{message{"github", secretB, "ping", "PUT", "/pay/in", ""}, record.Valid, 4},
		{message{"github", secretA, "a", "POST", "/own", ""}, record.Valid, 5},
		{message{"github", secretA, "b", "POST", "/own", ""}, record.Valid, 0},
		{message{"github", secretB, "b", "POST", "/own", ""}, record.Valid, 6},
		{message{"", "", "ping", "POST", "/mixed", "ping"}, record.Invalid, nowhere},
		{message{"github", secretA, "ping", "POST", "/mixed", ""}, record.Valid, 7},
		{message{"", "", "x", "POST", "/free", "ping"}, record.Unchecked, 0},
	} {
		x := receivedBy(g, c.m.request(c.m.path))
		if x.Verdict.Status != c.status {
			t.Errorf("%+v is %q (%s), want %q", c.m, x.Verdict.Status, x.Verdict.Reason, c.status)
			continue
		}
		if c.to != nowhere && g.laneFor(x) != g.Lanes.Rows[c.to] {
			t.Errorf("%+v went to %+v, want route %d", c.m, g.laneFor(x).Route, c.to)
		}
	}
}

// Two routes of one path, scheme and secret may still want something else of a signature, such as another host in the
// signed URL. A webhook that only one of them verifies does not go where the other one says.
func TestARouteVerifiesWithItsOwnPublicURL(t *testing.T) {
	square := route.Route{Path: "/p", Scheme: "square", Secrets: []string{secretA}}
	pinged := square
	pinged.Event = "ping"
	g := newRouted(square, pinged)
	g.Lanes.Rows[0].PublicURL, g.Lanes.Rows[1].PublicURL = "https://one.example", "https://two.example"
	wants := map[string]int{"https://one.example/p": 0, "https://two.example/p": -1, "https://three.example/p": -1}
	for url, want := range wants {
		scheme, _ := catalog.Lookup("square")
		body := []byte(`{"type":"x"}`)
		signed, err := scheme.Sign(sign.Message{Method: "POST", URL: url, Body: body}, sign.Secret{Key: []byte(secretA)})
		if err != nil {
			t.Fatal(err)
		}
		x := receivedBy(g, record.Request{Method: "POST", Target: "/p", URL: "http://h/p", Body: body,
			Header: record.Header{record.Field(signed.Fields[0])}})
		switch {
		case (want < 0) != (x.Verdict.Status == record.Invalid):
			t.Errorf("signed for %s it is %q", url, x.Verdict.Status)
		case want >= 0 && g.laneFor(x) != g.Lanes.Rows[want]:
			t.Errorf("signed for %s it went to %+v", url, g.laneFor(x).Route)
		}
	}
}
