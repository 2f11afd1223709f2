// Package provider is how known services deliver. A row has the timeouts, retries and headers of a service, according
// to the service's own pages. The package sends nothing itself: a Provider makes a deliver.Policy.
package provider

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/barbhq/barb/deliver"
)

// Provider is the public information about how one service delivers webhooks.
type Provider struct {
	Name, Title string
	Scheme      string // of its signature, in the catalogue of package sign
	// UserAgent has the part that changes with each release, or a number of the sender's own, in <>.
	UserAgent   string
	ContentType string              // for a body of that kind; "": whatever the body looks like
	Headers     []deliver.FieldForm // of its requests, besides those of the signature
	UUIDs       bool                // its webhook ids are UUIDs

	Timeout time.Duration // of an attempt
	Connect time.Duration // to get a connection, as a part of Timeout; 0: not public
	Total   time.Duration // for all attempts and waits; 0: only the schedule ends them
	Retries int           // after the first attempt; 0: it does not retry
	// Waits are the public waits before the retries. Without them only Retries and Within are known.
	Waits  []time.Duration
	Within time.Duration // the time over which the retries are spread; 0: not public
	Vary   float64       // the part by which a wait is lengthened at random: 0.1 is a tenth
	// Variants are other schedules by which it is known to retry.
	Variants []Variant

	RetryOn     string              // the outcomes that it retries, in the syntax of deliver.ParseRetryOn
	NoRetry     string              // the field of an answer, as "Name: value", that refuses retries; "": none
	RetryFields []deliver.FieldForm // of retries alone
	Reasons     deliver.Reasons     // its own words for the reasons of a retry
	Overridden  bool                // the fragment of the endpoint's URL changes its policy: see Override
	Redirects   string              // what it does with a redirect
	Gone        string              // what it does after a 410 besides giving up; "": a 410 is an ordinary failure
	Exhausted   string              // what it does when all retries of a webhook have failed; "": nothing more
	Disables    string              // when it switches an endpoint off; "": not public
	Docs        []string
	Doubt       string // where public figures disagree, or do not come from the provider
}

// Variant is another schedule of a provider.
type Variant struct {
	Name    string // begins with the provider's name and a hyphen
	Retries int
	Waits   []time.Duration // as in Provider
	Within  time.Duration
	Note    string
}

// Schedule returns the waits before the retries. Unknown waits are invented: each is twice the previous one, and
// together they fill the known time.
func (p *Provider) Schedule() []time.Duration { return waitsOf(p.Retries, p.Waits, p.Within) }

// Schedule returns the waits before the retries, as those of a Provider.
func (v *Variant) Schedule() []time.Duration { return waitsOf(v.Retries, v.Waits, v.Within) }

func waitsOf(retries int, waits []time.Duration, within time.Duration) []time.Duration {
	if len(waits) > 0 {
		return slices.Clone(waits)
	}
	return spreadOut(retries, within)
}

// IsMadeUp reports whether the waits of Schedule are invented from the number of retries and their total time.
func (p *Provider) IsMadeUp() bool { return len(p.Waits) == 0 && p.Retries > 0 }

// Policy returns the provider's policy. Without retries it has the default waits, so that a caller can add retries.
func (p *Provider) Policy() (deliver.Policy, error) {
	on, err := deliver.ParseRetryOn(p.RetryOn)
	if err != nil {
		return deliver.Policy{}, fmt.Errorf("%s: %w", p.Name, err)
	}
	policy := deliver.DefaultPolicy()
	policy.Retries, policy.RetryOn, policy.Timeout, policy.Deadline = p.Retries, on, p.Timeout, p.Total
	policy.NoRetry, policy.RetryFields, policy.Reasons, policy.As = p.NoRetry, slices.Clone(p.RetryFields), p.Reasons,
		p.Name
	if waits := p.Schedule(); len(waits) > 0 {
		policy.Backoff, policy.Schedule, policy.Vary = deliver.Schedule, waits, p.Vary
	}
	return policy, nil
}

// Aftermath returns what the provider would do with the endpoint after the attempt a, as in "slack would now …". It
// is "" when the delivery goes on, succeeded, or has no consequence that is public.
func (p *Provider) Aftermath(a *deliver.Attempt) string {
	switch status := a.Exchange.Status(); {
	case status == 410 && p.Gone != "":
		return p.Name + " would now " + p.Gone
	case status == 410:
		return p.Name + " treats a 410 like any other failure"
	case a.Decision != deliver.Exhausted && a.Decision != deliver.OutOfTime:
		return ""
	case p.Exhausted != "" && a.Exchange.Attempt > p.Retries:
		return p.Name + " would now " + p.Exhausted
	case p.Disables != "":
		return p.Name + " disables an endpoint " + p.Disables
	}
	return ""
}

// ErrUnknown is the error of Lookup for a name that no provider has.
var ErrUnknown = errors.New("unknown provider")

// Lookup returns the provider of a name in upper or lower case. The error wraps ErrUnknown.
func Lookup(name string) (Provider, error) {
	all := rows()
	for i := range all {
		if strings.EqualFold(all[i].Name, name) {
			return all[i], nil
		}
	}
	return Provider{}, fmt.Errorf("%w %q", ErrUnknown, name)
}

// Names returns the names of all providers, in order.
func Names() (names []string) {
	for _, p := range rows() {
		names = append(names, p.Name)
	}
	return names
}

// LookupSchedule returns the waits of a provider or a variant, and the part by which a wait is lengthened at random.
// It is false for an unknown name, and for a provider that does not retry.
func LookupSchedule(name string) (waits []time.Duration, vary float64, ok bool) {
	for _, p := range rows() {
		if strings.EqualFold(p.Name, name) {
			return p.Schedule(), p.Vary, p.Retries > 0
		}
		for _, v := range p.Variants {
			if strings.EqualFold(v.Name, name) {
				return v.Schedule(), p.Vary, true
			}
		}
	}
	return nil, 0, false
}

// ScheduleNames returns the names that LookupSchedule knows, in order.
func ScheduleNames() (names []string) {
	for _, p := range rows() {
		if p.Retries > 0 {
			names = append(names, p.Name)
		}
		for _, v := range p.Variants {
			names = append(names, v.Name)
		}
	}
	return names
}
