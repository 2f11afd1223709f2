package main

import (
	"github.com/mailgun/mailgun-go/v4"
	"github.com/twilio/twilio-go/client"
)

// payloadFamily returns the providers that sign fields of the body, or the URL with it.
func payloadFamily() []adapter {
	return []adapter{
		{provider: "twilio", sdk: "github.com/twilio/twilio-go", function: "client.RequestValidator.ValidateBody",
			clock: noClock, verify: verifyTwilio},
		{provider: "mailgun", sdk: "github.com/mailgun/mailgun-go/v4", function: "VerifyWebhookSignature", clock: noClock,
			verify: verifyMailgun},
	}
}

func verifyTwilio(r *request) error {
	v := client.NewRequestValidator(r.secret())
	return accepted(v.ValidateBody(r.URL, r.Body, r.header().Get("X-Twilio-Signature")))
}

func verifyMailgun(r *request) error {
	var payload mailgun.WebhookPayload
	if err := r.member(&payload); err != nil {
		return err
	}
	mg := mailgun.NewMailgun("hooks.example.com", "key-unused")
	mg.SetWebhookSigningKey(r.secret())
	ok, err := mg.VerifyWebhookSignature(payload.Signature)
	if err != nil {
		return refused(err)
	}
	return accepted(ok)
}
