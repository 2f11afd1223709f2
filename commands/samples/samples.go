// Package samples finds sample events by their names. It prints nothing.
package samples

import (
	"cmp"
	"slices"
	"strings"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/deliver/fixture"
	"github.com/barbhq/barb/deliver/payload"
)

// Finder finds sample events. Its errors say which names are near.
type Finder struct{ payload.Samples }

// Listed returns the sample events of the provider that an argument names, or all without one: the user's own first. An
// own event hides the built-in event of the same name.
func (f Finder) Listed(args []string) ([]payload.Sample, error) {
	name, providers := "", fixture.Providers()
	if len(args) > 0 {
		name = f.Provider(args[0])
		if _, _, ok := payload.ParseName(name + ":x"); !ok {
			return nil, fail.Usage("%q is not the name of a provider", name).Hint(nearestEventHint(name))
		}
		providers = []string{name}
	}
	own, err := f.own(name)
	if err != nil {
		return nil, err
	}
	names := eventNames(own)
	events := slices.DeleteFunc(payload.BuiltIn(providers...),
		func(e payload.Sample) bool { return slices.Contains(names, e.String()) })
	if len(own)+len(events) == 0 {
		all, err := f.own("")
		if err != nil {
			return nil, err
		}
		return nil, noProvider(name, all)
	}
	return slices.Concat(own, events), nil
}

func nearestEventHint(text string) string {
	if strings.Contains(text, ":") {
		return "barb events show " + text
	}
	return "barb events lists them"
}

// Complete completes PROVIDER:TYPE.
func (f Finder) Complete(prefix string) (names []string) {
	own, _ := f.own("") // a completion shows no error
	for _, e := range slices.Concat(own, payload.BuiltIn(fixture.Providers()...)) {
		if strings.HasPrefix(e.String(), prefix) {
			names = append(names, e.String()+"\t"+cmp.Or(e.About, e.Scheme))
		}
	}
	return names
}

// own returns the user's own sample events of a provider, or of all with "".
func (f Finder) own(provider string) ([]payload.Sample, error) {
	own, err := f.Own(provider)
	if err != nil {
		return nil, fail.Local("%w", err)
	}
	return own, nil
}

// OfType returns the names of the built-in sample events of a type.
func (f Finder) OfType(eventType string) (names []string) {
	for _, e := range payload.BuiltIn(fixture.Providers()...) {
		if strings.HasSuffix(e.String(), ":"+eventType) {
			names = append(names, e.String())
		}
	}
	return names
}

// Named finds PROVIDER:TYPE: the user's own sample event, else the built-in one.
func (f Finder) Named(text string) (payload.Sample, error) {
	name, eventType, ok := payload.ParseName(text)
	if provider := f.Provider(text); !ok && slices.Contains(fixture.Providers(), provider) {
		names := eventNames(payload.BuiltIn(provider))
		return payload.Sample{}, fail.Usage("--event %s: which event of %s?", text, provider).
			Hint("--event " + strings.Join(names, ", "))
	}
	if !ok {
		return payload.Sample{}, fail.Usage("%q is not PROVIDER:TYPE",
			text).Hint("barb events lists them; with -d, --event is the event type")
	}
	e, found, err := f.Find(name, eventType)
	if err == nil && !found {
		err = f.noEvent(text, f.Provider(name))
	}
	return e, err
}

// noEvent returns the error for an unknown sample event, with the nearest names.
func (f Finder) noEvent(text, provider string) error {
	own, err := f.own("")
	if err != nil {
		return err
	}
	known := eventNames(slices.Concat(own, payload.BuiltIn(fixture.Providers()...)))
	if p, ok := fixture.Lookup(provider); ok {
		return fail.Usage("%s: no such sample event of %s", text, p.Title).
			Hint(fail.DidYouMean("", fail.Nearest(text, known), "barb events "+provider+" lists them"))
	}
	name, _, _ := strings.Cut(text, ":")
	return noProvider(name, own)
}

// noProvider returns the error for a provider without sample events, with the nearest names.
func noProvider(name string, own []payload.Sample) error {
	known := fixture.Providers()
	for _, e := range own {
		known = append(known, e.Provider)
	}
	slices.Sort(known)
	return fail.Usage("no sample events of %q", name).
		Hint(fail.DidYouMean("barb events ", fail.Nearest(strings.ToLower(name), slices.Compact(known)),
			"barb events lists them; with -d, --event is the event type"))
}

func eventNames(events []payload.Sample) []string {
	names := make([]string, len(events))
	for i, e := range events {
		names[i] = e.String()
	}
	return names
}
