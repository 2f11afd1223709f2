package main

import (
	"crypto/ed25519"
	"encoding/hex"

	"github.com/bwmarrin/discordgo"
	"github.com/sendgrid/sendgrid-go/helpers/eventwebhook"
)

// asymmetricFamily returns the providers with a public key.
func asymmetricFamily() []adapter {
	return []adapter{
		{provider: "discord", sdk: "github.com/bwmarrin/discordgo", function: "VerifyInteraction (community SDK)",
			clock: noClock, verify: verifyDiscord},
		{provider: "sendgrid", sdk: "github.com/sendgrid/sendgrid-go", function: "eventwebhook.VerifySignature",
			clock: noClock, verify: verifySendGrid},
	}
}

func verifyDiscord(r *request) error {
	key, err := hex.DecodeString(r.secret())
	if err != nil {
		return err
	}
	req, err := r.http()
	if err != nil {
		return err
	}
	return accepted(discordgo.VerifyInteraction(req, ed25519.PublicKey(key)))
}

func verifySendGrid(r *request) error {
	const prefix = "X-Twilio-Email-Event-Webhook-"
	key, err := eventwebhook.ConvertPublicKeyBase64ToECDSA(r.secret())
	if err != nil {
		return err
	}
	ok, err := eventwebhook.VerifySignature(key, r.Body, r.header().Get(prefix+"Signature"),
		r.header().Get(prefix+"Timestamp"))
	if err != nil {
		return refused(err)
	}
	return accepted(ok)
}
