package handshake

import "github.com/barbhq/barb/sign"

// The characters of challenges and of host names.
const (
	lowerDigits = "0123456789abcdefghijklmnopqrstuvwxyz"
	base64Chars = lowerDigits + "ABCDEFGHIJKLMNOPQRSTUVWXYZ+/=_-"
)

// rows is the table of handshakes, in the order in which a request is compared with them: rows with more marks
// stand before rows with fewer. It is never changed; callers get copies.
var rows = [...]Handshake{
	{
		Name: "slack", Title: "Slack", Evidence: sign.FromDocs, Distinct: true,
		Docs: "https://docs.slack.dev/reference/events/url_verification",
		When: "when the URL is saved",
		Steps: []Step{{
			Methods: []string{"POST"}, Signed: true,
			Has:    []Mark{{In: "json:type", Is: []string{"url_verification"}}, {In: "json:challenge"}},
			Status: 200, Type: PlainText, Body: "{json.challenge}",
		}},
	},
	{
		Name: "zoom", Title: "Zoom", Evidence: sign.ProviderProven, Distinct: true,
		Docs: "https://developers.zoom.us/docs/api/webhooks/#validate-your-webhook-endpoint",
		When: "when the URL is saved, then every 72 hours; answer within 3 s",
		Steps: []Step{{
			Methods: []string{"POST"}, Signed: true,
			Has:    []Mark{{In: "json:event", Is: []string{"endpoint.url_validation"}}, {In: "json:payload.plainToken"}},
			Status: 200, Type: JSON,
			Body: `{lb}"plainToken":"{json.payload.plainToken}","encryptedToken":"{mac}"{rb}`,
			MAC: MAC{Of: "json:payload.plainToken", Enc: sign.Hex,
				Challenge: sign.Challenge{Hash: sign.SHA256, Alphabet: base64Chars, Min: 1, Max: 256}},
		}},
	},
	{
		Name: "discord", Title: "Discord", Evidence: sign.ProviderProven, Distinct: true,
		Docs: "https://discord.com/developers/docs/interactions/overview#preparing-for-interactions",
		When: "when the URL is saved, and again at any time",
		Note: "Discord also sends wrong signatures, which must be answered 401",
		Steps: []Step{
			{
				Methods: []string{"POST"}, Signed: true,
				Has:    []Mark{{In: "header:X-Signature-Ed25519"}, {In: "json:type", Is: []string{"1"}}},
				Lacks:  []sign.Place{"json:event.type"},
				Status: 200, Type: JSON, Body: `{lb}"type":1{rb}`,
			},
			{
				Methods: []string{"POST"}, Signed: true,
				Has:    []Mark{{In: "header:X-Signature-Ed25519"}, {In: "json:type", Is: []string{"0"}}},
				Status: 204,
			},
		},
	},
	{
		Name: "twitch", Title: "Twitch EventSub", Evidence: sign.FromDocs, Distinct: true,
		Docs: "https://dev.twitch.tv/docs/eventsub/handling-webhook-events/#responding-to-a-challenge-request",
		When: "when the subscription is created",
		Steps: []Step{{
			Methods: []string{"POST"}, Signed: true,
			Has: []Mark{{In: "header:Twitch-Eventsub-Message-Type", Is: []string{"webhook_callback_verification"}},
				{In: "json:challenge"}},
			Status: 200, Type: PlainText, Body: "{json.challenge}",
		}},
	},
	{
		Name: "xero", Title: "Xero", Evidence: sign.FromDocs, Distinct: true,
		Docs: "https://developer.xero.com/documentation/webhooks/configuring-your-server",
		When: "when the URL is saved; answer within 5 s",
		Note: "Xero calls this the intent to receive: it sends several requests, and those with a wrong signature must be " +
			"answered 401",
		Steps: []Step{{
			Methods: []string{"POST"}, Signed: true,
			Has:    []Mark{{In: "header:x-xero-signature"}, {In: "json:entropy"}},
			Lacks:  []sign.Place{"json:events.0.eventType", "json:events.0.resourceId"},
			Status: 200,
		}},
	},
	{
		Name: "aws-sns", Title: "Amazon SNS", Evidence: sign.FromDocs, Distinct: true,
		Docs: "https://docs.aws.amazon.com/sns/latest/dg/http-subscription-confirmation-json.html",
		When: "when the subscription is created; valid for three days",
		Steps: []Step{{
			Methods: []string{"POST"}, Signed: true,
			Has: []Mark{{In: "header:x-amz-sns-message-type", Is: []string{"SubscriptionConfirmation"}},
				{In: "json:Type", Is: []string{"SubscriptionConfirmation"}}, {In: "json:SubscribeURL"}},
			Status:  200,
			Confirm: Confirm{In: "json:SubscribeURL", Host: "sns.*.amazonaws.com"},
		}},
	},
	{
		Name: "github", Title: "GitHub", Evidence: sign.FromDocs, Distinct: true,
		Docs: "https://docs.github.com/en/webhooks/webhook-events-and-payloads#ping",
		When: "when the webhook is created",
		Steps: []Step{{
			Methods: []string{"POST"}, Signed: true,
			Has:    []Mark{{In: "header:X-GitHub-Event", Is: []string{"ping"}}, {In: "json:hook_id"}},
			Status: 200,
		}},
	},
	{
		Name: "eventgrid", Title: "Azure Event Grid", Evidence: sign.FromDocs, Distinct: true,
		Docs: "https://learn.microsoft.com/en-us/azure/event-grid/end-point-validation-event-grid-events-schema",
		When: "when the subscription is created",
		Steps: []Step{{
			Methods: []string{"POST"},
			Has: []Mark{{In: "header:aeg-event-type", Is: []string{"SubscriptionValidation"}},
				{In: "json:0.data.validationCode"}},
			Status: 200, Type: JSON, Body: `{lb}"validationResponse":"{json.0.data.validationCode}"{rb}`,
		}},
	},
	{
		Name: "cloudevents", Title: "CloudEvents", Evidence: sign.FromDocs, Distinct: true,
		Docs: "https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md#4-abuse-protection",
		When: "when the webhook is registered",
		Note: "barb allows any rate, and does not call a WebHook-Request-Callback",
		Steps: []Step{{
			Methods: []string{"OPTIONS"},
			Has:     []Mark{{In: "header:WebHook-Request-Origin"}},
			Status:  200,
			Fields: []sign.Field{{Name: "WebHook-Allowed-Origin", Value: "{header.WebHook-Request-Origin}"},
				{Name: "WebHook-Allowed-Rate", Value: "*"},
				{Name: "Allow", Value: "POST, OPTIONS"}},
		}},
	},
	{
		Name: "asana", Title: "Asana", Evidence: sign.FromDocs, Distinct: true,
		Docs: "https://developers.asana.com/docs/webhooks-guide#the-webhook-handshake",
		When: "when the webhook is created",
		Steps: []Step{{
			Methods: []string{"POST"},
			Has:     []Mark{{In: "header:X-Hook-Secret"}},
			Lacks:   []sign.Place{"header:X-Hook-Signature"},
			Status:  200,
			Fields:  []sign.Field{{Name: "X-Hook-Secret", Value: "{header.X-Hook-Secret}"}},
			Learns:  "header:X-Hook-Secret",
		}},
	},
	{
		Name: "okta", Title: "Okta", Evidence: sign.FromDocs, Distinct: true,
		Docs: "https://developer.okta.com/docs/concepts/event-hooks/#one-time-verification-request",
		When: "when the event hook is verified",
		Steps: []Step{{
			Methods: []string{"GET"},
			Has:     []Mark{{In: "header:X-Okta-Verification-Challenge"}},
			Status:  200, Type: JSON, Body: `{lb}"verification":"{header.X-Okta-Verification-Challenge}"{rb}`,
		}},
	},
	{
		Name: "x", Title: "X", Evidence: sign.FromDocs, Distinct: true,
		Docs: "https://docs.x.com/x-api/webhooks/introduction",
		When: "when the webhook is registered, then hourly; answer within 3 s",
		Note: "barb answers only on a route of scheme x, and only tokens in X's own format, base64 of a UUID: " +
			"the answer to any other token could be a webhook's signature",
		Steps: []Step{{
			Methods: []string{"GET"},
			Has:     []Mark{{In: "query:crc_token"}},
			Status:  200, Type: JSON, Body: `{lb}"response_token":"sha256={mac}"{rb}`,
			MAC: MAC{Of: "query:crc_token", Challenge: sign.XToken(), Enc: sign.Base64},
		}},
	},
	{
		Name: "braintree", Title: "Braintree", Evidence: sign.ProviderProven, Distinct: true,
		Docs: "https://developer.paypal.com/braintree/docs/guides/webhooks/create",
		When: "when the webhook is created",
		Note: "the secret is the public key, a colon and the private key",
		Steps: []Step{{
			Methods: []string{"GET"},
			Has:     []Mark{{In: "query:bt_challenge"}},
			Status:  200, Type: PlainText, Body: "{public}|{mac}",
			MAC: MAC{Of: "query:bt_challenge", Challenge: sign.BraintreeToken(), Enc: sign.Hex, HashedKey: true, Pair: true},
		}},
	},
	{
		Name: "msgraph", Title: "Microsoft Graph", Evidence: sign.FromDocs, Distinct: true,
		Docs: "https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks",
		When: "when the subscription is created or renewed; answer within 10 s",
		Steps: []Step{{
			Methods: []string{"POST", "GET"},
			Has:     []Mark{{In: "query:validationToken"}},
			Lacks:   []sign.Place{"json:value.0.clientState"},
			Status:  200, Type: PlainText, Body: "{query.validationToken}",
		}},
	},
	{
		Name: "websub", Title: "WebSub", Evidence: sign.FromDocs, Distinct: true,
		Docs: "https://www.w3.org/TR/websub/#hub-verifies-intent",
		When: "when a subscription begins, ends or is renewed",
		Note: "with --param topic=…, the request must name that topic",
		Steps: []Step{{
			Methods: []string{"GET"},
			Has: []Mark{{In: "query:hub.mode", Is: []string{"subscribe", "unsubscribe"}}, {In: "query:hub.topic"},
				{In: "query:hub.challenge"}},
			Agreed: []Agreement{{In: "query:hub.topic", Param: "topic", Status: 404}},
			Status: 200, Type: PlainText, Body: "{query.hub.challenge}",
		}},
	},
	{
		Name: "meta", Title: "Meta", Evidence: sign.FromDocs,
		Docs: "https://developers.facebook.com/docs/graph-api/webhooks/getting-started#verification-requests",
		When: "when the subscription is created",
		Note: "with --param verify_token=…, the request must contain that token",
		Steps: []Step{{
			Methods: []string{"GET"},
			Has: []Mark{{In: "query:hub.mode", Is: []string{"subscribe"}}, {In: "query:hub.verify_token"},
				{In: "query:hub.challenge"}},
			Agreed: []Agreement{{In: "query:hub.verify_token", Param: "verify_token", Status: 403}},
			Status: 200, Type: PlainText, Body: "{query.hub.challenge}",
		}},
	},
	{
		Name: "strava", Title: "Strava", Evidence: sign.FromDocs,
		Docs: "https://developers.strava.com/docs/webhooks/",
		When: "when the subscription is created; answer within 2 s",
		Note: "the request is the same as Meta's, but the answer is different; Strava does not sign its events",
		Steps: []Step{{
			Methods: []string{"GET"},
			Has: []Mark{{In: "query:hub.mode", Is: []string{"subscribe"}}, {In: "query:hub.verify_token"},
				{In: "query:hub.challenge"}},
			Agreed: []Agreement{{In: "query:hub.verify_token", Param: "verify_token", Status: 403}},
			Status: 200, Type: JSON, Body: `{lb}"hub.challenge":"{query.hub.challenge}"{rb}`,
		}},
	},
	{
		Name: "dropbox", Title: "Dropbox", Evidence: sign.FromDocs,
		Docs: "https://www.dropbox.com/developers/reference/webhooks",
		When: "when the URL is saved",
		Steps: []Step{{
			Methods: []string{"GET"},
			Has:     []Mark{{In: "query:challenge"}},
			Status:  200, Type: PlainText, Body: "{query.challenge}",
		}},
	},
	{
		Name: "nylas", Title: "Nylas", Evidence: sign.FromDocs,
		Docs: "https://developer.nylas.com/docs/v3/notifications/",
		When: "when the webhook is created; answer within 10 s",
		Steps: []Step{{
			Methods: []string{"GET"},
			Has:     []Mark{{In: "query:challenge"}},
			Status:  200, Type: PlainText, Body: "{query.challenge}",
		}},
	},
	{
		Name: "monday", Title: "monday.com", Evidence: sign.FromDocs,
		Docs: "https://developer.monday.com/api-reference/reference/webhooks",
		When: "when the URL is saved",
		Steps: []Step{{
			Methods: []string{"POST"},
			Has:     []Mark{{In: "json:challenge"}},
			Lacks:   []sign.Place{"json:event.type"},
			Status:  200, Type: JSON, Body: `{lb}"challenge":"{json.challenge}"{rb}`,
		}},
	},
	{
		Name: "notion", Title: "Notion", Evidence: sign.FromDocs,
		Docs: "https://developers.notion.com/reference/webhooks#step-2-verifying-the-subscription",
		When: "when the subscription is created",
		Note: "the token must also be pasted into the settings of the integration in Notion",
		Steps: []Step{{
			Methods: []string{"POST"},
			Has:     []Mark{{In: "json:verification_token"}},
			Lacks:   []sign.Place{"header:X-Notion-Signature"},
			Status:  200,
			Learns:  "json:verification_token",
		}},
	},
	{
		Name: "woocommerce", Title: "WooCommerce", Evidence: sign.FromDocs,
		Docs: "https://woocommerce.com/document/webhooks/",
		When: "when the webhook is saved",
		Steps: []Step{{
			Methods: []string{"POST"},
			Has:     []Mark{{In: "form:webhook_id"}},
			Lacks:   []sign.Place{"header:X-WC-Webhook-Signature"},
			Status:  200,
		}},
	},
	{
		Name: "mandrill", Title: "Mailchimp Transactional (Mandrill)", Evidence: sign.FromDocs,
		Docs: "https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/",
		When: "when the webhook is created",
		Note: "the POST is signed with the key test-webhook, which everybody knows: barb does not check it",
		Steps: []Step{
			{Methods: []string{"HEAD"}, Status: 200},
			{
				Methods: []string{"POST"},
				Has:     []Mark{{In: "form:mandrill_events", Is: []string{"[]"}}},
				Status:  200,
			},
		},
	},
	{
		Name: "trello", Title: "Trello", Evidence: sign.FromDocs,
		Docs:  "https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/",
		When:  "when the webhook is created",
		Steps: []Step{{Methods: []string{"HEAD"}, Status: 200}},
	},
	{
		Name: "intercom", Title: "Intercom", Evidence: sign.FromDocs,
		Docs:  "https://developers.intercom.com/docs/webhooks",
		When:  "when the URL is saved",
		Steps: []Step{{Methods: []string{"HEAD"}, Status: 200}},
	},
}
