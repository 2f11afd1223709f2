package keytext_test

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/sign/handshake"
	"github.com/barbhq/barb/sign/keytext"
)

func text(key string) sign.Secret { return sign.Secret{Name: "test", Key: []byte(key)} }

func scheme(t *testing.T, name string) sign.Scheme {
	t.Helper()
	s, ok := catalog.Lookup(name)
	if !ok {
		t.Fatalf("no scheme %s", name)
	}
	return s
}

func reasonOf(err error) sign.Reason {
	if e, ok := errors.AsType[*sign.Error](err); ok {
		return e.Reason
	}
	return ""
}

// keysInText are asymmetric keys in the spellings that people have them in.
func keysInText(t *testing.T) map[string]string {
	t.Helper()
	must := func(b []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := p256.PublicKey.ECDH()
	if err != nil {
		t.Fatal(err)
	}
	x25519, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	spki := must(x509.MarshalPKIXPublicKey(&p256.PublicKey))
	block := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}))
	cert := must(x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1)},
		&x509.Certificate{SerialNumber: big.NewInt(1)}, &rsaKey.PublicKey, rsaKey))
	ssh := append(append(binary.BigEndian.AppendUint32(nil, 11), "ssh-ed25519"...),
		binary.BigEndian.AppendUint32(nil, 32)...)
	ssh = append(ssh, public...)
	std := base64.StdEncoding.EncodeToString
	return map[string]string{
		"PEM":                           block,
		"PEM with a BOM":                "\ufeff" + block,
		"PEM with attributes before it": "Bag Attributes\n    friendlyName: x\n" + block,
		"PEM on one line":               strings.ReplaceAll(block, "\n", `\n`),
		"PEM with CRLF":                 strings.ReplaceAll(block, "\n", "\r\n"),
		"PEM without its armour":        strings.Join(strings.Split(block, "\n")[1:3], "\n"),
		"PEM of a private key": string(
			pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rsaKey)})),
		"PEM with a label of one's own":  "-----BEGIN MY KEY-----\nAAAA\n-----END MY KEY-----",
		"certificate":                    string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})),
		"certificate in base64":          std(cert),
		"map of certificates":            `{"kid1":"` + strings.ReplaceAll(block, "\n", `\n`) + `"}`,
		"JWK":                            `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
		"JWKS":                           " \n{ \"keys\" : [ {\"kty\":\"RSA\"} ] }",
		"JWKS that is empty":             `{"keys":[]}`,
		"JWKS with a BOM":                "\ufeff" + `{"keys":[{"kty":"RSA"}]}`,
		"list of JWK":                    `[{"kty":"RSA","n":"AQAB"}]`,
		"SPKI in base64":                 std(spki),
		"SPKI in base64url":              base64.RawURLEncoding.EncodeToString(spki),
		"SPKI in base64 lines":           std(spki)[:40] + "\n" + std(spki)[40:],
		"SPKI in hex":                    hex.EncodeToString(spki),
		"SPKI as it is":                  string(spki),
		"SPKI of Ed25519":                std(must(x509.MarshalPKIXPublicKey(public))),
		"SPKI of X25519":                 std(must(x509.MarshalPKIXPublicKey(x25519.PublicKey()))),
		"PKCS #1 in base64":              std(x509.MarshalPKCS1PublicKey(&rsaKey.PublicKey)),
		"PKCS #8 in base64":              std(must(x509.MarshalPKCS8PrivateKey(private))),
		"SEC 1 in base64":                std(must(x509.MarshalECPrivateKey(p256))),
		"P-256 point in hex":             hex.EncodeToString(point.Bytes()),
		"P-256 point in base64":          std(point.Bytes()),
		"Ed25519 private key in hex":     hex.EncodeToString(private),
		"Ed25519 private key in base64":  std(private),
		"whpk_":                          "whpk_" + std(public),
		"whsk_":                          "whsk_" + std(private.Seed()),
		"whpk_ as the header has it":     "v1a,whpk_" + std(public),
		"whpk_ of nothing that is a key": "whpk_abc",
		"OpenSSH":                        "ssh-ed25519 " + std(ssh) + " me@here",
		"OpenSSH without its name":       std(ssh),
		"OpenSSH RSA":                    "ssh-rsa AAAAB3NzaC1yc2E me@here",
		"SSH2":                           "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----",
		".NET":                           "<RSAKeyValue><Modulus>AQAB</Modulus></RSAKeyValue>",
	}
}

func TestASecretThatReadsAsAKeyIsAsymmetric(t *testing.T) {
	for name, key := range keysInText(t) {
		if kind := keytext.KindOf([]byte(key)); kind != keytext.Asymmetric {
			t.Errorf("%s is %s", name, kind)
		}
	}
}

func TestSharedSecretsStayShared(t *testing.T) {
	random := make([]byte, 64)
	for range 2000 {
		_, _ = rand.Read(random)
		for _, n := range []int{16, 20, 24, 31, 33, 44, 48, 64} {
			for _, key := range []string{hex.EncodeToString(random[:n]), base64.StdEncoding.EncodeToString(random[:n]),
				string(random[:n])} {
				// a compressed point has 33
				if kind := keytext.KindOf([]byte(key)); kind == keytext.Asymmetric || kind == keytext.Unknown && n != 33 {
					t.Fatalf("%q is %s", key, kind)
				}
			}
		}
	}
	bytes32 := random[:32]
	for _, key := range []string{
		"whsec_" + base64.StdEncoding.EncodeToString(bytes32), "v1,whsec_" + base64.StdEncoding.EncodeToString(bytes32),
		"sk_" + hex.EncodeToString(bytes32), "hooks:" + hex.EncodeToString(bytes32), "8f742231b10e8888abcd99yyyzzz85a5",
		strings.Repeat("x", 32), "user:" + strings.Repeat("p", 59), `{"a":1}`, "-----", "",
		"correct horse battery staple correct horse",
	} {
		if kind := keytext.KindOf([]byte(key)); kind != keytext.Shared {
			t.Errorf("%q is %s", key, kind)
		}
	}
}

func TestThirtyTwoBytesCannotBeTold(t *testing.T) {
	key := make([]byte, 32)
	for range 200 {
		_, _ = rand.Read(key)
		for _, encoded := range []string{
			hex.EncodeToString(key), strings.ToUpper(hex.EncodeToString(key)), hex.EncodeToString(key) + "\n",
			base64.StdEncoding.EncodeToString(key), base64.RawStdEncoding.EncodeToString(key),
			base64.URLEncoding.EncodeToString(key), base64.RawURLEncoding.EncodeToString(key),
		} {
			if kind := keytext.KindOf([]byte(encoded)); kind != keytext.Unknown {
				t.Fatalf("%q is %s", encoded, kind)
			}
		}
	}
}

// Whoever has read the public key can compute an HMAC with its text: no scheme with a shared secret takes one, named or
// not.
func TestNoSymmetricSchemeTakesAKey(t *testing.T) {
	keys := keysInText(t)
	body := []byte(`{"a":1}`)
	for _, s := range catalog.All() {
		if !slices.Contains([]sign.Auth{sign.HMAC, sign.Digest, sign.Token}, s.Auth) {
			continue
		}
		for name, key := range keys {
			if s.Code == sign.RFC9421 && s.CheckSecret(text(key), false) == nil {
				continue // it reads the key as what it is
			}
			for _, signing := range []bool{true, false} {
				if err := s.CheckSecret(text(key), signing); reasonOf(err) != sign.WrongKeyForm {
					t.Errorf("%s, %s, signing %v: %v", s.Name, name, signing, err)
				}
			}
		}
	}
	github := scheme(t, "github")
	for name, key := range keys {
		mac := hmac.New(sha256.New, []byte(key))
		_, _ = mac.Write(body)
		m := sign.Message{Body: body,
			Header: http.Header{"X-Hub-Signature-256": {"sha256=" + hex.EncodeToString(mac.Sum(nil))}}}
		if _, err := github.Verify(m, time.Time{}, text(key)); reasonOf(err) != sign.WrongKeyForm {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := github.Sign(sign.Message{Body: body}, text(key)); reasonOf(err) != sign.WrongKeyForm {
			t.Errorf("signing with %s: %v", name, err)
		}
	}
}

func TestAHandshakeIsNotProvenWithAKey(t *testing.T) {
	h, _ := handshake.Lookup("x")
	m := sign.Message{Method: "GET", URL: "http://h/?crc_token=NjBlZTM4YmUtY2=="}
	for name, key := range keysInText(t) {
		if reply, err := h.Answer(m, scheme(t, "x"), text(key)); reasonOf(err) != sign.WrongKeyForm ||
			reply.Status != http.StatusInternalServerError {
			t.Errorf("%s: %d %v", name, reply.Status, err)
		}
	}
}
