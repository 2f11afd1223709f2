package deliver

import (
	"slices"
	"time"
)

// Provider is how a service delivers its webhooks, as far as it says so in public.
type Provider struct {
	Name, Title string
	Scheme      string        // its scheme in the catalogue
	UserAgent   string        // its form, as requests carry it
	Timeout     time.Duration // of an attempt
	Retries     int           // after the first attempt; 0: none by itself
	// Waits are those before the retries, where they are public. Of a longer list of retries than waits only Retries and Within
	// are known.
	Waits  []time.Duration
	Within time.Duration // the time over which the retries are spread; 0 when it is not said
	// NoRetry is the field of an answer by which an app refuses retries, "" where there is none.
	NoRetry string
	// RetryFields are the fields of a retry that say it is one.
	RetryFields []string
	Retried     string // which answers are retried
	Gone        string // what a 410 does, "" when nothing else than another refusal
	Disables    string // when an endpoint is switched off, "" when it is not said
	Docs        []string
	Doubt       string // where the public figures disagree or are not the provider's own
}

const anyFailure = "anything but 2xx, and no answer in time"

// Providers returns the services that are known, by name.
func Providers() []Provider {
	return []Provider{
		{Name: "github", Title: "GitHub", Scheme: "github", UserAgent: "GitHub-Hookshot/<id>",
			Timeout: 10 * time.Second, Retries: 3, Waits: []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute}, Within: 6*time.Minute + 10*time.Second,
			Retried: anyFailure,
			Docs: []string{"https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries",
				"https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks"},
			Doubt: "github.com does not retry by itself: failed deliveries are sent again by hand or through its API. The three retries after 10 s, 1 min and 5 min stand for a script that does so. An Enterprise Server waits 30 s"},
		{Name: "paypal", Title: "PayPal", Scheme: "paypal", UserAgent: "PayPal/AUHD-<version>",
			Timeout: 20 * time.Second, Retries: 25, Within: 72 * time.Hour, Retried: anyFailure,
			Docs:  []string{"https://developer.paypal.com/api/rest/webhooks/"},
			Doubt: "up to 25 times over 3 days; neither the waits nor the time that an attempt has is public"},
		{Name: "shopify", Title: "Shopify", Scheme: "shopify", UserAgent: "Shopify-Captain-Hook",
			Timeout: 5 * time.Second, Retries: 8, Within: 4 * time.Hour, Retried: anyFailure,
			Disables: "a subscription made through the API is removed when the retries have failed",
			Docs:     []string{"https://shopify.dev/docs/apps/build/webhooks/troubleshooting-webhooks", "https://shopify.dev/changelog/updates-to-webhook-retry-mechanism"},
			Doubt:    "8 retries over 4 hours since September 2024; until then, and in many guides still, 19 over 48 hours. The waits are exponential and not public"},
		{Name: "slack", Title: "Slack Events API", Scheme: "slack", UserAgent: "Slackbot 1.0 (+https://api.slack.com/robots)",
			Timeout: 3 * time.Second, Retries: 3, Waits: []time.Duration{0, time.Minute, 5 * time.Minute}, Within: 30 * time.Minute, Retried: anyFailure,
			NoRetry: "X-Slack-No-Retry", RetryFields: []string{"X-Slack-Retry-Num", "X-Slack-Retry-Reason"},
			Disables: "when more than 95 % of the deliveries of an hour fail, at 1,000 events or more",
			Docs:     []string{"https://docs.slack.dev/apis/events-api/"},
			Doubt:    "the waits are documented as nearly immediately, 1 and 5 minutes; elsewhere only that the retries end within 30 minutes"},
		{Name: "standard-webhooks", Title: "Standard Webhooks", Scheme: "standard-webhooks",
			Timeout: 15 * time.Second, Retries: 9, Waits: append(svixWaits()[:6], 14*time.Hour, 20*time.Hour, 24*time.Hour), Within: 75*time.Hour + 35*time.Minute + 5*time.Second,
			Retried:  anyFailure + "; 429, 502 and 504 are to slow the sender down, Retry-After is to be heeded, and the waits are to have jitter",
			Gone:     "disables the endpoint",
			Disables: "after days of nothing but failures, and its owner is told",
			Docs:     []string{"https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md"},
			Doubt:    "a recommendation: 15 to 30 s for an attempt, of which the shorter is taken, and the schedule as an example"},
		{Name: "stripe", Title: "Stripe", Scheme: "stripe", UserAgent: "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
			Timeout: 20 * time.Second, Retries: 8, Within: 72 * time.Hour, Retried: anyFailure,
			Disables: "after days without a 2xx, and its owner is told by mail",
			Docs:     []string{"https://docs.stripe.com/webhooks", "https://docs.stripe.com/webhooks/process-undelivered-events"},
			Doubt:    "Stripe says up to 3 days with exponential backoff in live mode, three times in a few hours in a sandbox; it says neither the number of retries nor how long an attempt has, for which 10, 20 and 30 s are told"},
		{Name: "svix", Title: "Svix", Scheme: "svix", UserAgent: "Svix-Webhooks/<version>",
			Timeout: 15 * time.Second, Retries: 7, Waits: svixWaits(), Within: 27*time.Hour + 35*time.Minute + 5*time.Second,
			Retried:  anyFailure,
			Disables: "when all attempts have failed for 5 days",
			Docs:     []string{"https://docs.svix.com/retries"},
			Doubt:    "its documentation has 15 s; 30 s are told elsewhere, and its open source server has a setting of its own"},
		{Name: "twilio", Title: "Twilio", Scheme: "twilio", UserAgent: "TwilioProxy/1.1",
			Timeout: 15 * time.Second, Retries: 1, Within: 15 * time.Second,
			Retried: "no connection; with #rp= in the URL also 4xx, 5xx, or no answer in time",
			Docs:    []string{"https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides"},
			Doubt:   "0 to 5 retries and shorter times can be set in the URL's fragment (#rc=5&rt=5000&rp=all); all attempts together have 15 s"},
	}
}

func svixWaits() []time.Duration {
	return []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 10 * time.Hour}
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
