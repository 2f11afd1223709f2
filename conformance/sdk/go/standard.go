package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/anthropics/anthropic-sdk-go"
	anthropicoption "github.com/anthropics/anthropic-sdk-go/option"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/webhooks"
	"github.com/resend/resend-go/v3"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	svix "github.com/svix/svix-webhooks/go"
)

const (
	standardModule = "github.com/standard-webhooks/standard-webhooks/libraries"
	svixModule     = "github.com/svix/svix-webhooks"
)

// standardFamily returns the providers that follow the Standard Webhooks specification, under its own header names or
// Svix's.
func standardFamily() []adapter {
	return []adapter{
		standardRow("standard-webhooks", ""),
		standardRow("gitlab-signing", ""),
		standardRow("supabase", "v1,"),
		svixRow("svix", true),
		svixRow("clerk", false),
		{provider: "resend", sdk: "github.com/resend/resend-go/v3", function: "Webhooks.Verify", clock: ownClock,
			verify: verifyResend},
		{provider: "openai", sdk: "github.com/openai/openai-go/v3", function: "Webhooks.VerifySignature", clock: givenTime,
			verify: verifyOpenAI},
		{provider: "anthropic", sdk: "github.com/anthropics/anthropic-sdk-go", function: "Beta.Webhooks.Unwrap",
			clock: ownClock, verify: verifyAnthropic},
	}
}

// standardRow returns the reference library's adapter. Supabase's documentation strips a prefix from its secrets.
func standardRow(provider, prefix string) adapter {
	hook := func(r *request) (*standardwebhooks.Webhook, error) {
		return standardwebhooks.NewWebhook(strings.TrimPrefix(r.secret(), prefix))
	}
	return adapter{
		provider: provider, sdk: standardModule, function: "Webhook.Verify", clock: ownClock,
		verify: func(r *request) error {
			wh, err := hook(r)
			if err != nil {
				return err
			}
			return refused(wh.Verify(r.Body, r.header()))
		},
		sign: func(r *request) ([]field, error) {
			wh, err := hook(r)
			if err != nil {
				return nil, err
			}
			return standardFields("webhook-", r, wh.Sign)
		},
	}
}

// svixRow returns the adapter of Svix, and of providers that send through Svix.
func svixRow(provider string, signs bool) adapter {
	row := adapter{
		provider: provider, sdk: svixModule, function: "Webhook.Verify", clock: ownClock,
		verify: func(r *request) error {
			wh, err := svix.NewWebhook(r.secret())
			if err != nil {
				return err
			}
			return refused(wh.Verify(r.Body, r.header()))
		},
	}
	if signs {
		row.sign = func(r *request) ([]field, error) {
			wh, err := svix.NewWebhook(r.secret())
			if err != nil {
				return nil, err
			}
			return standardFields("svix-", r, wh.Sign)
		}
	}
	return row
}

func standardFields(prefix string, r *request, sign func(string, time.Time, []byte) (string, error)) ([]field, error) {
	signature, err := sign(r.IDHint, r.clock(), r.Body)
	return []field{
		{prefix + "id", r.IDHint},
		{prefix + "timestamp", strconv.FormatInt(r.clock().Unix(), 10)},
		{prefix + "signature", signature},
	}, err
}

func verifyResend(r *request) error {
	h := r.header()
	return refused(resend.NewClient("re_unused").Webhooks.Verify(&resend.VerifyWebhookOptions{
		Payload: string(r.Body), WebhookSecret: r.secret(),
		Headers: resend.WebhookHeaders{Id: h.Get("svix-id"), Timestamp: h.Get("svix-timestamp"),
			Signature: h.Get("svix-signature")},
	}))
}

func verifyOpenAI(r *request) error {
	service := webhooks.NewWebhookService(option.WithWebhookSecret(r.secret()))
	return refused(service.VerifySignatureWithToleranceAndTime(r.Body, r.header(), 5*time.Minute, r.clock()))
}

// verifyAnthropic first checks whether the SDK can parse the body, so that its error is about the signature.
func verifyAnthropic(r *request) error {
	service := anthropic.NewBetaWebhookService(anthropicoption.WithWebhookKey(r.secret()))
	if _, err := service.ParseUnverified(r.Body); err != nil {
		return err
	}
	_, err := service.Unwrap(r.Body, r.header())
	return refused(err)
}
