package sign

import (
	"slices"
	"time"
)

const minute = time.Minute

// catalog is the table of schemes. It is never changed; callers get copies of its rows. Where a provider documents no
// tolerance, five minutes to either side are ours.
var catalog = [...]Scheme{
	{
		Name: "generic", Title: "Generic", Evidence: FromDocs,
		Docs: "https://www.rfc-editor.org/rfc/rfc2104",
		Note: "the plainest scheme in use; no timestamp, so a message can be replayed",
		Auth: HMAC, Hash: SHA256, Enc: Hex, Key: Raw,
		Content: "{body}",
		Header:  "X-Webhook-Signature",
		IDIn:    "header:X-Webhook-ID", EventIn: "header:X-Webhook-Event",
	},
	{
		Name: "generic-ts", Title: "Generic with timestamp", Evidence: FromDocs,
		Docs: "https://www.rfc-editor.org/rfc/rfc2104",
		Auth: HMAC, Hash: SHA256, Enc: Hex, Key: Raw,
		Content: "{ts}.{body}",
		Header:  "X-Webhook-Signature", Prefix: "sha256=",
		Time: Timestamp{In: "header:X-Webhook-Timestamp", Unit: Seconds}, Tolerance: Tolerance{5 * minute, 5 * minute},
		IDIn: "header:X-Webhook-ID",
	},
	{
		Name: "standard-webhooks", Title: "Standard Webhooks", Evidence: ProviderProven,
		Docs: "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
		Note: "what stands behind whsec_ is base64 of the key",
		Auth: HMAC, Hash: SHA256, Enc: Base64, Key: Whsec,
		Content: "{id}.{ts}.{body}",
		Header:  "webhook-signature", Split: " ", Prefix: "v1,", More: " v1,{sig}",
		Time: Timestamp{In: "header:webhook-timestamp", Unit: Seconds}, Tolerance: Tolerance{5 * minute, 5 * minute},
		IDIn: "header:webhook-id", EventIn: "json:type",
	},
	{
		Name: "svix", Title: "Svix", Evidence: ProviderProven,
		Docs: "https://docs.svix.com/receiving/verifying-payloads/how-manual",
		Note: "Standard Webhooks under svix- headers",
		Auth: HMAC, Hash: SHA256, Enc: Base64, Key: Whsec,
		Content: "{id}.{ts}.{body}",
		Header:  "svix-signature", Split: " ", Prefix: "v1,", More: " v1,{sig}",
		Time: Timestamp{In: "header:svix-timestamp", Unit: Seconds}, Tolerance: Tolerance{5 * minute, 5 * minute},
		IDIn: "header:svix-id", EventIn: "json:type",
	},
	{
		Name: "stripe", Title: "Stripe", Evidence: ProviderProven,
		Docs: "https://docs.stripe.com/webhooks#verify-manually",
		Note: "whsec_ is part of the key and never decoded; a timestamp in the future is accepted, as by Stripe's SDKs",
		Auth: HMAC, Hash: SHA256, Enc: Hex, Key: Raw,
		Content: "{ts}.{body}",
		Header:  "Stripe-Signature", Split: ",", Prefix: "v1=", Format: "t={ts},v1={sig}", More: ",v1={sig}",
		Time: Timestamp{Key: "t=", Unit: Seconds}, Tolerance: Tolerance{5 * minute, NoLimit},
		IDIn: "json:id", EventIn: "json:type",
	},
	{
		Name: "github", Title: "GitHub", Evidence: ProviderProven,
		Docs: "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
		Auth: HMAC, Hash: SHA256, Enc: Hex, Key: Raw,
		Content: "{body}",
		Header:  "X-Hub-Signature-256", Prefix: "sha256=",
		IDIn: "header:X-GitHub-Delivery", EventIn: "header:X-GitHub-Event",
	},
	{
		Name: "github-sha1", Title: "GitHub (SHA-1)", Evidence: ProviderProven,
		Docs: "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
		Note: "legacy; refused when X-Hub-Signature-256 is there",
		Auth: HMAC, Hash: SHA1, Enc: Hex, Key: Raw,
		Content: "{body}",
		Header:  "X-Hub-Signature", Prefix: "sha1=",
		IDIn: "header:X-GitHub-Delivery", EventIn: "header:X-GitHub-Event",
		Stronger: "X-Hub-Signature-256",
	},
	{
		Name: "shopify", Title: "Shopify", Evidence: ProviderProven,
		Docs: "https://shopify.dev/docs/apps/build/webhooks/subscribe/https",
		Note: "the key is the app's client secret; webhooks made in the admin have another",
		Auth: HMAC, Hash: SHA256, Enc: Base64, Key: Raw,
		Content: "{body}",
		Header:  "X-Shopify-Hmac-Sha256",
		IDIn:    "header:X-Shopify-Webhook-Id", EventIn: "header:X-Shopify-Topic",
	},
	{
		Name: "slack", Title: "Slack", Evidence: ProviderProven,
		Docs: "https://docs.slack.dev/authentication/verifying-requests-from-slack",
		Note: "form bodies are signed as raw bytes too",
		Auth: HMAC, Hash: SHA256, Enc: Hex, Key: Raw,
		Content: "v0:{ts}:{body}",
		Header:  "X-Slack-Signature", Prefix: "v0=",
		Time: Timestamp{In: "header:X-Slack-Request-Timestamp", Unit: Seconds}, Tolerance: Tolerance{5 * minute, 5 * minute},
		IDIn: "json:event_id", EventIn: "json:event.type",
	},
	{
		Name: "twilio", Title: "Twilio", Evidence: ProviderProven,
		Docs: "https://www.twilio.com/docs/usage/webhooks/webhooks-security",
		Note: "signs the URL as Twilio knows it and the fields of the form; a JSON body is bound by bodySHA256 in the URL",
		Auth: HMAC, Hash: SHA1, Enc: Base64, Key: Raw,
		Code:   Twilio,
		Header: "X-Twilio-Signature",
		IDIn:   "header:I-Twilio-Idempotency-Token",
	},
	{
		Name: "paypal", Title: "PayPal", Evidence: ProviderProven,
		Docs: "https://developer.paypal.com/api/rest/webhooks/rest/",
		Note: "the webhook's id is signed but not sent: give it as webhook_id; verified offline with the certificate at hand",
		Auth: RSA, Hash: SHA256, Enc: Base64, Key: PEM,
		Content: "{id}|{ts}|{param.webhook_id}|{body|crc32}",
		Header:  "PAYPAL-TRANSMISSION-SIG",
		Time:    Timestamp{In: "header:PAYPAL-TRANSMISSION-TIME", Unit: RFC3339}, Tolerance: Tolerance{5 * minute, 5 * minute},
		IDIn: "header:PAYPAL-TRANSMISSION-ID", EventIn: "json:event_type",
		Fixed: []Field{{"PAYPAL-AUTH-ALGO", "SHA256withRSA"}},
	},
	{
		Name: "paddle", Title: "Paddle", Evidence: ProviderProven,
		Docs: "https://developer.paddle.com/webhooks/signature-verification",
		Note: "good for five seconds only; with two signatures Paddle's own SDKs disagree, so one is sent",
		Auth: HMAC, Hash: SHA256, Enc: Hex, Key: Raw,
		Content: "{ts}:{body}",
		Header:  "Paddle-Signature", Split: ";", Prefix: "h1=", Format: "ts={ts};h1={sig}",
		Time: Timestamp{Key: "ts=", Unit: Seconds}, Tolerance: Tolerance{5 * time.Second, 5 * time.Second},
		IDIn: "json:event_id", EventIn: "json:event_type",
	},
	{
		Name: "linear", Title: "Linear", Evidence: ProviderProven,
		Docs: "https://linear.app/developers/webhooks",
		Note: "the timestamp is webhookTimestamp in the body, good for one minute; to be signed, a body must have it",
		Auth: HMAC, Hash: SHA256, Enc: Hex, Key: Raw,
		Content: "{body}",
		Header:  "Linear-Signature",
		Time:    Timestamp{In: "json:webhookTimestamp", Unit: Milliseconds}, Tolerance: Tolerance{minute, minute},
		IDIn: "header:Linear-Delivery", EventIn: "header:Linear-Event",
	},
	{
		Name: "zoom", Title: "Zoom", Evidence: ProviderProven,
		Docs: "https://developers.zoom.us/docs/api/webhooks/",
		Note: "Zoom's own SDK signs the body parsed and written anew, so only compact JSON passes it",
		Auth: HMAC, Hash: SHA256, Enc: Hex, Key: Raw,
		Content: "v0:{ts}:{body}",
		Header:  "x-zm-signature", Prefix: "v0=",
		Time: Timestamp{In: "header:x-zm-request-timestamp", Unit: Seconds}, Tolerance: Tolerance{5 * minute, 5 * minute},
		EventIn: "json:event",
	},
	{
		Name: "square", Title: "Square", Evidence: ProviderProven,
		Docs: "https://developer.squareup.com/docs/webhooks/step3validate",
		Note: "signs the notification URL as it was registered",
		Auth: HMAC, Hash: SHA256, Enc: Base64, Key: Raw,
		Content: "{url}{body}",
		Header:  "x-square-hmacsha256-signature",
		IDIn:    "json:event_id", EventIn: "json:type",
	},
	{
		Name: "discord", Title: "Discord", Evidence: ProviderProven,
		Docs: "https://discord.com/developers/docs/interactions/overview",
		Note: "Discord sends wrong signatures to see them refused with 401",
		Auth: Ed25519, Enc: Hex, Key: Hex32,
		Content: "{ts}{body}",
		Header:  "X-Signature-Ed25519",
		Time:    Timestamp{In: "header:X-Signature-Timestamp", Unit: Seconds}, Tolerance: Tolerance{5 * minute, 5 * minute},
		IDIn: "json:id", EventIn: "json:type",
	},
	{
		Name: "sendgrid", Title: "Twilio SendGrid", Evidence: ProviderProven,
		Docs: "https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features",
		Note: "the body ends with a line break that is signed too",
		Auth: ECDSA, Hash: SHA256, Enc: Base64, Key: SPKI,
		Content: "{ts}{body}",
		Header:  "X-Twilio-Email-Event-Webhook-Signature",
		Time:    Timestamp{In: "header:X-Twilio-Email-Event-Webhook-Timestamp", Unit: Seconds}, Tolerance: Tolerance{5 * minute, 5 * minute},
		IDIn: "json:0.sg_event_id", EventIn: "json:0.event",
	},
	{
		Name: "gitlab", Title: "GitLab", Evidence: Corroborated,
		Docs: "https://docs.gitlab.com/user/project/integrations/webhooks/",
		Note: "a plain token: it says who sent a message, nothing about the body",
		Auth: Token, Key: Raw,
		Header: "X-Gitlab-Token",
		IDIn:   "header:Idempotency-Key", EventIn: "header:X-Gitlab-Event",
	},
}

// Lookup returns the scheme of that name. The value is the caller's own.
func Lookup(name string) (Scheme, bool) {
	for i := range catalog {
		if catalog[i].Name == name {
			return catalog[i].clone(), true
		}
	}
	return Scheme{}, false
}

// All returns every scheme in the order of the catalogue. The values are the caller's own.
func All() []Scheme {
	all := make([]Scheme, len(catalog))
	for i := range catalog {
		all[i] = catalog[i].clone()
	}
	return all
}

func (s *Scheme) clone() Scheme {
	c := *s
	c.Alt, c.Fixed = slices.Clone(s.Alt), slices.Clone(s.Fixed)
	return c
}
