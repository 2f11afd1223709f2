package redact

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"slices"
	"strings"
	"sync"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
)

// known is a secret in the forms that are searched for.
type known struct {
	ref   string
	key   string
	forms []written
	heads []string      // each form begins with one of them, so a text without them holds none of the forms as it is
	bytes [][]byte      // heads, for bodies
	proof func() string // computed when first needed

	proofs sync.Map // proofs of earlier processes → whether they are of this secret
}

type written struct {
	letter byte
	chars  string
}

func newKnown(s sign.Secret) *known {
	k := &known{ref: s.Name, key: string(s.Key)}
	for _, f := range forms {
		chars := f.encode(k.key)
		if !slices.ContainsFunc(k.forms, func(w written) bool { return w.chars == chars }) {
			k.forms = append(k.forms, written{f.letter, chars})
		}
	}
	k.heads = headsOf(k.forms)
	for _, head := range k.heads {
		k.bytes = append(k.bytes, []byte(head))
	}
	k.proof = sync.OnceValue(func() string {
		salt := make([]byte, proofSalt)
		_, _ = rand.Read(salt) // never fails
		proof := base64.RawURLEncoding.EncodeToString(append(salt, makeProof(k.key, salt)...))
		k.proofs.Store(proof, true)
		return proof
	})
	return k
}

// headsOf returns the forms that begin with no other one.
func headsOf(forms []written) (heads []string) {
	for _, f := range forms {
		if !slices.ContainsFunc(forms, func(o written) bool {
			return o.chars != f.chars &&
				strings.HasPrefix(f.chars, o.chars)
		}) {
			heads = append(heads, f.chars)
		}
	}
	return heads
}

// unlikely is 0 for the secret with the reference ref, else 1, to sort by.
func (k *known) unlikely(ref string) int {
	if k.ref == ref {
		return 0
	}
	return 1
}

// A proof shows whether a secret is the masked one. A secret may be a guessable word, and an attacker with the history
// could try many, so each try costs as much as with a password: each process has its own salt, and the hash is slow.
const (
	proofSalt   = 9
	proofSize   = 9
	proofRounds = 50_000
)

func makeProof(key string, salt []byte) []byte {
	sum, err := pbkdf2.Key(sha256.New, key, salt, proofRounds, proofSize)
	if err != nil {
		panic(err) // fails only for invalid constants
	}
	return sum
}

// proves reports whether a proof was made of the secret. It caches the answer.
func (k *known) proves(proof string) bool {
	if same, ok := k.proofs.Load(proof); ok {
		return same.(bool)
	}
	raw, err := base64.RawURLEncoding.DecodeString(proof)
	same := err == nil && len(raw) == proofSalt+proofSize &&
		subtle.ConstantTimeCompare(makeProof(k.key, raw[:proofSalt]), raw[proofSalt:]) == 1
	k.proofs.Store(proof, same)
	return same
}

// IsCredential reports whether a header field of a request authenticates its sender, by the field's name.
func IsCredential(name, value string) bool {
	_, found := credential(name, value, false)
	return found
}

// Hide returns the value of a header field of a request or an answer without its credential: "Bearer [secret]".
func Hide(name, value string) string {
	from, found := credential(name, value, false)
	if !found {
		if _, found = credential(name, value, true); !found {
			return value
		}
	}
	return value[:from] + Placeholder
}

// credential returns the beginning of the credential in the value of a header field.
func credential(name, value string, answer bool) (from int, found bool) {
	if value == "" {
		return 0, false
	}
	if answer {
		return 0, strings.EqualFold(name, "Set-Cookie") || strings.EqualFold(name, "Set-Cookie2")
	}
	if isOneOf(name, credentials()[min(len(name), len(credentials())-1)]) || namesCredential(name) {
		return afterScheme(name, value), true
	}
	return 0, false
}

// namesCredential reports whether the words of a header's name mean a credential, as in X-Forwarded-Authorization,
// X-Slack-Token or Api_Key. A signature is kept: it proves one message only, and is needed to check it later.
func namesCredential(name string) bool {
	before, found := "", false
	for len(name) > 0 {
		word := name
		if i := strings.IndexAny(name, "-_."); i >= 0 {
			word, name = name[:i], name[i+1:]
		} else {
			name = ""
		}
		switch {
		case isOneOf(word, harmless[:]):
			return false
		case isOneOf(word, telling[:]), strings.EqualFold(word, "key") && isOneOf(before, keyOf[:]):
			found = true
		}
		before = word
	}
	return found
}

func isOneOf(word string, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, word) })
}

// The words of header names.
var (
	harmless = [...]string{"signature", "sign", "sig", "hmac", "digest", "timestamp", "type", "id", "idempotency"}
	telling  = [...]string{"authorization", "authentication", "auth", "token", "secret", "password", "passwd", "passcode",
		"passphrase", "apikey",
		"accesskey", "credential", "credentials", "cookie", "jwt", "session"}
	keyOf = [...]string{"api", "access", "secret", "auth", "functions"} // before "key"
)

// afterScheme keeps the name of the usual schemes of Authorization readable (RFC 9110, section 11.6.2).
func afterScheme(name, value string) int {
	word, rest, ok := strings.Cut(value, " ")
	if ok && rest != "" && strings.HasSuffix(strings.ToLower(name), "authorization") &&
		(strings.EqualFold(word, "Basic") || strings.EqualFold(word, "Bearer")) {
		return len(word) + 1
	}
	return 0
}

// credentials are the headers whose value authenticates any request that repeats it, by the length of their names:
// those of RFC 9110, cookies (RFC 6265), the usual headers of API keys and tokens, and those of the catalogue's schemes
// that send their secret.
var credentials = sync.OnceValue(func() *[32][]string {
	return byLength("Authorization", "Proxy-Authorization", "Cookie", "Cookie2",
		"X-Api-Key", "Api-Key", "Apikey", "X-Apikey", "X-Auth-Token", "X-Auth-Key", "X-Access-Token", "X-Api-Token",
		"X-Secret", "X-Secret-Key",
		"X-Token", "X-Webhook-Token", "X-Webhook-Secret", "X-Hook-Secret", "X-Hook-Token", "X-Csrf-Token", "X-Xsrf-Token",
		"X-Vault-Token",
		"X-Amz-Security-Token", "X-Goog-Api-Key", "X-Goog-Iap-Jwt-Assertion", "X-Functions-Key", "Ocp-Apim-Subscription-Key",
		"Cf-Access-Client-Secret", "Cf-Access-Jwt-Assertion", "X-Forwarded-Access-Token", "X-Session-Token", "Private-Token",
		"Job-Token",
		"X-Shopify-Access-Token", "X-Goog-Channel-Token")
})

func byLength(names ...string) *[32][]string {
	var table [32][]string
	for _, s := range catalog.All() {
		if p := schemePlace(s.Header); s.Auth == sign.Token && p.kind == "header" {
			names = append(names, p.name)
		}
	}
	for _, name := range names {
		i := min(len(name), len(table)-1)
		table[i] = append(table[i], name)
	}
	return &table
}

// tokenParameters are the query parameters that carry a credential.
var tokenParameters = [...]string{"access_token", "token", "api_key", "apikey", "api-key", "auth_token", "id_token",
	"refresh_token",
	"client_secret", "secret", "secret_token", "password", "passwd", "pwd", "passphrase", "jwt", "auth", "key",
	"X-Amz-Security-Token"}
