package sign_test

import (
	"bytes"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/sign/handshake"
)

func TestEveryRowOfTheCatalogueIsValidAndComplete(t *testing.T) {
	grades := []sign.Evidence{sign.ProviderProven, sign.LibraryProven, sign.Corroborated, sign.FromDocs}
	seen := map[string]bool{}
	for _, s := range catalog.All() {
		if err := catalog.Validate(s); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
		if u, err := url.Parse(s.Docs); err != nil || u.Scheme != "https" || u.Host == "" {
			t.Errorf("%s: documentation address %q", s.Name, s.Docs)
		}
		if _, ok := handshake.Lookup(s.Handshake); s.Handshake != "" && !ok {
			t.Errorf("%s: no handshake %q", s.Name, s.Handshake)
		}
		if s.Title == "" || !slices.Contains(grades, s.Evidence) || seen[s.Name] {
			t.Errorf("%s: title %q, evidence %q, seen %v", s.Name, s.Title, s.Evidence, seen[s.Name])
		}
		seen[s.Name] = true
	}
	if len(seen) < 134 {
		t.Errorf("%d schemes: one was lost", len(seen))
	}
}

func TestFormulasReadAsTheProvidersDocumentThem(t *testing.T) {
	want := map[string]string{
		"generic":           "HMAC-SHA256 hex of {body}",
		"generic-ts":        "HMAC-SHA256 hex of {ts}.{body}",
		"standard-webhooks": "HMAC-SHA256 base64 of {id}.{ts}.{body}",
		"svix":              "HMAC-SHA256 base64 of {id}.{ts}.{body}",
		"stripe":            "HMAC-SHA256 hex of {ts}.{body}",
		"github":            "HMAC-SHA256 hex of {body}",
		"github-sha1":       "HMAC-SHA1 hex of {body}",
		"shopify":           "HMAC-SHA256 base64 of {body}",
		"slack":             "HMAC-SHA256 hex of v0:{ts}:{body}",
		"twilio":            "HMAC-SHA1 base64 of {url} and the sorted fields of the form, or {url} with bodySHA256",
		"paypal":            "RSA-PKCS1-SHA256 base64 of {id}|{ts}|{param.webhook_id}|{body|crc32}",
		"paddle":            "HMAC-SHA256 hex of {ts}:{body}",
		"linear":            "HMAC-SHA256 hex of {body}",
		"zoom":              "HMAC-SHA256 hex of v0:{ts}:{body}",
		"chargebee":         "the user and password themselves (HTTP Basic)",
		"cloudinary":        "SHA1 hex of {body}{ts}{secret}",
		"plaid":             "JWT ES256, request_body_sha256 = hex of SHA-256 of {body}",
		"qstash":            "JWT HS256, body = base64url of SHA-256 of {body}, sub = {url}",
		"monday":            "JWT HS256",
		"fal":               `Ed25519 hex of {id}\n{header.X-Fal-Webhook-User-Id}\n{ts}\n{body|sha256hex}`,
		"square":            "HMAC-SHA256 base64 of {url}{body}",
		"discord":           "Ed25519 hex of {ts}{body}",
		"sendgrid":          "ECDSA-P256-SHA256 base64 of {ts}{body}",
		"gitlab":            "the secret itself",
	}
	got := map[string]string{}
	for name := range want {
		got[name] = lookup(t, name).Formula()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFieldsAreSentInTheProvidersSpellingAndOrder(t *testing.T) {
	names := func(scheme string) []string {
		s := lookup(t, scheme)
		signed, err := s.Sign(newMessage(s), newPair(s, 0).signing)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, f := range signed.Fields {
			all = append(all, f.Name)
		}
		return all
	}
	for scheme, want := range map[string][]string{
		"standard-webhooks": {"webhook-id", "webhook-timestamp", "webhook-signature"},
		"stripe":            {"Stripe-Signature"},
		"github":            {"X-GitHub-Delivery", "X-Hub-Signature-256", "X-GitHub-Event"},
		"paypal": {"PAYPAL-TRANSMISSION-ID", "PAYPAL-TRANSMISSION-TIME", "PAYPAL-TRANSMISSION-SIG",
			"PAYPAL-AUTH-ALGO"},
		"linear": {"Linear-Delivery", "Linear-Signature", "Linear-Event"},
		"zoom":   {"x-zm-request-timestamp", "x-zm-signature"},
	} {
		if diff := cmp.Diff(want, names(scheme)); diff != "" {
			t.Errorf("%s: %s", scheme, diff)
		}
	}
}

func TestCallersCannotChangeTheCatalogue(t *testing.T) {
	before := catalog.All()
	all := catalog.All()
	for i := range all {
		all[i].Name = "nobody"
		for j := range all[i].Fixed {
			all[i].Fixed[j] = sign.Field{Name: "Evil", Value: "1"}
		}
		for j := range all[i].Aliases {
			all[i].Aliases[j] = "evil"
		}
		if all[i].JWT != nil {
			all[i].JWT.Issuer = "evil"
		}
	}
	one := lookup(t, "paypal")
	one.Tolerance = sign.Both(time.Nanosecond)
	one.Fixed[0].Value = "evil"
	if diff := cmp.Diff(before, catalog.All()); diff != "" {
		t.Error(diff)
	}
	if _, ok := catalog.Lookup("nobody"); ok {
		t.Error("Lookup found nobody")
	}
}

// TestEveryNameOfATemplateMeansWhatItSays signs a row that uses all of them.
func TestEveryNameOfATemplateMeansWhatItSays(t *testing.T) {
	s := sign.Scheme{
		Name: "all", Auth: sign.Digest, Hash: sign.SHA512, Enc: sign.Base64URL, Key: sign.Raw, Header: "X-Sig",
		Content: "{lb}{method} {url} {path} {header.X-A} {json.a.b} {param.p} {id} {ts} {secret} {body|sha256hex} " +
			"{body|crc32} {body}{rb}",
		IDIn: "header:X-Id", Time: sign.Timestamp{In: "header:X-T", Unit: sign.Milliseconds},
		Tolerance: sign.Both(time.Minute),
	}
	if err := catalog.Validate(s); err != nil {
		t.Fatal(err)
	}
	m := sign.Message{
		ID: "i", Time: at, Method: "PUT", URL: "https://h.example/a%20b/?q#f", Header: http.Header{"X-A": {"va"}},
		Body: []byte(`{"a":{"b":7}}`), Params: map[string]string{"p": "vp"},
	}
	want := digest512(`{PUT https://h.example/a%20b/?q#f /a%20b/ va 7 vp i 1700000000000 k` +
		` ded2ae443605fc63a0c4c310521e088c93ad3f66545506c42de68244b4c259de 2585560631 {"a":{"b":7}}}`)
	got := deliver(t, s, m, text("k"))
	if sig := got.Header.Get("X-Sig"); sig != want {
		t.Errorf("%s, want %s", sig, want)
	}
	expect(t, "all", s, got, text("k"), "")
	for what, change := range map[string]func(*sign.Message){
		"method": func(m *sign.Message) { m.Method = "POST" },
		"url":    func(m *sign.Message) { m.URL += "x" },
		"header": func(m *sign.Message) { *m = with(*m, "X-A", "vb") },
		"param":  func(m *sign.Message) { m.Params = map[string]string{"p": "x"} },
		"body":   func(m *sign.Message) { m.Body = []byte(`{"a":{"b":7} }`) },
		"id":     func(m *sign.Message) { *m = with(*m, "X-Id", "j") },
		"time":   func(m *sign.Message) { *m = with(*m, "X-T", "1700000000001") },
	} {
		changed := got
		change(&changed)
		expect(t, what, s, changed, text("k"), sign.SignatureMismatch)
	}
	expect(t, "two headers", s, with(got, "X-A", "va", "va"), text("k"), sign.DuplicateHeader)
	expect(t, "no header", s, with(got, "X-A"), text("k"), sign.MissingField)
}

// TestSignaturesAreComparedInOnePlaceOnly reads the package's own source: bytes of signatures, sums and keys may meet
// only in the functions of hmac, subtle and the public-key packages.
func TestSignaturesAreComparedInOnePlaceOnly(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	comparisons := regexp.MustCompile(`bytes\.(Equal|Compare|EqualFold)|slices\.Equal|reflect\.DeepEqual|` +
		`subtle\.|hmac\.Equal|string\((sig|sum|candidate|mac)`)
	found := map[string]int{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, hit := range comparisons.FindAll(src, -1) {
			found[file+" "+string(bytes.TrimSpace(hit))]++
		}
	}
	want := map[string]int{
		"digest.go hmac.Equal": 1, // HMAC and Digest
		"digest.go subtle.":    2, // Token; digests of bodies
	}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
}
