package deliver

import (
	"fmt"
	"slices"
	"time"
)

// Provider is how a service delivers its webhooks, as far as it says so in public.
type Provider struct {
	Name, Title string
	Scheme      string // its scheme in the catalogue
	// UserAgent is its form; what stands in <> changes from one release to the next.
	UserAgent   string
	ContentType string      // for a body of that kind; "" is what the body looks like
	Headers     []FieldForm // that its requests carry besides those of the signature
	UUIDs       bool        // its webhook ids are UUIDs

	Timeout time.Duration // of an attempt
	Connect time.Duration // of Timeout, to get a connection; 0 when it is not said
	Total   time.Duration // for all attempts and waits; 0 when only the schedule ends them
	Retries int           // after the first attempt; 0: none by itself
	// Waits are those before the retries, where they are public. Where there are none, only Retries and Within are known.
	Waits  []time.Duration
	Within time.Duration // the time over which the retries are spread; 0 when it is not said
	Vary   float64       // the part by which a wait is lengthened at random
	// Variants are schedules that are told of it besides this one.
	Variants []Variant

	RetryOn     string // which outcomes are retried, as ParseRetryOn reads it
	NoRetry     string // the field of an answer, as "Name: value", by which an app refuses retries, "" where there is none
	RetryFields []FieldForm
	Reasons     Reasons
	Overridden  bool   // by the fragment of the endpoint's URL, see Override
	Redirects   string // what it makes of one
	Gone        string // what it does after a 410, besides no retry; "" when that is a refusal like others
	Exhausted   string // what it does when the retries of a webhook are used up, "" when that is all
	Disables    string // when an endpoint is switched off, "" when it is not said
	Docs        []string
	Doubt       string // where the public figures disagree or are not the provider's own
}

// Variant is another schedule of a provider.
type Variant struct {
	Name    string // begins with the provider's
	Retries int
	Waits   []time.Duration // as those of a Provider
	Within  time.Duration
	Note    string
}

// Schedule returns the waits before the retries: those that are public, else twice as long each time, over the time that is.
func (p *Provider) Schedule() []time.Duration { return waitsOf(p.Retries, p.Waits, p.Within) }

// Schedule returns the waits before the retries.
func (v *Variant) Schedule() []time.Duration { return waitsOf(v.Retries, v.Waits, v.Within) }

func waitsOf(retries int, waits []time.Duration, within time.Duration) []time.Duration {
	if len(waits) > 0 {
		return slices.Clone(waits)
	}
	return spreadOut(retries, within)
}

// IsMadeUp reports whether the waits are not public: Schedule then returns such as fit the number of retries and their time.
func (p *Provider) IsMadeUp() bool { return len(p.Waits) == 0 && p.Retries > 0 }

// Policy returns the policy by which the provider delivers. One that does not retry has the default waits, for whoever asks
// for retries all the same.
func (p *Provider) Policy() (Policy, error) {
	on, err := ParseRetryOn(p.RetryOn)
	if err != nil {
		return Policy{}, fmt.Errorf("%s: %w", p.Name, err)
	}
	policy := DefaultPolicy()
	policy.Retries, policy.RetryOn, policy.Timeout, policy.Deadline = p.Retries, on, p.Timeout, p.Total
	policy.NoRetry, policy.RetryFields, policy.Reasons, policy.As = p.NoRetry, slices.Clone(p.RetryFields), p.Reasons, p.Name
	if waits := p.Schedule(); len(waits) > 0 {
		policy.Backoff, policy.Schedule, policy.Vary = Schedule, waits, p.Vary
	}
	return policy, nil
}

// LookupProvider finds a provider by its name.
func LookupProvider(name string) (Provider, bool) {
	all := Providers()
	i := slices.IndexFunc(all, func(p Provider) bool { return p.Name == name })
	if i < 0 {
		return Provider{}, false
	}
	return all[i], true
}

// LookupSchedule finds the waits of a provider, or of a variant, by its name, and the part by which they vary.
func LookupSchedule(name string) (waits []time.Duration, vary float64, ok bool) {
	for _, p := range Providers() {
		if p.Name == name {
			return p.Schedule(), p.Vary, p.Retries > 0
		}
		for _, v := range p.Variants {
			if v.Name == name {
				return v.Schedule(), p.Vary, true
			}
		}
	}
	return nil, 0, false
}

// ScheduleNames returns the names that LookupSchedule knows, in order.
func ScheduleNames() (names []string) {
	for _, p := range Providers() {
		if p.Retries > 0 {
			names = append(names, p.Name)
		}
		for _, v := range p.Variants {
			names = append(names, v.Name)
		}
	}
	return names
}
