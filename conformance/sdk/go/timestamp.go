package main

import (
	"strconv"
	"time"

	paddle "github.com/PaddleHQ/paddle-go-sdk/v4"
	"github.com/buildkite/go-buildkite/v4"
	"github.com/cloudinary/cloudinary-go/v2/api/uploader"
	"github.com/cloudinary/cloudinary-go/v2/config"
	"github.com/slack-go/slack"
	"github.com/stripe/stripe-go/v82/webhook"
)

// timestampFamily returns the providers that sign a timestamp with the body.
func timestampFamily() []adapter {
	const buildkiteModule = "github.com/buildkite/go-buildkite/v4"
	return []adapter{
		{provider: "stripe", sdk: "github.com/stripe/stripe-go/v82", function: "webhook.ValidatePayload", clock: ownClock,
			verify: verifyStripe, sign: signStripe},
		{provider: "paddle", sdk: "github.com/PaddleHQ/paddle-go-sdk/v4", function: "WebhookVerifier.Verify (tolerance 5s)",
			clock: ownClock, verify: verifyPaddle},
		{provider: "slack", sdk: "github.com/slack-go/slack", function: "SecretsVerifier (community SDK)", clock: ownClock,
			verify: verifySlack},
		{provider: "buildkite", sdk: buildkiteModule, function: "ValidatePayload", clock: noClock, verify: verifyBuildkite},
		{provider: "cloudinary", sdk: "github.com/cloudinary/cloudinary-go/v2",
			function: "uploader.VerifyNotificationSignature", clock: ownClock, verify: verifyCloudinary},
		{provider: "buildkite-token", sdk: buildkiteModule, function: "ValidatePayload (token)", clock: noClock,
			verify: verifyBuildkite},
	}
}

func verifyStripe(r *request) error {
	return refused(webhook.ValidatePayload(r.Body, r.header().Get("Stripe-Signature"), r.secret()))
}

func signStripe(r *request) ([]field, error) {
	p := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: r.Body, Secret: r.secret(),
		Timestamp: r.clock()})
	return []field{{"Stripe-Signature", p.Header}}, nil
}

// verifyPaddle enables the age check that the SDK's documentation recommends; it is off by default.
func verifyPaddle(r *request) error {
	req, err := r.http()
	if err != nil {
		return err
	}
	ok, err := paddle.NewWebhookVerifier(r.secret(), paddle.VerifierWithTimestampTolerance(5*time.Second)).Verify(req)
	if err != nil {
		return refused(err)
	}
	return accepted(ok)
}

func verifySlack(r *request) error {
	v, err := slack.NewSecretsVerifier(r.header(), r.secret())
	if err != nil {
		return refused(err)
	}
	if _, err := v.Write(r.Body); err != nil {
		return err
	}
	return refused(v.Ensure())
}

func verifyBuildkite(r *request) error {
	req, err := r.http()
	if err != nil {
		return err
	}
	_, err = buildkite.ValidatePayload(req, []byte(r.secret()))
	return refused(err)
}

// verifyCloudinary uses the SDK's default age, two hours.
func verifyCloudinary(r *request) error {
	account, err := config.NewFromParams("barb", "unused", r.secret())
	if err != nil {
		return err
	}
	api, err := uploader.NewWithConfiguration(account)
	if err != nil {
		return err
	}
	sent, err := strconv.ParseInt(r.header().Get("X-Cld-Timestamp"), 10, 64)
	if err != nil {
		return err
	}
	return accepted(api.VerifyNotificationSignature(string(r.Body), sent, r.header().Get("X-Cld-Signature"), 0))
}
