package keytext

import (
	"regexp"
	"sync"
)

// apiKeys matches credentials for a provider's API by the beginnings that the providers document. None of them is the
// secret of a webhook, except that Paystack signs with an sk_ key.
//
// Sources: docs.stripe.com/keys (also used by Clerk), docs.slack.dev/authentication/tokens,
// docs.github.com "GitHub's token formats", docs.gitlab.com/security/tokens, twilio.com/docs/glossary (SIDs),
// SendGrid's API keys (SG.), shopify.dev access tokens (not shpss_, the client secret, which signs webhooks),
// Square's and Meta's access tokens (EAA), linear.app/developers, Notion (ntn_), HubSpot's private apps (pat-),
// OpenAI and Anthropic (sk-), Resend (re_), Replicate (r8_), Razorpay (rzp_), AWS (AKIA, ASIA), Google (AIza).
var apiKeys = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:` +
		`((?:sk|pk|rk)_(?:live|test)_|xox[abeprs]-|xapp-|gh[opusr]_|github_pat_|gl(?:pat|dt|rt|ptt)-|` +
		`shp(?:at|ca|pa)_|sq0atp-|lin_(?:api|oauth)_|ntn_|pat-[a-z]{2}[0-9]-|sk-|rzp_(?:live|test)_|r8_|` +
		`npm_|dop_v1_)[A-Za-z0-9_-]{8,}` +
		`|(SG\.)[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}` +
		`|(re_)[A-Za-z0-9]{6,}_[A-Za-z0-9]{16,}` +
		`|(AC|SK)[0-9a-f]{32}|(AKIA|ASIA)[A-Z0-9]{16}|(AIza)[A-Za-z0-9_-]{35}|(EAA)[A-Za-z0-9_-]{40,}` +
		`|(eyJ)[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}` +
		`)$`)
})

// APIKey returns the beginning of a credential for a provider's API, "sk_test_"; "" for a text that is none. The
// beginning says which kind of credential it is and nothing about this one, so that it may be shown.
func APIKey(secret []byte) string {
	text := Trim(secret)
	if len(text) > MaxKey {
		return ""
	}
	for i, group := range apiKeys().FindSubmatch(text) {
		if i > 0 && len(group) > 0 {
			return string(group)
		}
	}
	return ""
}
