package sign_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/sign/newkey"
)

// An authentication scheme has no case, and one blank or more behind it (RFC 9110, sections 11.1 and 11.4).
func TestTheNameOfAnAuthenticationSchemeHasNoCase(t *testing.T) {
	respelled := []func(string) string{
		func(s string) string { return strings.Replace(s, "B", "b", 1) },
		func(s string) string {
			scheme, rest, _ := strings.Cut(s, " ")
			return strings.ToUpper(scheme) + " " + rest
		},
		func(s string) string { return strings.Replace(s, " ", "   ", 1) },
	}
	for _, name := range []string{"chargebee", "postmark", "auth0", "vonage", "pubsub"} {
		s, _ := catalog.Lookup(name)
		keys := newPair(s, 0)
		if s.Auth == sign.Token {
			keys.signing = text("user:a secret of the tests")
			keys.verifying = keys.signing
		}
		m := deliver(t, s, newMessage(s), keys.signing)
		for _, respell := range respelled {
			value := respell(m.Header.Get("Authorization"))
			expect(t, name+" "+value[:9], s, with(m, "Authorization", value), keys.verifying, "")
			if found := new(catalog.Set).Detect(with(m, "Authorization", value)); len(found) == 0 {
				t.Errorf("%s: nothing is detected in %q", name, value[:9])
			}
		}
		for _, other := range []string{"Digest ", "Basic", "Bearer", "", "BearerX "} {
			_, rest, _ := strings.Cut(m.Header.Get("Authorization"), " ")
			if s.Auth == sign.Token && s.Enc == sign.Plain && other == "" {
				continue // Auth0 sends what was typed
			}
			if _, err := s.Verify(with(m, "Authorization", other+rest), at, keys.verifying); err == nil {
				t.Errorf("%s: %q is valid", name, other)
			}
		}
	}
	s := sign.Scheme{Name: "own", Auth: sign.Token, Key: sign.Raw, Enc: sign.Base64, Header: "X-Token", Prefix: "Basic "}
	m := deliver(t, s, newMessage(s), text("user:password of the tests"))
	expect(t, "another header has the case that its scheme says", s,
		with(m, "X-Token", strings.ToLower(m.Header.Get("X-Token")[:6])+m.Header.Get("X-Token")[6:]),
		text("user:password of the tests"), sign.MissingSignature, sign.MalformedSignature)
}

// Keys come as files that editors and openssl wrote.
func TestAKeyInPEMMayHaveAMarkAndTextBeforeIt(t *testing.T) {
	s, _ := catalog.Lookup("standard-webhooks-v1a")
	public, private, _ := ed25519.GenerateKey(rand.Reader)
	der, _ := x509.MarshalPKIXPublicKey(public)
	block := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	m := deliver(t, s, newMessage(s), pkcs8(private))
	for what, key := range map[string]string{
		"as it is": block,
		"a mark":   "\ufeff" + block,
		"attributes": "Bag Attributes\n    friendlyName: hooks\n    localKeyID: 54 69\nKey Attributes: " +
			"<No Attributes>\n" + block,
		"attributes and a mark":   "\ufeffBag Attributes\r\n" + strings.ReplaceAll(block, "\n", "\r\n"),
		"a mark on a second line": "subject=CN = x\n\ufeff" + block,
		"a comment":               "# the key of the shop\n\n" + block,
		"blank lines and a mark":  "\n \ufeff\n" + block,
	} {
		expect(t, what, s, m, text(key), "")
	}
	for what, key := range map[string]string{"no block": "Bag Attributes\nfriendlyName: hooks",
		"a broken block": "Bag Attributes\n" + block[:40], "a mark alone": "\ufeff"} {
		if _, err := s.Verify(m, at, text(key)); err == nil {
			t.Errorf("%s is a key", what)
		}
	}
}

// A header that came in two lines is one list (RFC 9110, section 5.3), also when it is signed, and when it is the
// signature.
func TestHTTPMessageSignaturesReadAHeaderInTwoLines(t *testing.T) {
	s, _ := catalog.Lookup("rfc9421")
	keys := newPair(s, 0)
	m := newMessage(s)
	m.Header["X-Part"] = []string{"one", "two"}
	m.Params["components"] = "@method,@target-uri,x-part,content-digest"
	signed := deliver(t, s, m, keys.signing)
	signed.Header["X-Part"] = []string{"one", "two"}
	expect(t, "a header of two lines", s, signed, keys.verifying, "")
	expect(t, "in another order", s, with(signed, "X-Part", "two", "one"), keys.verifying, sign.SignatureMismatch)

	const proxy, proxyInput = "proxy=:c2lnbmVkIGJ5IGEgcHJveHk=:", `proxy=("@method");created=1700000000`
	sig, input := signed.Header.Get("Signature"), signed.Header.Get("Signature-Input")
	two := func(sigs, inputs []string) sign.Message {
		return with(with(signed, "Signature", sigs...), "Signature-Input", inputs...)
	}
	expect(t, "a proxy's line behind", s, two([]string{sig, proxy}, []string{input, proxyInput}), keys.verifying, "")
	expect(t, "a proxy's line before", s, two([]string{proxy, sig}, []string{proxyInput, input}), keys.verifying, "")
	expect(t, "one of them joined", s, two([]string{sig + ", " + proxy}, []string{input, proxyInput}), keys.verifying, "")
	expect(t, "the digest in two lines", s, with(signed, "Content-Digest", signed.Header.Get("Content-Digest"),
		"md5=:eA==:"), keys.verifying, sign.SignatureMismatch)
	expect(t, "the same label twice", s, two([]string{sig, sig}, []string{input}), keys.verifying, sign.DuplicateHeader)
	expect(t, "another input of the label", s, two([]string{sig}, []string{input, `sig1=("@method")`}), keys.verifying,
		sign.DuplicateHeader)
	expect(t, "a line that is no dictionary", s, two([]string{sig, "x"}, []string{input}), keys.verifying,
		sign.DuplicateHeader)
	respelled := with(signed, "X-Unrelated")
	respelled.Header["Signature_Input"] = []string{input}
	expect(t, "another spelling", s, respelled, keys.verifying, sign.DuplicateHeader)
}

// Polar signs with what whsec_ stands for since 2026-09-08, and with the whole text before; the secret does not tell.
func TestPolarVerifiesOldAndNewSecrets(t *testing.T) {
	polar, _ := catalog.Lookup("polar")
	as := func(form sign.KeyForm) sign.Scheme { s := polar; s.Key = form; return s }
	whsec := "whsec_" + b64([]byte("thirty-two bytes of a polar key!"))
	plain := b64([]byte("a secret of one's own, in base64"))
	for what, row := range map[string]struct {
		form   sign.KeyForm
		secret string
	}{
		"new":                              {sign.Whsec, whsec},
		"old, with whsec_":                 {sign.Raw, whsec},
		"old, with polar_whs_":             {sign.Raw, "polar_whs_0123456789abcdefghij"},
		"one's own, old":                   {sign.Raw, plain},
		"one's own, new, without a prefix": {sign.Whsec, plain},
		"no base64 behind whsec_":          {sign.Raw, "whsec_not!base64!at!all!"},
	} {
		s := as(row.form)
		expect(t, what, polar, deliver(t, s, newMessage(s), text(row.secret)), text(row.secret), "")
		expect(t, what+" under another", polar, deliver(t, s, newMessage(s), text(row.secret)), text(row.secret+"A"),
			sign.SignatureMismatch)
	}
	signed := deliver(t, polar, newMessage(polar), text(whsec))
	expect(t, "signed as since then", as(sign.Whsec), signed, text(whsec), "")
	signed = deliver(t, polar, newMessage(polar), text(plain))
	expect(t, "signed as before", as(sign.Raw), signed, text(plain), "")
	match, err := polar.Verify(signed, at, text(whsec), text(plain))
	if err != nil || match.Secret != 1 {
		t.Errorf("of two secrets: %+v, %v", match, err)
	}
	if err := polar.CheckSecret(text(""), false); err == nil {
		t.Error("an empty secret is one")
	}
	made, err := newkey.Of(&polar, at)
	if err != nil || !strings.HasPrefix(string(made.Signing), "whsec_") {
		t.Errorf("a new secret: %v", err)
	}
}
