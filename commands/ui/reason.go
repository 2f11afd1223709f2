package ui

import (
	"strings"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
)

// FailureText says why no answer came: the kind of the failure, unless the text has the same word in it.
func FailureText(f *record.Failure) string {
	text := Clip(f.Text, 120)
	if strings.Contains(text, string(f.Kind)) {
		return text
	}
	return string(f.Kind) + " " + text
}

// reasonText says in plain English what a refusal means, and what to do about it.
type reasonText struct{ what, fix string }

// reasons has a row for each reason, so that an exchange of the history can say why it was refused: the history keeps
// the reason and not the detail.
var reasons = map[sign.Reason]reasonText{
	sign.MissingSignature: {"the webhook has no signature of this scheme",
		"check that no proxy removes the header; if the sender uses another scheme, name it with -s (barb schemes)"},
	sign.MalformedSignature: {"the signature cannot be read in this scheme",
		"compare the header with barb schemes NAME; the webhook may be signed in another scheme"},
	sign.WeakerSignature: {"the signature is weaker than the one this sender can make",
		"-s SCHEME checks one scheme and no other"},
	sign.DuplicateHeader: {"a header that must occur once occurs more than once",
		"find out what adds the second one: the sender, a proxy or a tunnel"},
	sign.DuplicateField: {"a signed field occurs more than once, and receivers disagree about which one counts",
		"have the sender write each field once"},
	sign.MissingTimestamp: {"the webhook has no timestamp, and the signature covers one",
		"check that no proxy removes the timestamp's header"},
	sign.MalformedTimestamp: {"the timestamp cannot be read",
		"compare the timestamp with barb schemes NAME: seconds, milliseconds and dates are easily confused"},
	sign.TimestampExpired: {"the signature is correct, but too old",
		"check both clocks; --tolerance 1h accepts older webhooks in tests"},
	sign.TimestampInFuture: {"the signature is correct, but its timestamp is in the future",
		"check both clocks; --tolerance 1h accepts such webhooks in tests"},
	sign.MissingID: {"the webhook has no id, and the signature covers one",
		"check that no proxy removes the id's header"},
	sign.MalformedID: {"the webhook's id contains a character that no id may have",
		"have the sender use letters, digits, dashes and underscores"},
	sign.MissingField: {"a signed header or field is missing",
		"check that the sender sends it and no proxy removes it"},
	sign.MalformedField: {"a signed value contains a character that the signature's format cannot carry",
		"have the sender change that value"},
	sign.MalformedBody: {"the body is not in the format that this scheme signs",
		"check -s, and that nothing rewrites the body on its way"},
	sign.UnsignedBody: {"the signature does not cover this body",
		"check -s, and the Content-Type that the webhook was sent with"},
	sign.UnsignedComponent: {"the signature leaves out a part of the request that must be signed",
		"have the sender sign it, or name the signed parts with --param components=…"},
	sign.SignatureMismatch: {"the signature does not match the secret", ""},
	sign.LengthExtension: {"the digest was extended by somebody who does not have the secret",
		"do not process this webhook: it is forged"},
	sign.WrongSpelling: {"the signature is correct, but the provider's own SDK rejects the way it is written",
		"without --strict, barb accepts it"},
	sign.WrongClaim: {"the signature is correct, but made for another issuer, audience, account or URL",
		"check the values of --param and --url"},
	sign.ForeignCertificate: {"the webhook names a certificate that is not the provider's",
		"do not process this webhook: it may be forged"},
	sign.CertificateExpired: {"the certificate was not valid when the webhook was signed",
		"use the provider's current certificate as --secret"},
	sign.EmptySecret:  {"the secret is empty", "--secret env:NAME"},
	sign.WrongKeyForm: {"the secret is not in the format that this scheme uses", "barb schemes NAME shows the format"},
	sign.MissingURL:   {"the signature covers the URL, and the URL is not known", "--url https://… names it"},
	sign.MissingParam: {"the signature covers a value that is not in the request", "--param NAME=VALUE names it"},
}

// Reason returns why a signature was refused, in plain English. tried names the secrets that it was tried with. It
// returns the reason itself where it knows no better.
func Reason(reason, tried string) string {
	switch text := reasons[sign.Reason(reason)].what; {
	case text == "":
		return reason
	case reason == string(sign.SignatureMismatch) && strings.Contains(tried, ", "):
		return "signature matches none of the secrets " + EscapeLine(tried)
	case reason == string(sign.SignatureMismatch) && tried != "":
		return "signature does not match " + EscapeLine(sign.Secret{Name: tried}.Label())
	default:
		return text
	}
}

// Remedy returns what to do about a refused signature; "" where barb verify --explain finds it out.
func Remedy(reason string) string { return reasons[sign.Reason(reason)].fix }
