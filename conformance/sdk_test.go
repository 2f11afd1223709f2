package conformance

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// atLeast is the minimum number of providers judged by an SDK of their own.
const atLeast = 60

// The providers' own SDKs judge messages of the built binary, and the binary judges messages of the SDKs.
func TestProvidersSDKsAndBarbAgree(t *testing.T) {
	known, sampleOf := catalogue(t), samples(t)
	var found results
	for _, a := range everyAdapter(t) {
		t.Run(a.Provider+" "+a.SDK, func(t *testing.T) {
			s, ok := known[a.Provider]
			if !ok {
				t.Fatal("barb schemes does not know this provider")
			}
			p := &provider{scheme: s, sample: sampleOf(a.Provider)}
			p.secrets = p.pairs(t)
			found.rows = append(found.rows, p.judgedBy(t, a))
		})
	}
	t.Run("RESULTS.md", found.check)
	t.Run("enough providers", func(t *testing.T) {
		if n := found.providers(row.any); n < atLeast {
			t.Errorf("%d providers were judged by an SDK, not %d", n, atLeast)
		}
	})
	t.Run("every difference was met", func(t *testing.T) {
		for _, d := range differences() {
			if !slices.ContainsFunc(found.rows, func(r row) bool { return slices.Contains(r.differences, d) }) {
				t.Errorf("no trial %q of %s with %s", d.trial, d.provider, d.sdk)
			}
		}
	})
}

// everyAdapter returns the adapters of all judges, sorted by provider. A provider and an SDK identify one adapter.
func everyAdapter(t *testing.T) []adapter {
	t.Helper()
	var all []adapter
	for _, j := range judges(t) {
		all = append(all, j.adapters(t)...)
	}
	byName := func(a, b adapter) int {
		return cmp.Or(cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.SDK, b.SDK))
	}
	slices.SortFunc(all, byName)
	for i := range len(all) - 1 {
		if byName(all[i], all[i+1]) == 0 {
			t.Fatalf("two adapters for %s with %s", all[i].Provider, all[i].SDK)
		}
	}
	return all
}

// judgedBy runs all cases of a provider with one SDK. A case fails when the SDK contradicts the table of differences.
func (p *provider) judgedBy(t *testing.T, a adapter) row {
	r := row{adapter: a}
	if a.Verify {
		for _, trial := range p.trials() {
			r.cases++
			t.Run(trial.name, func(t *testing.T) { p.judge(t, a, trial) })
			if d, ok := differs(a, trial.name); ok {
				r.differences = append(r.differences, d)
				r.notes = append(r.notes, trial.name+": "+verdict(!trial.valid)+", as it "+d.reason)
			}
		}
		if !p.CoversBody {
			r.notes = append(r.notes, "tampered body: valid, as the scheme does not sign it")
		}
	}
	if a.Sign {
		r.cases += 2
		t.Run("signed by the SDK", func(t *testing.T) { p.judgeSDK(t, a) })
	}
	return r
}

func verdict(valid bool) string {
	if valid {
		return "valid"
	}
	return "invalid"
}

// judge returns the SDK's verdict on one trial.
func (p *provider) judge(t *testing.T, a adapter, trial trial) {
	m := trial.message(t)
	r := a.judge.ask(t, question{
		Op: "verify", Provider: a.Provider, SDK: a.SDK, Time: time.Now().Unix(), Params: p.Params,
		Method: m.method, URL: m.url, Headers: m.fields, Body: m.body, Secrets: []string{trial.secret.verifies},
	})
	d, known := differs(a, trial.name)
	want := verdict(trial.valid != known)
	if r.Fault != "" || r.Verdict != want {
		t.Errorf("%s says %q %s%s, want %s; known difference: %q\n%s", a.SDK, r.Verdict, r.Error, r.Fault, want,
			d.reason, m.wire())
	}
}

// judgeSDK runs barb verify on messages signed by the SDK, unchanged and with another body.
func (p *provider) judgeSDK(t *testing.T, a adapter) {
	body := at(p.Body, time.Now())
	r := a.judge.ask(t, question{
		Op: "sign", Provider: a.Provider, SDK: a.SDK, Time: time.Now().Unix(), IDHint: "msg_conformance_1", Params: p.Params,
		Method: "POST", URL: p.URL, Headers: p.Headers, Body: body, Secrets: []string{p.secrets[0].signs},
	})
	if r.Fault != "" {
		t.Fatal(r.Fault)
	}
	m := message{method: "POST", url: cmp.Or(r.URL, p.URL), body: body}
	if r.Body != nil {
		m.body = r.Body
	}
	m.fields = append(m.fields, host(t, m.url))
	m.fields = append(m.fields, replaced(p.Headers, r.Headers)...)
	m.fields = append(m.fields, r.Headers...)
	if !p.accepts(t, m, p.secrets[0]) {
		t.Errorf("barb refuses what %s signed\n%s", a.SDK, m.wire())
	}
	m.body = p.tampered(t, m.body)
	if p.accepts(t, m, p.secrets[0]) == p.CoversBody {
		t.Errorf("barb says the opposite of what it should of a changed body\n%s", m.wire())
	}
}

// host returns the Host field of a raw request.
func host(t *testing.T, address string) field {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return field{"Host", u.Host}
}

// replaced returns the fields whose names are not among others.
func replaced(fields, others []field) []field {
	return slices.DeleteFunc(slices.Clone(fields), func(f field) bool {
		return slices.ContainsFunc(others, func(o field) bool { return strings.EqualFold(f[0], o[0]) })
	})
}
