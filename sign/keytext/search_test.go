package keytext_test

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"maps"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/sign/keytext"
	"github.com/barbhq/barb/sign/newkey"
)

// publicKeys are the public keys of the catalogue's schemes, in the forms that providers publish them in.
func publicKeys(t *testing.T) map[string]string {
	t.Helper()
	keys := map[string]string{}
	for _, s := range catalog.All() {
		if slices.Contains([]sign.Auth{sign.HMAC, sign.Digest, sign.Token}, s.Auth) {
			continue
		}
		form := string(s.Auth) + " " + string(s.Key)
		if keys[form] != "" {
			continue
		}
		pair, err := newkey.Of(&s, time.Unix(1700000000, 0))
		if err != nil {
			t.Fatal(err)
		}
		keys[form], keys[form+" private"] = string(pair.Verifying), string(pair.Signing)
	}
	for name, curve := range map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(),
		"P-521": elliptic.P521()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		point, err := key.PublicKey.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		keys[name+" DER"] = base64.StdEncoding.EncodeToString(der)
		keys[name+" point"] = hex.EncodeToString(point)
		keys[name+" compressed"] = hex.EncodeToString(elliptic.MarshalCompressed(curve, key.X, key.Y))
	}
	keys["P-256 x and y"] = keys["P-256 point"][2:]
	keys["JWKS"] = `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`
	maps.Copy(keys, keysInText(t))
	return keys
}

func base58(b []byte) string {
	const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	text := ""
	for n, digit := new(big.Int).SetBytes(b), new(big.Int); n.Sign() > 0; {
		n.DivMod(n, big.NewInt(58), digit)
		text = string(alphabet[digit.Int64()]) + text
	}
	return text
}

// keySpellings are the ways in which the text of a key gets into an environment, a file or a flag.
func keySpellings() map[string]func(string) string {
	std := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	quoted := func(s string) string { b, _ := json.Marshal(s); return string(b) }
	each := func(s string, n int, between string) string {
		var parts []string
		for part := range slices.Chunk([]byte(s), n) {
			parts = append(parts, string(part))
		}
		return strings.Join(parts, between)
	}
	return map[string]func(string) string{
		"as it is":                func(s string) string { return s },
		"double quotes":           func(s string) string { return `"` + s + `"` },
		"single quotes":           func(s string) string { return "'" + s + "'" },
		"quotes and a comma":      func(s string) string { return ` "` + s + `",` + "\n" },
		"a JSON string":           quoted,
		"a JSON string in base64": func(s string) string { return std(quoted(s)) },
		"a JSON field":            func(s string) string { return `{"public_key":` + quoted(s) + `}` },
		"byte order mark":         func(s string) string { return "\ufeff" + s },
		"zero-width space":        func(s string) string { return "\u200b" + s + "\u200b" },
		"no-break spaces": func(s string) string {
			return "\u00a0" + strings.ReplaceAll(s, " ", "\u00a0") + "\u00a0"
		},
		"blanks around":             func(s string) string { return "\r\n\t " + s + " \n" },
		"percent":                   url.PathEscape,
		"a form":                    url.QueryEscape,
		"literal line ends":         func(s string) string { return strings.ReplaceAll(s, "\n", `\n`) + `\n` },
		"in base64":                 std,
		"in base64url":              func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
		"in base64 lines":           func(s string) string { return each(std(s), 64, "\n") },
		"in base64, literal lines":  func(s string) string { return each(std(s), 30, `\n`) },
		"twice in base64":           func(s string) string { return std(std(s)) },
		"thrice in base64":          func(s string) string { return std(std(std(s))) },
		"in base64 in quotes":       func(s string) string { return `"` + std(s) + `"` },
		"in hex":                    func(s string) string { return hex.EncodeToString([]byte(s)) },
		"in upper-case hex":         func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
		"in hex behind 0x":          func(s string) string { return "0x" + hex.EncodeToString([]byte(s)) },
		"in hex with colons":        func(s string) string { return each(hex.EncodeToString([]byte(s)), 2, ":") },
		"in hex in base64":          func(s string) string { return std(hex.EncodeToString([]byte(s))) },
		"in base32":                 func(s string) string { return base32.StdEncoding.EncodeToString([]byte(s)) },
		"in a variable":             func(s string) string { return "PUBLIC_KEY=" + s },
		"before a comment":          func(s string) string { return s + " # of the provider" },
		"behind a comment":          func(s string) string { return "// of the provider\n" + s },
		"before another in hex":     func(s string) string { return s + "\n" + strings.Repeat("ab", 32) },
		"in UTF-16":                 func(s string) string { return "\xff\xfe" + each(s, 1, "\x00") + "\x00" },
		"without a line at the end": strings.TrimSpace,
	}
}

// isBinary reports whether text is DER, which no quotes are put around.
func isBinary(s string) bool { return strings.Contains(s, "\x00") || !utf8.ValidString(s) }

func TestAKeyIsNoSharedSecretHoweverItIsWritten(t *testing.T) {
	for name, key := range publicKeys(t) {
		for how, spell := range keySpellings() {
			if isBinary(key) && !strings.HasPrefix(how, "in base") && !strings.HasPrefix(how, "in hex") && how != "as it is" {
				continue
			}
			if len(key) < 43 && how != "as it is" {
				continue // an empty set and "whpk_abc" hold no key
			}
			if kind := keytext.KindOf([]byte(spell(key))); kind == keytext.Shared {
				t.Errorf("%s, %s is shared: %.300q", name, how, spell(key))
			}
		}
	}
}

func TestSpellingsOfOneKey(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	x25519, err := ecdh.X25519().NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	std := base64.StdEncoding.EncodeToString
	block := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	lines := strings.SplitAfter(block, "\n")
	ssh := "AAAAC3NzaC1lZDI1NTE5AAAAI" + std(append([]byte{0, 0}, public...))[2:]
	for what, c := range map[string]struct {
		key  string
		want keytext.Kind
	}{
		"PEM less its first line": {strings.Join(lines[1:], ""), keytext.Asymmetric},
		"PEM less its last line":  {strings.Join(lines[:2], ""), keytext.Asymmetric},
		"PEM in lower case":       {strings.ToLower(block), keytext.Asymmetric},
		"PEM with typeset dashes": {strings.ReplaceAll(block, "-----", "—–"), keytext.Asymmetric},
		"PEM with + for blanks":   {strings.ReplaceAll(block, " ", "+"), keytext.Asymmetric},
		"DER with a byte behind":  {std(append(slices.Clone(der), 0)), keytext.Asymmetric},
		"DER that was cut":        {std(der[:40]), keytext.Asymmetric},
		"DER with a line end":     {string(der) + "\n", keytext.Asymmetric},
		"DER of X25519":           {std(must(x509.MarshalPKIXPublicKey(x25519))), keytext.Asymmetric},
		"JWKS with escapes":       {`{"k\u0065ys":[{"k\u0074y":"OKP"}]}`, keytext.Asymmetric},
		"JWKS of JavaScript":      {`keys: [{ kty: 'OKP', crv: 'Ed25519' }]`, keytext.Asymmetric},
		"known_hosts":             {"github.com ssh-ed25519 " + ssh, keytext.Asymmetric},
		"authorized_keys":         {`from="10.0.0.1",restrict ssh-ed25519 ` + ssh + " me", keytext.Asymmetric},
		"sk-ssh": {
			std([]byte("\x00\x00\x00\x1ask-ssh-ed25519@openssh.com\x00\x00\x00\x20" + string(public))), keytext.Asymmetric},
		"upper-case WHPK_":           {"WHPK_" + std(public), keytext.Asymmetric},
		"did:key":                    {"did:key:z" + base58(append([]byte{0xed, 1}, public...)), keytext.Asymmetric},
		"labelled base64":            {"ed25519:" + std(public), keytext.Asymmetric},
		"seed and key in base58":     {base58(private), keytext.Asymmetric},
		"address of a key set":       {"https://www.googleapis.com/oauth2/v3/certs", keytext.Asymmetric},
		"address of a key set, http": {" 'HTTP://id.example.com/.well-known/jwks.json'", keytext.Asymmetric},
		"base58":                     {base58(public), keytext.Unknown},
		"multibase":                  {"z" + base58(append([]byte{0xed, 1}, public...)), keytext.Unknown},
		"base32":                     {base32.StdEncoding.EncodeToString(public), keytext.Unknown},
		"base32 in lower case": {strings.ToLower(strings.TrimRight(base32.StdEncoding.EncodeToString(public), "=")),
			keytext.Unknown},
		"minisign":                  {std(append([]byte("Ed12345678"), public...)), keytext.Unknown},
		"minisign with its comment": {"untrusted comment: minisign public key\nRWQ" + std(public), keytext.Asymmetric},
		"the 32 bytes themselves":   {"\x01" + string(public[:31]), keytext.Unknown},
		"hex in an array of C": {"0x" + strings.Join(slices.Collect(strings.SplitSeq(hexPairs(public), " ")), ", 0x"),
			keytext.Unknown},
		"hex with the marks of bash": {`\x` + strings.ReplaceAll(hexPairs(public), " ", `\x`), keytext.Unknown},
		"hex in a list": {"[" + hex.EncodeToString(public) + ", " + strings.Repeat("ab", 32) +
			"]", keytext.Unknown},
		"base64 that a form has read": {strings.ReplaceAll(std(der), "+", " "), keytext.Asymmetric},
	} {
		if kind := keytext.KindOf([]byte(c.key)); kind != c.want {
			t.Errorf("%s is %s: %q", what, kind, c.key)
		}
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

func hexPairs(b []byte) string {
	text := ""
	for i := range b {
		text += " " + hex.EncodeToString(b[i:i+1])
	}
	return text[1:]
}

// A prefix that providers give to secrets tells them from keys, however long they are.
func TestSecretsWithTheirPrefixAreShared(t *testing.T) {
	for _, prefix := range []string{"whsec_", "lin_wh_", "glsec_", "shpss_", "polar_whs_", "v1,whsec_"} {
		for n := 20; n < 90; n++ {
			key := prefix + strings.Repeat("A1b2", 25)[:n]
			if kind := keytext.KindOf([]byte(key)); kind != keytext.Shared {
				t.Errorf("%q is %s", key, kind)
			}
		}
	}
}

// simply32 reports whether text is hex or base64 of 32 bytes.
func simply32(text string) bool {
	if b, err := hex.DecodeString(text); err == nil {
		return len(b) == 32
	}
	text = strings.TrimRight(text, "=")
	std, errStd := base64.RawStdEncoding.DecodeString(text)
	other, errURL := base64.RawURLEncoding.DecodeString(text)
	return errStd == nil && len(std) == 32 || errURL == nil && len(other) == 32
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

// The shared secrets of all vectors go on working without a scheme, but for those that are 32 bytes.
func TestTheSharedSecretsOfTheVectorsStayShared(t *testing.T) {
	seen := 0
	for _, s := range catalog.All() {
		if !slices.Contains([]sign.Auth{sign.HMAC, sign.Digest, sign.Token}, s.Auth) {
			continue
		}
		var secrets []string
		var file struct{ Vectors []struct{ Secrets []string } }
		readJSON(t, filepath.Join("..", "testdata", "vectors", s.Name+".json"), &file)
		for _, v := range file.Vectors {
			secrets = append(secrets, v.Secrets...)
		}
		pair, err := newkey.Of(&s, time.Unix(1700000000, 0))
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range append(secrets, string(pair.Signing)) {
			if s.Code == sign.RFC9421 && strings.HasPrefix(secret, "-----BEGIN") {
				continue
			}
			want := keytext.Shared
			if simply32(secret) {
				want = keytext.Unknown
			}
			if kind := keytext.KindOf([]byte(secret)); kind != want {
				t.Errorf("%s: %q is %s", s.Name, secret, kind)
			}
			seen++
		}
	}
	var samples map[string]struct{ Secrets []string }
	readJSON(t, filepath.Join("..", "..", "conformance", "testdata", "samples.json"), &samples)
	for name, s := range samples {
		for _, secret := range s.Secrets {
			if kind := keytext.KindOf([]byte(secret)); kind != keytext.Shared && !simply32(secret) {
				t.Errorf("conformance, %s: %q is %s", name, secret, kind)
			}
			seen++
		}
	}
	if seen < 500 {
		t.Errorf("only %d secrets", seen)
	}
}

// Whatever the secret is, the work on it has a bound, and what goes beyond it is not taken for shared.
func TestTheWorkOnASecretIsBounded(t *testing.T) {
	for _, unit := range []string{`a b\%41"`, "%25", `\\`, strings.Repeat("a", 43) + " ", "30 82 ", "ssh-rsa ",
		"kty ", "\u200b "} {
		key := strings.Repeat(unit, 64<<10/len(unit))
		_ = keytext.KindOf([]byte(key))
		key = key[:16<<10]
		for range 4 {
			key = base64.StdEncoding.EncodeToString([]byte(key))
		}
		_ = keytext.KindOf([]byte(key))
	}
	if kind := keytext.KindOf([]byte(strings.Repeat(strings.Repeat("a", 43)+" ", 300))); kind != keytext.Unknown {
		t.Errorf("many words are %s", kind)
	}
}

func FuzzKind(f *testing.F) {
	for _, key := range []string{`"\u006b"`, "%2", `\u12`, "0x", "\xff\xfe", "did:key:",
		"0000000000000000000000000000000000000000000"} {
		f.Add([]byte(key))
	}
	f.Fuzz(func(_ *testing.T, key []byte) { _ = keytext.KindOf(key) })
}
