package conformance

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var longHex = regexp.MustCompile(`[0-9a-f]{32,}`)

// respellings spell a signature in ways that barb reads and no provider sends, by their names in barb schemes.
var respellings = map[string]func(value string) string{
	"upper_case": func(v string) string { return longHex.ReplaceAllStringFunc(v, strings.ToUpper) },
	"blanks": func(v string) string {
		if strings.Contains(v, ", ") {
			return strings.ReplaceAll(v, ", ", ",")
		}
		return strings.NewReplacer(",", ", ", ";", "; ").Replace(v)
	},
	"scheme_case": func(v string) string {
		if scheme, rest, ok := strings.Cut(v, " "); ok && (scheme == "Basic" || scheme == "Bearer") {
			return strings.ToLower(scheme) + " " + rest
		}
		return v
	},
}

// respelt returns a message with its signature in another spelling; false when it has none.
func (p *provider) respelt(m message, respell func(string) string) (message, bool) {
	before := m.wire()
	m.fields = slices.Clone(m.fields)
	for i, f := range m.fields {
		if slices.ContainsFunc(append([]string{p.Header}, p.More...),
			func(name string) bool { return strings.EqualFold(f[0], name) }) {
			m.fields[i][1] = respell(f[1])
		}
	}
	if strings.Contains(p.Header, ":") && p.Name != "mailgun" { // Mailgun's token is hex too, and signed
		m.body = []byte(respell(string(m.body)))
	}
	return m, !bytes.Equal(m.wire(), before)
}

// SDKs of a provider refuse exactly the spellings that barb schemes calls strict.
func TestSDKsRefuseTheSpellingsThatTheCatalogueNames(t *testing.T) {
	known, sampleOf := catalogue(t), samples(t)
	refused := map[string][]string{}
	for _, a := range everyAdapter(t) {
		// The adapter removes Bearer itself.
		if !a.Verify || strings.Contains(a.Function, "verifySignedJwtWithCertsAsync") || a.Provider == "vonage" {
			continue
		}
		t.Run(a.Provider+" "+a.SDK, func(t *testing.T) {
			p := &provider{scheme: known[a.Provider], sample: sampleOf(a.Provider)}
			p.secrets = p.pairs(t)
			for name, respell := range respellings {
				m, ok := p.respelt(p.fresh(t), respell)
				if !ok || !p.accepts(t, m, p.secrets[0]) {
					continue
				}
				r := a.judge.ask(t, question{
					Op: "verify", Provider: a.Provider, SDK: a.SDK, Time: time.Now().Unix(), Params: p.Params,
					Method: m.method, URL: m.url, Headers: m.fields, Body: m.body, Secrets: []string{p.secrets[0].verifies},
				})
				if r.Fault != "" {
					t.Fatal(r.Fault)
				}
				if r.Verdict != verdict(true) && !slices.Contains(refused[a.Provider], name) {
					refused[a.Provider] = append(refused[a.Provider], name)
				}
			}
		})
	}
	for name, s := range known {
		slices.Sort(s.Strict)
		slices.Sort(refused[name])
		if !slices.Equal(s.Strict, refused[name]) {
			t.Errorf("%s: barb schemes calls %q strict, its SDKs refuse %q", name, s.Strict, refused[name])
		}
	}
}
