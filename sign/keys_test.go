package sign_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/sign"
)

func TestSecretsNeverShowTheirKey(t *testing.T) {
	s := sign.Secret{Name: "env:WHSEC", Key: []byte("hunter2hunter2")}
	asJSON, err := json.Marshal(map[string]any{"s": s, "p": &s, "l": []sign.Secret{s}})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", s)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", &s)
	out := fmt.Sprintf("%v %+v %#v %s %q %x %d %v %+v", s, s, s, s, s, s, s, &s, struct{ S sign.Secret }{s}) + string(
		asJSON) + log.String()
	for _, shown := range []string{"hunter2", "68756e", "104 117",
		base64.StdEncoding.EncodeToString([]byte("hunter2hunter2"))[:8]} {
		if strings.Contains(out, shown) {
			t.Errorf("%q in %s", shown, out)
		}
	}
	if direct, err := s.MarshalJSON(); err != nil || string(direct) != `"secret(env:WHSEC)"` {
		t.Errorf("%s, %v", direct, err)
	}
	if got := slog.AnyValue(s); got.Kind() != slog.KindLogValuer || got.Resolve().String() != "secret(env:WHSEC)" {
		t.Errorf("%v", got)
	}
	if !strings.Contains(out, "secret(env:WHSEC)") {
		t.Error(out)
	}
}

func TestSecretsOfTheWrongFormAreRefusedWithAnExampleAndNothingOfTheSecret(t *testing.T) {
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	p384DER, err := x509.MarshalPKIXPublicKey(p384.Public())
	otherCurve := pemText("PUBLIC KEY", p384DER, err)
	rsaPublic, err := x509.MarshalPKIXPublicKey(rsaKeys()[0].Public())
	rsaPEM := pemText("PUBLIC KEY", rsaPublic, err)
	tiny, err := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 999), E: 65537})
	tinyRSA := pemText("PUBLIC KEY", tiny, err)
	huge, err := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 9000), E: 65537})
	hugeRSA := pemText("PUBLIC KEY", huge, err)
	for _, c := range []struct {
		scheme  string
		signing bool
		secret  sign.Secret
		want    sign.Reason
		example string
	}{
		{"stripe", true, text(""), sign.EmptySecret, ""},
		{"stripe", true, text(" \n\t"), sign.EmptySecret, ""},
		{"svix", true, text("whsec_"), sign.EmptySecret, ""},
		{"svix", true, text("whsec_="), sign.EmptySecret, ""},
		{"svix", true, text("whsec_SECRET!SECRET"), sign.WrongKeyForm, "whsec_"},
		{"svix", true, text("whsec_SECRET\nSECRET=="), sign.WrongKeyForm, "whsec_"},
		{"svix", false, text("whsec_SECRETSEC"), sign.WrongKeyForm, "whsec_"}, // 9 digits stand for no whole bytes
		{"standard-webhooks", true, text("SECRET_SECRET"), sign.WrongKeyForm, "whsec_"},
		{"stripe", true, text(strings.Repeat("SECRET", 5000)), sign.WrongKeyForm, "as in"},
		{"gitlab", true, text("SECRET\r\nX-Evil: 1"), sign.WrongKeyForm, "glpat-"},
		{"gitlab", false, text("SECRET "), sign.WrongKeyForm, "glpat-"},
		{"discord", false, text("SECRETSECRET"), sign.WrongKeyForm, "32-byte"},
		{"discord", false, text(strings.Repeat("ab", 31)), sign.WrongKeyForm, "32-byte"},
		// seed and public key do not belong together
		{"discord", true, text(strings.Repeat("ab", 64)), sign.WrongKeyForm, "seed"},
		{"discord", false, rsaPEM, sign.WrongKeyForm, "BEGIN PUBLIC KEY"},
		{"sendgrid", false, text("SECRETSECRET"), sign.WrongKeyForm, "MFkw"},
		{"sendgrid", false, otherCurve, sign.WrongKeyForm, "P-256"},
		{"sendgrid", true, newPair(lookup(t, "sendgrid"), 0).verifying, sign.WrongKeyForm, "BEGIN EC PRIVATE KEY"},
		{"paypal", false, text("SECRETSECRET"), sign.WrongKeyForm, "BEGIN CERTIFICATE"},
		{"paypal", false, text("-----BEGIN CERTIFICATE-----\nSECRET\n-----END CERTIFICATE-----\n"), sign.WrongKeyForm,
			"BEGIN CERTIFICATE"},
		{"paypal", false, tinyRSA, sign.WrongKeyForm, "BEGIN CERTIFICATE"},
		{"paypal", false, hugeRSA, sign.WrongKeyForm, "BEGIN CERTIFICATE"},
		{"paypal", true, newPair(lookup(t, "paypal"), 0).verifying, sign.WrongKeyForm, "BEGIN PRIVATE KEY"},
	} {
		s := lookup(t, c.scheme)
		err := s.CheckSecret(c.secret, c.signing)
		if reasonOf(t, err) != c.want {
			t.Errorf("%s %.20s: %v, want %s", c.scheme, c.secret.Key, err, c.want)
			continue
		}
		if msg := err.Error(); strings.Contains(msg, "SECRET") || !strings.Contains(msg, c.example) ||
			!strings.Contains(msg, "secret test") {
			t.Errorf("%s: %q", c.scheme, msg)
		}
	}
}

func TestKeysAreAcceptedInEveryFormTheyComeIn(t *testing.T) {
	_, edKey, _ := ed25519.GenerateKey(rand.Reader)
	edPKCS8, err := x509.MarshalPKCS8PrivateKey(edKey)
	edPrivate := pemText("PRIVATE KEY", edPKCS8, err)
	edPKIX, err := x509.MarshalPKIXPublicKey(edKey.Public())
	edPublic := pemText("PUBLIC KEY", edPKIX, err)
	edHex := text(hex.EncodeToString(edKey.Public().(ed25519.PublicKey)))

	ecKey, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ecSEC1, err := x509.MarshalECPrivateKey(ecKey)
	ecPrivate := pemText("EC PRIVATE KEY", ecSEC1, err)
	ecPKCS8, err := x509.MarshalPKCS8PrivateKey(ecKey)
	ecPKCS8PEM := pemText("PRIVATE KEY", ecPKCS8, err)
	params := "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
	ecPKIX, err := x509.MarshalPKIXPublicKey(ecKey.Public())
	ecPublic := pemText("PUBLIC KEY", ecPKIX, err)

	rsaKey := rsaKeys()[0]
	rsaPKCS1 := pemText("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey), nil)
	rsaPKIX, err := x509.MarshalPKIXPublicKey(rsaKey.Public())
	rsaPublic := pemText("PUBLIC KEY", rsaPKIX, err)
	rsaOldPublic := pemText("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&rsaKey.PublicKey), nil)

	for _, c := range []struct {
		scheme             string
		signing, verifying sign.Secret
	}{
		{"discord", edPrivate, edPublic},
		{"discord", edPrivate, edHex},
		{"discord", edPrivate, edPrivate},
		{"discord", text(hex.EncodeToString(edKey.Seed())), edHex},
		{"discord", text(hex.EncodeToString(edKey)), text(hex.EncodeToString(edKey))},
		{"discord", text(strings.ToUpper(hex.EncodeToString(edKey.Seed())) + "\n"), edHex},
		{"sendgrid", ecPrivate, ecPublic},
		{"sendgrid", ecPKCS8PEM, text(base64.StdEncoding.EncodeToString(ecPKIX))},
		{"sendgrid", text(params + string(ecPrivate.Key)), ecPublic},
		{"sendgrid", text(base64.StdEncoding.EncodeToString(ecPKCS8)), ecPrivate},
		{"paypal", rsaPKCS1, rsaPublic},
		{"paypal", rsaPKCS1, rsaOldPublic},
		{"paypal", rsaPKCS1, rsaPKCS1},
		{"svix", text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS="), text("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS")},
	} {
		s := lookup(t, c.scheme)
		m := deliver(t, s, newMessage(s), c.signing)
		expect(t, c.scheme, s, m, c.verifying, "")
	}
}

func TestSymmetricKeyFormsDecodeToTheSameKey(t *testing.T) {
	raw := []byte("thirty-two bytes of key material")
	hmacHeader := func(form sign.KeyForm, secret string) string {
		s := lookup(t, "github")
		s.Key = form
		return deliver(t, s, newMessage(s), text(secret)).Header.Get(s.Header)
	}
	want := hmacHeader(sign.Raw, string(raw))
	b64 := base64.StdEncoding.EncodeToString(raw)
	for form, secret := range map[sign.KeyForm]string{
		sign.Base64Key: b64, sign.HexKey: hex.EncodeToString(raw), sign.Whsec: "whsec_" + b64,
		sign.WhsecOrRaw: "whsec_" + b64,
	} {
		if got := hmacHeader(form, secret); got != want {
			t.Errorf("%s: %s, want %s", form, got, want)
		}
	}
	if got := hmacHeader(sign.WhsecOrRaw, string(raw)); got != want {
		t.Errorf("raw as whsec?: %s", got)
	}
}

func TestStripeKeysKeepTheirPrefix(t *testing.T) {
	s := lookup(t, "stripe")
	m := deliver(t, s, newMessage(s), text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
	expect(t, "without prefix", s, m, text("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), sign.SignatureMismatch)
}

func TestShortSecretsAreWeak(t *testing.T) {
	for _, c := range []struct {
		scheme, secret string
		want           bool
	}{
		{"stripe", "fifteen bytes..", true}, {"stripe", "sixteen bytes...", false},
		{"svix", "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 15)), true},
		{"svix", "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 16)), false},
		{"gitlab", "short", true}, {"svix", "whsec_!", false},
		{"discord", strings.Repeat("ab", 32), false},
	} {
		if got := lookup(t, c.scheme).WeakSecret(text(c.secret)); got != c.want {
			t.Errorf("%s %q: %v", c.scheme, c.secret, got)
		}
	}
}

func TestACertificateMustHaveBeenValidWhenTheMessageWasSigned(t *testing.T) {
	s := lookup(t, "paypal")
	keys := newPair(s, 0)
	m := deliver(t, s, newMessage(s), keys.signing)
	day := 24 * time.Hour
	for _, c := range []struct {
		from, to time.Duration
		want     sign.Reason
	}{{-day, day, ""}, {-2 * day, -day, sign.CertificateExpired}, {day, 2 * day, sign.CertificateExpired}} {
		expect(t, fmt.Sprint(c.from, c.to), s, m, certify(rsaKeys()[0], at.Add(c.from), at.Add(c.to)), c.want)
	}
	other := certify(rsaKeys()[1], at.Add(-2*day), at.Add(-day))
	expect(t, "another's expired", s, m, other, sign.SignatureMismatch)
}
