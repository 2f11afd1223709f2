package main

import (
	"errors"

	"code.gitea.io/sdk/gitea"
	"github.com/PagerDuty/go-pagerduty/webhookv3"
	"github.com/go-playground/webhooks/v6/gitlab"
	"github.com/google/go-github/v75/github"
	"github.com/line/line-bot-sdk-go/v8/linebot/webhook"
	"github.com/razorpay/razorpay-go/utils"
)

// bodyFamily returns the providers that sign the body alone, or that send a token and sign nothing.
func bodyFamily() []adapter {
	return []adapter{
		githubRow("github", "X-Hub-Signature-256", "ValidateSignature"),
		githubRow("github-sha1", "X-Hub-Signature", "ValidateSignature (sha1)"),
		githubRow("bitbucket", "X-Hub-Signature", "ValidateSignature (same scheme, not Atlassian's SDK)"),
		{provider: "gitea", sdk: "code.gitea.io/sdk/gitea", function: "VerifyWebhookSignature", clock: noClock,
			verify: verifyGitea},
		{provider: "gitlab", sdk: "github.com/go-playground/webhooks/v6", function: "gitlab.Webhook.Parse (community SDK)",
			clock: noClock, verify: verifyGitLab},
		{provider: "pagerduty", sdk: "github.com/PagerDuty/go-pagerduty", function: "webhookv3.VerifySignature",
			clock: noClock, verify: verifyPagerDuty},
		{provider: "line", sdk: "github.com/line/line-bot-sdk-go/v8", function: "webhook.ValidateSignature", clock: noClock,
			verify: verifyLine},
		{provider: "razorpay", sdk: "github.com/razorpay/razorpay-go", function: "utils.VerifyWebhookSignature",
			clock: noClock, verify: verifyRazorpay},
	}
}

func githubRow(provider, header, function string) adapter {
	return adapter{
		provider: provider, sdk: "github.com/google/go-github/v75", function: function, clock: noClock,
		verify: func(r *request) error {
			return refused(github.ValidateSignature(r.header().Get(header), r.Body, []byte(r.secret())))
		},
	}
}

func verifyGitea(r *request) error {
	ok, err := gitea.VerifyWebhookSignature(r.secret(), r.header().Get("X-Gitea-Signature"), r.Body)
	if err != nil {
		return refused(err)
	}
	return accepted(ok)
}

func verifyPagerDuty(r *request) error {
	req, err := r.http()
	if err != nil {
		return err
	}
	return refused(webhookv3.VerifySignature(req, r.secret()))
}

func verifyLine(r *request) error {
	return accepted(webhook.ValidateSignature(r.secret(), r.header().Get("x-line-signature"), r.Body))
}

func verifyRazorpay(r *request) error {
	return accepted(utils.VerifyWebhookSignature(string(r.Body), r.header().Get("X-Razorpay-Signature"), r.secret()))
}

// verifyGitLab passes a body without an event: the SDK compares the token first, so an error about the event means that
// the token was accepted.
func verifyGitLab(r *request) error {
	hook, err := gitlab.New(gitlab.Options.Secret(r.secret()))
	if err != nil {
		return err
	}
	req, err := r.http()
	if err != nil {
		return err
	}
	_, err = hook.Parse(req, gitlab.PushEvents)
	switch {
	case errors.Is(err, gitlab.ErrGitLabTokenVerificationFailed):
		return refused(err)
	case errors.Is(err, gitlab.ErrEventNotFound):
		return nil
	}
	return err
}
