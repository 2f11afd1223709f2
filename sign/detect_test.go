package sign_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/sign"
)

func detected(m sign.Message) string {
	var names []string
	for _, s := range sign.Detect(m) {
		names = append(names, s.Name)
	}
	return strings.Join(names, " ")
}

func TestDetectFindsTheSchemeOfEveryVector(t *testing.T) {
	for _, s := range sign.All() {
		for _, v := range vectors(t, s.Name) {
			want := s.Name
			if v.Case == "missing_signature" || v.Case == "truncated_signature" {
				want = "" // without its prefix or length, a signature could be anybody's
			}
			if got := detected(v.message()); got != want {
				t.Errorf("%s/%s: %q, want %q", s.Name, v.Case, got, want)
			}
		}
	}
}

func TestDetectGoesByValuesAndNotByNames(t *testing.T) {
	hex40, hex64 := strings.Repeat("ab", 20), strings.Repeat("ab", 32)
	for _, c := range []struct {
		header http.Header
		want   string
	}{
		{http.Header{}, ""},
		{http.Header{"X-Hub-Signature": {"sha1=" + hex40}}, "github-sha1"},
		{http.Header{"X-Hub-Signature": {"sha256=" + hex64}}, ""}, // Bitbucket, Jira
		{http.Header{"X-Hub-Signature": {"sha1=" + hex40}, "X-Hub-Signature-256": {"sha256=" + hex64}}, "github"},
		{http.Header{"X-Hub-Signature": {"sha1=" + hex40}, "X-Hub-Signature-256": {"broken"}}, ""},
		{http.Header{"X-Webhook-Signature": {hex64}}, "generic"},
		{http.Header{"X-Webhook-Signature": {"sha256=" + hex64}}, "generic-ts"},
		{http.Header{"X-Webhook-Signature": {"eyJhbGciOiJIUzI1NiJ9.e30.x"}}, ""}, // Netlify
		{http.Header{"Webhook-Signature": {hex64}}, ""},                          // GoCardless
		{http.Header{"Webhook-Signature": {"time=1,sig1=" + hex64}}, ""},         // Cloudflare Stream
		{http.Header{"Stripe-Signature": {"t=1,v0=" + hex64}}, "stripe"},
		{http.Header{"X-Hub-Signature-256": {"sha256=" + hex64, "x"}}, "github"},
		{http.Header{"X-Gitlab-Token": {"t"}}, "gitlab"},
		{http.Header{"X-Gitlab-Token": {"t"}, "Webhook-Signature": {"v1,q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s="}}, "standard-webhooks gitlab"},
		{http.Header{"X-Gitlab-Token": {"t"}, "X-Gitlab-Event": {"Push Hook"}, "Idempotency-Key": {"k"}, "X-Shopify-Hmac-Sha256": {"q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s="}}, "shopify gitlab"},
		{http.Header{"X-Gitlab-Token": {strings.Repeat("t", 30<<10)}}, ""},
	} {
		if diff := cmp.Diff(c.want, detected(sign.Message{Header: c.header})); diff != "" {
			t.Errorf("%v: %s", c.header, diff)
		}
	}
}

func TestDetectedSchemesAreCopies(t *testing.T) {
	m := deliver(t, lookup(t, "paypal"), newMessage(lookup(t, "paypal")), newPair(lookup(t, "paypal"), 0).signing)
	sign.Detect(m)[0].Fixed[0].Name = "Evil"
	if got := lookup(t, "paypal").Fixed[0].Name; got != "PAYPAL-AUTH-ALGO" {
		t.Error(got)
	}
}
