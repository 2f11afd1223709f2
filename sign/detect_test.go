package sign_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
)

func detected(m sign.Message) string {
	var names []string
	for _, s := range new(catalog.Set).Detect(m) {
		names = append(names, s.Name)
	}
	return strings.Join(names, " ")
}

// TestDetectLeadsToTheSchemeOfEveryVector tries what is detected in its order. Many providers sign alike; the first
// that verifies must sign as the vector's own does.
func TestDetectLeadsToTheSchemeOfEveryVector(t *testing.T) {
	for _, s := range catalog.All() {
		for _, v := range vectors(t, s.Name) {
			found := new(catalog.Set).Detect(v.message())
			if v.Case == "missing_signature" {
				if len(found) > 0 {
					t.Errorf("%s/%s: %s", s.Name, v.Case, detected(v.message()))
				}
				continue
			}
			if v.Expected != "valid" {
				continue
			}
			i := slices.IndexFunc(found, func(d sign.Scheme) bool {
				_, err := d.Verify(v.message(), time.Unix(v.Now, 0), v.secrets()...)
				return err == nil
			})
			if i < 0 || found[i].Header != s.Header || found[i].Formula() != s.Formula() || found[i].Time != s.Time {
				t.Errorf("%s/%s: %d of %q", s.Name, v.Case, i, detected(v.message()))
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
		{http.Header{"X-Hub-Signature": {"sha1=" + hex40}}, "github-sha1 intercom websub"},
		{http.Header{"X-Hub-Signature": {"sha256=" + hex64}}, "bitbucket jira websub"},
		{http.Header{"X-Hub-Signature": {"sha1=" + hex40}, "X-Hub-Signature-256": {"sha256=" + hex64}},
			"github meta intercom websub"},
		{http.Header{"X-Hub-Signature": {"sha1=" + hex40}, "X-Hub-Signature-256": {"broken"}}, "intercom websub"},
		{http.Header{"X-Webhook-Signature": {hex64}}, "generic"},
		{http.Header{"X-Webhook-Signature": {"sha256=" + hex64}}, "generic-ts cursor"},
		{http.Header{"X-Webhook-Signature": {"eyJhbGciOiJIUzI1NiJ9.e30.x"}}, ""}, // Netlify
		{http.Header{"Webhook-Signature": {hex64}}, "gocardless"},
		{http.Header{"Webhook-Signature": {"time=1,sig1=" + hex64}}, "cloudflare-stream"},
		{http.Header{"Stripe-Signature": {"t=1,v0=" + hex64}}, "stripe"},
		{http.Header{"X-Hub-Signature-256": {"sha256=" + hex64, "x"}}, "github meta"},
		{http.Header{"X-Gitlab-Token": {"t"}}, "gitlab"},
		{http.Header{"X-Gitlab-Token": {"t"}, "Webhook-Signature": {"v1,q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s="}},
			"standard-webhooks liveblocks openai anthropic replicate lithic polar supabase gitlab-signing gitlab"},
		{http.Header{"X-Gitlab-Token": {"t"}, "X-Gitlab-Event": {"Push Hook"}, "Idempotency-Key": {"k"},
			"X-Shopify-Hmac-Sha256": {"q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s="}}, "shopify gitlab"},
		{http.Header{"X-Gitlab-Token": {strings.Repeat("t", 30<<10)}}, ""},
	} {
		if diff := cmp.Diff(c.want, detected(sign.Message{Header: c.header})); diff != "" {
			t.Errorf("%v: %s", c.header, diff)
		}
	}
}

func TestDetectedSchemesAreCopies(t *testing.T) {
	m := deliver(t, lookup(t, "paypal"), newMessage(lookup(t, "paypal")), newPair(lookup(t, "paypal"), 0).signing)
	new(catalog.Set).Detect(m)[0].Fixed[0].Name = "Evil"
	if got := lookup(t, "paypal").Fixed[0].Name; got != "PAYPAL-AUTH-ALGO" {
		t.Error(got)
	}
}

func TestDetectKnowsTheCallersOwnSchemes(t *testing.T) {
	own := sign.Scheme{Name: "shop", Auth: sign.HMAC, Hash: sign.SHA256, Enc: sign.Hex, Key: sign.Raw, Content: "{body}",
		Header: "X-Hub-Signature-256", Prefix: "sha256="}
	github := lookup(t, "github")
	m := deliver(t, own, newMessage(own), newPair(own, 0).signing)
	if found := (&catalog.Set{Own: []sign.Scheme{own}}).Detect(m); len(found) != 3 || found[0].Name != "shop" ||
		found[1].Name != "github" {
		t.Errorf("of equal fit: %v", found)
	}
	m = deliver(t, github, newMessage(github), newPair(github, 0).signing)
	if found := (&catalog.Set{Own: []sign.Scheme{own}}).Detect(m); len(found) != 3 || found[0].Name != "github" {
		t.Errorf("the better fit: %v", found)
	}
}
