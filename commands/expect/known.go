package expect

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/barbhq/barb/deliver/fixture"
	"github.com/barbhq/barb/deliver/payload"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store/record"
)

// Known are the providers and events that barb knows.
type Known struct {
	Schemes *catalog.Set
	Own     []payload.Sample // the user's own sample events
}

// provider is a service by its name: its schemes, and its events by their types.
type provider struct {
	name    string
	schemes []sign.Scheme
	events  map[string]payload.Sample
	builtIn []string // types of the events that barb has samples of, sorted
}

// provider finds a provider by the name of its samples, of its scheme or of an alias of that.
func (k Known) provider(name string) (p provider, ok bool) {
	p = provider{name: strings.ToLower(name), events: map[string]payload.Sample{}}
	families := []string{p.name}
	if scheme, found := k.Schemes.Lookup(p.name); found {
		families, ok = append(families, scheme.Name), true
	}
	finder := payload.Samples{Lookup: k.Schemes.Lookup}
	for _, e := range append(payload.BuiltIn(finder.Provider(p.name)), k.Own...) {
		isOwn := e.Path != ""
		if isOwn && !strings.EqualFold(e.Provider, name) {
			continue
		}
		p.events[e.Type], ok = e, true
		families = append(families, e.Scheme)
		if !isOwn {
			p.builtIn = append(p.builtIn, e.Type)
		}
	}
	for _, scheme := range k.Schemes.All() {
		if slices.ContainsFunc(families, func(of string) bool {
			return of != "" && (scheme.Name == of || strings.HasPrefix(scheme.Name, of+"-"))
		}) {
			p.schemes = append(p.schemes, scheme)
		}
	}
	return p, ok
}

// received returns the event type that barb listen finds in a webhook like a sample: "Push Hook" for gitlab:push, which
// is in a header, and 2 for discord:application_command, which is in the payload.
func (p *provider) received(e payload.Sample) string {
	i := slices.IndexFunc(p.schemes, func(s sign.Scheme) bool { return s.Name == e.Scheme })
	if i < 0 || e.Path != "" || strings.HasPrefix(string(p.schemes[i].EventIn), "header:") {
		return e.EventName()
	}
	draft, err := e.Draft()
	if err != nil {
		return e.EventName()
	}
	rendered, err := draft.Render(fixture.Values{Env: func(string) (string, error) { return "", nil }})
	if err != nil {
		return e.EventName()
	}
	m := sign.Message{Body: rendered.Body, Header: http.Header{"Content-Type": {e.ContentType}}}
	return cmp.Or(p.schemes[i].Event(m), e.EventName())
}

// isEvent reports whether a text with a colon is an event type as a whole.
func (k Known) isEvent(text string) bool {
	is := func(e payload.Sample) bool { return e.Type == text || e.EventName() == text }
	return slices.ContainsFunc(k.Own, is) || slices.ContainsFunc(payload.BuiltIn(fixture.Providers()...), is)
}

// sent reports whether a webhook may be the provider's: by its scheme or, where no signature was checked, by the
// headers that several schemes share.
func (p *provider) sent(x *record.Exchange) bool {
	return slices.ContainsFunc(p.schemes, func(s sign.Scheme) bool { return s.Name == x.Scheme }) ||
		x.Verdict.Status == record.Unchecked && slices.ContainsFunc(p.schemes, func(s sign.Scheme) bool {
			return has(x, string(s.Carrier())) || has(x, string(s.EventIn))
		})
}

// has reports whether a request has the header of a place.
func has(x *record.Exchange, place string) bool {
	name, isHeader := strings.CutPrefix(place, "header:")
	return isHeader && x.Request.Header.Has(name)
}
