package provider

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/barbhq/barb/deliver"
)

const (
	// anyFailure is retried by most providers: any response but 2xx, and no response in time.
	anyFailure   = "any"
	jsonUTF8     = "application/json; charset=utf-8"
	notFollowed  = "counted as a failure; not followed"
	notSaid      = "not documented; barb does not follow them"
	svixDisables = "when all attempts have failed for 5 days"
	svixNoRetry  = "webhook-delivery: abort-message"
	day          = 24 * time.Hour
)

// All returns every known provider, sorted by name. A row follows the provider's own pages; its Doubt names exceptions.
func All() []Provider { return slices.Clone(rows()) }

// rows are made once, when first used, because each delivery looks up its provider.
var rows = sync.OnceValue(func() []Provider {
	all := slices.Concat(commerce(), development(), messaging(), senders())
	slices.SortFunc(all, func(a, b Provider) int { return strings.Compare(a.Name, b.Name) })
	return all
})

// commerce returns the providers for payments and shops.
func commerce() []Provider {
	return []Provider{
		{Name: "paypal", Title: "PayPal", Scheme: "paypal", UserAgent: "PayPal/AUHD-<version>",
			ContentType: "application/json", UUIDs: true,
			Headers: fields("PAYPAL-AUTH-VERSION: v2",
				"PAYPAL-CERT-URL: https://api.paypal.com/v1/notifications/certs/CERT-00000000-00000000",
				"CORRELATION-ID: {uuid}"),
			Timeout: 20 * time.Second, Retries: 25, Within: 3 * day, RetryOn: anyFailure, Redirects: notSaid,
			Docs: []string{"https://developer.paypal.com/api/rest/webhooks/"},
			Doubt: "up to 25 attempts in 3 days; PayPal publishes neither the waits nor the timeout of an " +
				"attempt. The URL of the certificate is invented"},
		{Name: "shopify", Title: "Shopify", Scheme: "shopify", UserAgent: "Shopify-Captain-Hook",
			ContentType: "application/json", UUIDs: true,
			Headers: fields("X-Shopify-Topic: {event}", "X-Shopify-Shop-Domain: barb-example.myshopify.com",
				"X-Shopify-API-Version: 2026-01",
				"X-Shopify-Webhook-Id: {id}", "X-Shopify-Triggered-At: {time}", "X-Shopify-Event-Id: {uuid}"),
			Timeout: 5 * time.Second, Connect: time.Second, Retries: 8, Within: 4 * time.Hour, RetryOn: anyFailure,
			Redirects: notFollowed,
			Variants:  []Variant{{Name: "shopify-2023", Retries: 19, Within: 2 * day, Note: "until September 2024"}},
			Exhausted: "remove the subscription if it was created through the API",
			Disables:  "after the last retry of a webhook has failed, if the subscription was created through the API",
			Docs: []string{"https://shopify.dev/docs/apps/build/webhooks/troubleshooting-webhooks",
				"https://shopify.dev/docs/apps/build/webhooks/subscribe/https",
				"https://shopify.dev/changelog/updates-to-webhook-retry-mechanism"},
			Doubt: "8 retries in 4 hours since September 2024; before that, and still in many guides, 19 in 48 " +
				"hours (--schedule shopify-2023). The waits are exponential; Shopify does not publish them"},
		{Name: "square", Title: "Square", Scheme: "square", UserAgent: "Square Connect v2", ContentType: "application/json",
			Headers: fields("square-environment: Sandbox"),
			Timeout: 10 * time.Second, Retries: 11, Waits: squareWaits(), Within: day, RetryOn: anyFailure, Redirects: notSaid,
			RetryFields: fields("square-initial-delivery-timestamp: {first}", "square-retry-number: {retry}",
				"square-retry-reason: {reason}"),
			Reasons: deliver.Reasons{HTTP: "http_error", Timeout: "http_timeout", TLS: "ssl_error", Other: "other_error"},
			Docs: []string{"https://developer.squareup.com/docs/webhooks/overview",
				"https://developer.squareup.com/docs/webhooks/troubleshooting"},
			Doubt: "the sources disagree about whether the first attempt carries " +
				"square-initial-delivery-timestamp; the user agent is as observed, not from Square's pages"},
		{Name: "stripe", Title: "Stripe", Scheme: "stripe", UserAgent: "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
			ContentType: jsonUTF8,
			Headers:     fields("Accept: */*; q=0.5, application/xml", "Cache-Control: no-cache"),
			Timeout:     20 * time.Second, Retries: 8, Within: 3 * day, RetryOn: anyFailure, Redirects: notFollowed,
			Variants: []Variant{{Name: "stripe-sandbox", Retries: 3, Within: 2 * time.Hour,
				Note: "in a sandbox: three retries in a few hours"}},
			Disables: "after days without a 2xx, and emails its owner",
			Docs: []string{"https://docs.stripe.com/webhooks",
				"https://docs.stripe.com/webhooks/process-undelivered-events"},
			Doubt: "Stripe documents up to 3 days with exponential backoff in live mode, and three retries in a " +
				"few hours in a sandbox (--schedule stripe-sandbox). It documents neither the number of " +
				"retries nor the timeout of an attempt, for which other sources name 10, 20 and 30 s"},
	}
}

// development returns the providers for code and its planning.
func development() []Provider {
	return []Provider{
		{Name: "github", Title: "GitHub", Scheme: "github", UserAgent: "GitHub-Hookshot/<id>",
			ContentType: "application/json", UUIDs: true,
			Headers: fields("X-GitHub-Delivery: {id}", "X-GitHub-Event: {event}", "X-GitHub-Hook-ID: 400000001",
				"X-GitHub-Hook-Installation-Target-ID: 100000001", "X-GitHub-Hook-Installation-Target-Type: repository"),
			Timeout: 10 * time.Second, Retries: 3, Waits: []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute},
			Within:  6*time.Minute + 10*time.Second,
			RetryOn: anyFailure, Redirects: notFollowed,
			Docs: []string{"https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries",
				"https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks",
				"https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers"},
			Doubt: "github.com does not retry by itself: failed deliveries are sent again by hand or through " +
				"its API. The three retries after 10 s, 1 min and 5 min stand for a script that does so; " +
				"--retries 0 behaves as github.com itself. GitHub Enterprise Server waits 30 s for an answer"},
		{Name: "gitlab", Title: "GitLab", Scheme: "gitlab", UserAgent: "GitLab/<version>",
			ContentType: "application/json", UUIDs: true,
			Headers: fields("X-Gitlab-Event: {event}", "Idempotency-Key: {id}", "X-Gitlab-Instance: https://gitlab.com",
				"X-Gitlab-Webhook-UUID: {uuid}", "X-Gitlab-Event-UUID: {uuid}"),
			Timeout: 10 * time.Second, Retries: 0, RetryOn: anyFailure, Redirects: notFollowed,
			Disables: "from the fourth failure in a row on: for a minute, then for longer, up to a day; permanently after 40",
			Docs: []string{"https://docs.gitlab.com/user/project/integrations/webhooks/",
				"https://gitlab.com/gitlab-org/gitlab/-/merge_requests/166329"},
			Doubt: "GitLab sends a webhook once, and pauses the webhook instead of retrying. What it does with a " +
				"redirect is not documented. A self-managed GitLab may have another timeout and may " +
				"disable nothing"},
		{Name: "linear", Title: "Linear", Scheme: "linear", UserAgent: "Linear-Webhook", ContentType: jsonUTF8, UUIDs: true,
			Headers: fields("Linear-Delivery: {id}", "Linear-Event: {event}"),
			Timeout: 5 * time.Second, Retries: 3, Waits: []time.Duration{time.Minute, time.Hour, 6 * time.Hour},
			Within:  7*time.Hour + time.Minute,
			RetryOn: anyFailure, Redirects: notSaid,
			Disables: "after repeated failures",
			Docs:     []string{"https://linear.app/developers/webhooks"},
			Doubt: "Linear requires a 200; barb accepts any 2xx. After how many failures Linear disables a webhook " +
				"is not documented"},
	}
}

// messaging returns the providers for messages and contacts.
func messaging() []Provider {
	return []Provider{
		{Name: "hubspot", Title: "HubSpot", Scheme: "hubspot-v3",
			UserAgent: "HubSpot Connect 2.0 (http://dev.hubspot.com/) (namespace: " +
				"webhooks-nio-http-client) - WebhooksExecutorDaemon-executor",
			ContentType: "application/json",
			Timeout:     5 * time.Second, Retries: 10, Within: day, Vary: 0.1,
			RetryOn: "any,!400,!401,!403,!404,!405", Redirects: notSaid,
			Docs: []string{"https://developers.hubspot.com/docs/api/webhooks"},
			Doubt: "up to 10 retries in 24 hours at varying times; HubSpot does not publish the waits. Only " +
				"older pages say that 400, 401, 403, 404 and 405 are final; there the timeout was 1 or 2 s"},
		{Name: "mailgun", Title: "Mailgun", Scheme: "mailgun", UserAgent: "mailgun/treq-<version>",
			Timeout: 15 * time.Second, Retries: 6, Waits: []time.Duration{5 * time.Minute, 10 * time.Minute, 15 * time.Minute,
				time.Hour, 2 * time.Hour, 4 * time.Hour}, Within: 8 * time.Hour,
			RetryOn: "any,!406", Redirects: notSaid,
			Docs: []string{"https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-retries"},
			Doubt: "Mailgun requires a 200; barb accepts any 2xx. A 406 is final. Notifications of a delivery are " +
				"retried fewer times. Mailgun does not publish the timeout of an attempt: 15 s is barb's choice"},
		{Name: "slack", Title: "Slack Events API", Scheme: "slack", UserAgent: "Slackbot 1.0 (+https://api.slack.com/robots)",
			Timeout: 3 * time.Second, Retries: 3, Waits: []time.Duration{0, time.Minute, 5 * time.Minute},
			Within: 30 * time.Minute, RetryOn: anyFailure,
			NoRetry: "X-Slack-No-Retry: 1", RetryFields: fields("X-Slack-Retry-Num: {retry}", "X-Slack-Retry-Reason: {reason}"),
			Reasons: deliver.Reasons{HTTP: "http_error", Redirect: "too_many_redirects", Timeout: "http_timeout",
				Connect: "connection_failed", TLS: "ssl_error", Other: "unknown_error"},
			Redirects: "it follows up to two; barb follows none",
			Disables:  "when more than 95 % of the deliveries of an hour fail, at 1,000 events or more",
			Docs:      []string{"https://docs.slack.dev/apis/events-api/"},
			Doubt: "the waits are documented as nearly immediate, 1 minute and 5 minutes; another page says " +
				"only that the retries end within 30 minutes"},
		{Name: "twilio", Title: "Twilio", Scheme: "twilio", UserAgent: "TwilioProxy/1.1",
			ContentType: "application/x-www-form-urlencoded; charset=UTF-8", UUIDs: true,
			Headers: fields("I-Twilio-Idempotency-Token: {id}", "X-Home-Region: us1"),
			Timeout: 15 * time.Second, Connect: 5 * time.Second, Total: 15 * time.Second, Retries: 1, Waits: []time.Duration{0},
			Within:  15 * time.Second,
			RetryOn: "connect", Overridden: true, Redirects: "it follows them; barb does not",
			Docs: []string{"https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides"},
			Doubt: "the URL's fragment sets 0 to 5 retries, other failures and shorter timeouts " +
				"(#rc=5&rp=all&rt=5000); all attempts together take at most 15 s. How long Twilio waits between them " +
				"is not documented; barb does not wait"},
		{Name: "zoom", Title: "Zoom", Scheme: "zoom", UserAgent: "Zoom Marketplace/1.0a", ContentType: jsonUTF8,
			Timeout: 3 * time.Second, Retries: 3, Waits: []time.Duration{5 * time.Minute, 20 * time.Minute, time.Hour},
			Within:  85 * time.Minute,
			RetryOn: anyFailure, Redirects: notSaid,
			Docs: []string{"https://developers.zoom.us/docs/api/webhooks/",
				"https://developers.zoom.us/blog/webhook-delays.md"},
			Doubt: "Zoom requires a 200 or a 204; barb accepts any 2xx. The user agent is as observed, not from " +
				"Zoom's pages"},
	}
}

// senders returns the providers that send for other services, and the standard they wrote.
func senders() []Provider {
	return []Provider{
		{Name: "clerk", Title: "Clerk", Scheme: "clerk", UserAgent: "Svix-Webhooks/<version>",
			ContentType: "application/json",
			Timeout:     15 * time.Second, Retries: 7, Waits: svixWaits(), Within: svixWithin,
			RetryOn: anyFailure, NoRetry: svixNoRetry, Redirects: notFollowed, Disables: svixDisables,
			Docs:  []string{"https://clerk.com/docs/guides/development/webhooks/overview", "https://docs.svix.com/retries"},
			Doubt: "Clerk sends through Svix and refers to Svix's schedule"},
		{Name: "resend", Title: "Resend", Scheme: "resend", UserAgent: "Svix-Webhooks/<version>",
			ContentType: "application/json",
			Timeout:     15 * time.Second, Retries: 7, Waits: svixWaits(), Within: svixWithin,
			RetryOn: anyFailure, NoRetry: svixNoRetry, Redirects: notFollowed, Disables: svixDisables,
			Docs: []string{"https://resend.com/docs/webhooks/retries-and-replays", "https://docs.svix.com/retries"},
			Doubt: "Resend sends through Svix and documents the same schedule; the timeout of an attempt is " +
				"Svix's"},
		{Name: "standard-webhooks", Title: "Standard Webhooks", Scheme: "standard-webhooks", ContentType: "application/json",
			Timeout: 15 * time.Second, Retries: 9, Waits: append(svixWaits()[:6], 14*time.Hour, 20*time.Hour, 24*time.Hour),
			Within: 3*day + 3*time.Hour + 35*time.Minute + 5*time.Second,
			Vary:   0.1, RetryOn: anyFailure, Redirects: notFollowed,
			Gone:     "disable the endpoint",
			Disables: "after days with failures only, and notifies its owner; at once after a 410",
			Docs:     []string{"https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md"},
			Doubt: "the specification recommends a timeout of 15 to 30 s, and barb uses 15 s; it " +
				"gives the schedule as an example, and jitter without a figure: barb adds up to a " +
				"tenth. After 429, 502 and 504 a sender should also slow down; barb only obeys " +
				"Retry-After"},
		{Name: "svix", Title: "Svix", Scheme: "svix", UserAgent: "Svix-Webhooks/<version>", ContentType: "application/json",
			Timeout: 15 * time.Second, Retries: 7, Waits: svixWaits(), Within: svixWithin,
			RetryOn: anyFailure, NoRetry: svixNoRetry, Redirects: notFollowed, Disables: svixDisables,
			Docs: []string{"https://docs.svix.com/retries"},
			Doubt: "Svix's documentation says 15 s; other sources say 30 s, and its open source server has a " +
				"setting for it"},
	}
}

const svixWithin = 27*time.Hour + 35*time.Minute + 5*time.Second

func svixWaits() []time.Duration {
	return []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
		10 * time.Hour, 10 * time.Hour}
}

func squareWaits() []time.Duration {
	return []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute,
		15 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 8 * time.Hour}
}

// fields parses lines such as "Name: value".
func fields(lines ...string) []deliver.FieldForm {
	all := make([]deliver.FieldForm, len(lines))
	for i, line := range lines {
		all[i].Name, all[i].Value, _ = strings.Cut(line, ": ")
	}
	return all
}
