package explain

import (
	"bytes"
	"regexp"
	"strings"
	"sync"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/keytext"
)

// credentials returns a hint for each secret that is a key for the provider's API. Schemes that send the secret itself
// take any text, and Paystack signs with its API key.
func credentials(q *Question) (all []Hint) {
	if q.Scheme.Auth == sign.Token || q.Scheme.Name == "paystack" {
		return nil
	}
	for _, secret := range q.Secrets {
		if begins := keytext.APIKey(secret.Key); begins != "" {
			all = append(all, Hint{SecretAPIKey, secret.Label() + " is " + credentialName(begins) + " (" + begins +
				"…), not the webhook secret", whereSecretIs(q.Scheme.Name)})
		}
	}
	return all
}

func credentialName(begins string) string {
	switch {
	case begins == "AC":
		return "an account SID"
	case begins == "eyJ":
		return "a JSON Web Token"
	case begins == "AKIA", begins == "ASIA":
		return "an access key ID"
	case strings.HasPrefix(begins, "gh"), begins == "github_pat_", strings.HasPrefix(begins, "gl"),
		strings.HasPrefix(begins, "xox"),
		begins == "xapp-", begins == "EAA", strings.HasPrefix(begins, "shp"), begins == "sq0atp-":
		return "an access token"
	}
	return "an API key"
}

// whereSecretIs says where the provider shows the secret of a webhook; nil where that is not known.
func whereSecretIs(scheme string) []Fix {
	text, ok := map[string]string{
		"stripe": "the webhook secret begins with whsec_; find it on the page of the endpoint in the Dashboard " +
			"(Developers, Webhooks), and stripe listen prints its own",
		"slack":     "the key is the signing secret, under Basic Information, App Credentials of the app",
		"github":    "the key is the secret that was entered when the webhook was created (Settings, Webhooks)",
		"twilio":    "the key is the auth token of the account, in the Console under Account Info",
		"sendgrid":  "the key is the verification key of the Event Webhook, under Settings, Mail Settings",
		"shopify":   "the key is the client secret of the app, or for webhooks made in the admin the one shown there",
		"meta":      "the key is the app secret, under App settings, Basic",
		"square":    "the key is the signature key of the webhook subscription, in the Developer Dashboard",
		"linear":    "the webhook secret begins with lin_wh_; find it on the page of the webhook (Settings, API)",
		"clerk":     "the webhook secret begins with whsec_; find it on the page of the endpoint",
		"resend":    "the webhook secret begins with whsec_; find it on the page of the webhook",
		"openai":    "the webhook secret begins with whsec_; it was shown when the webhook was created",
		"anthropic": "the webhook secret begins with whsec_; it was shown when the webhook was created",
	}[scheme]
	if !ok {
		return nil
	}
	return []Fix{{scheme, text}}
}

// assignment matches a line of a .env file or of a shell.
var assignment = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:export\s+|set\s+|\$env:)?[A-Za-z_][A-Za-z0-9_.-]*\s*=\s*(\S.{7,})$`)
})

// label matches what stands before a secret on a page or in a header.
var label = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(
		`(?i)^(?:(?:bearer|basic|token|key|secret|(?:signing|webhook)[ _-]?secret)(?:\s*[:,]\s*|\s+)|` +
			`(?:(?:hmac-?)?sha-?(?:1|256|384|512)|hmac|v[0-9])(?:\s*[:=,]\s*|\s+))(\S.{7,})$`)
})

// whsecLabel matches whsec_ in another spelling.
var whsecLabel = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^whsec\s*[_:= -]\s*(\S.{7,})$`)
})

// assigned returns the value of NAME=value, without quotes; nil for another text.
func assigned(text []byte) []byte { return unquotedGroup(assignment(), text) }

// unlabelled returns what stands behind a label; nil without one.
func unlabelled(text []byte) []byte { return unquotedGroup(label(), text) }

// respelledWhsec returns a secret whose whsec_ has blanks behind it, capitals or another separator, with the prefix as
// it is issued.
func respelledWhsec(text []byte) []byte {
	rest := unquotedGroup(whsecLabel(), text)
	if rest == nil {
		return nil
	}
	return append([]byte("whsec_"), rest...)
}

func unquotedGroup(r *regexp.Regexp, text []byte) []byte {
	found := r.FindSubmatch(bytes.Trim(text, blank))
	if found == nil {
		return nil
	}
	return bytes.Trim(bytes.Trim(found[1], blank), "\"'`")
}
