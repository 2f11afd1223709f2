package explain

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/keytext"
)

// secretRow is a mistake in the text of a secret or in decoding it. make returns the key bytes of the sender, or nil.
// The key of an exact row must not be decoded again.
type secretRow struct {
	kind          Kind
	change, words string
	exact         bool
	make          func(text []byte) []byte
}

const blank = " \t\r\n\v\f\u00a0\ufeff\u200b"

var secretRows = [...]secretRow{
	{SecretSpace, "the white space around the secret is removed",
		"spaces, a line break or a byte order mark were copied together with the secret", false,
		func(t []byte) []byte { return bytes.Trim(t, blank) }},
	{SecretQuotes, "the quotes around the secret are removed",
		"the quotes of a configuration file became part of the secret", false,
		func(t []byte) []byte { return bytes.Trim(bytes.Trim(t, blank), "\"'`") }},
	{SecretLabel, "the secret is only the text after its label", "a label such as Bearer, SHA256= or v1: was copied " +
		"together with the secret", false, unlabelled},
	{SecretAssignment, "the secret is only the text after NAME=",
		"a whole line of a .env file was used as the secret",
		false, assigned},
	{SecretLabel, "the prefix of the secret is written whsec_", "the prefix has capitals, spaces or another separator",
		false, respelledWhsec},
	{SecretDecoded, "the text of the secret is the key as it is",
		"the receiver decodes the secret, the sender uses its text", true,
		func(t []byte) []byte { return t }},
	{SecretNotDecoded, "whsec_ is removed from the secret and the rest decoded as base64",
		"the sender decodes the secret, the receiver uses its text", true, whsecKey},
	{SecretPrefixKept, "whsec_ is removed from the secret and the rest is the key as it is",
		"the prefix is not part of the sender's key", true, afterPrefix},
	{SecretNotDecoded, "the secret is decoded as base64", "the sender decodes the secret, the receiver uses its text",
		true, unbase64},
	{SecretNotDecoded, "the secret is decoded as hex", "the sender decodes the secret, the receiver uses its text", true,
		unhex},
	{SecretNewline, "the secret has a line break after it",
		"the sender read its secret from a file or a pipe with the line break at the end", true,
		suffixed("\n")},
	{SecretNewline, "the secret has a Windows line break after it",
		"the sender read its secret from a file with the line break at the end", true,
		suffixed("\r\n")},
	{SecretPrefixMissing, "the secret has whsec_ before it", "the prefix is part of the sender's key", false,
		func(t []byte) []byte { return append([]byte("whsec_"), t...) }},
	{SecretQuotes, "the secret is in double quotes", "the quotes of a configuration file are part of the " +
		"sender's secret", true,
		func(t []byte) []byte { return append(append([]byte{'"'}, t...), '"') }},
	{SecretQuotes, "the secret is in single quotes", "the quotes of a configuration file are part of the " +
		"sender's secret", true,
		func(t []byte) []byte { return append(append([]byte{'\''}, t...), '\'') }},
	{SecretEscaped, `\n in the secret is a line break`, "an environment variable holds the line break as two characters",
		false, replaced(`\n`, "\n")},
	{SecretEscaped, "the secret is percent-decoded", "the secret was copied from a URL or a form", false, unpercent},
	{SecretCase, "the secret is in lower case", "something changed the case of the secret", false, bytes.ToLower},
	{SecretCase, "the secret is in upper case", "something changed the case of the secret", false, bytes.ToUpper},
	{SecretEncoded, "the base64 of the secret is the key", "the sender encodes the secret before it is used as text", true,
		func(t []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(t)) }},
	{SecretEncoded, "the hex of the secret is the key", "the sender encodes the secret before it is used as text", true,
		func(t []byte) []byte { return []byte(hex.EncodeToString(t)) }},
}

// secrets makes the variants with other forms of the trial's secrets. Public keys have no other forms.
func secrets(t trial, yield func(variant) bool) {
	if !symmetric(&t.scheme) {
		return
	}
	for i := range secretRows {
		for _, secret := range t.secrets {
			if v, ok := secretRows[i].variant(t, secret); ok && !yield(v) {
				return
			}
		}
	}
}

func symmetric(s *sign.Scheme) bool {
	return s.Auth == sign.HMAC || s.Auth == sign.Digest || s.Auth == sign.Token
}

func (r *secretRow) variant(t trial, secret sign.Secret) (variant, bool) {
	if secret.Kind() == keytext.Asymmetric {
		return variant{}, false
	}
	key := r.make(secret.Key)
	if len(key) == 0 || !r.exact && bytes.Equal(key, secret.Key) {
		return variant{}, false
	}
	if r.exact {
		t.scheme.Key = sign.Raw
	}
	t.secrets = []sign.Secret{{Name: secret.Name, Key: key}}
	return variant{trial: t, kind: r.kind, part: Secret, change: r.change, words: r.words}, true
}

// whsecKey requires the prefix, which Supabase writes behind "v1,".
func whsecKey(text []byte) []byte { return unbase64(afterPrefix(text)) }

func afterPrefix(text []byte) []byte {
	_, rest, _ := bytes.Cut(bytes.Trim(text, blank), []byte("whsec_"))
	return rest
}

// unbase64 decodes either alphabet, with or without padding.
func unbase64(text []byte) []byte {
	plain := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(string(bytes.Trim(text, blank)), "="))
	key, err := base64.RawStdEncoding.DecodeString(plain)
	if err != nil {
		return nil
	}
	return key
}

func unhex(text []byte) []byte {
	key, err := hex.DecodeString(strings.TrimPrefix(string(bytes.Trim(text, blank)), "0x"))
	if err != nil {
		return nil
	}
	return key
}

func unpercent(text []byte) []byte {
	plain, err := url.PathUnescape(string(text))
	if err != nil {
		return nil
	}
	return []byte(plain)
}

// others returns the generator of variants with other secrets instead of the given ones.
func others(all []Other) generator {
	return func(t trial, yield func(variant) bool) {
		for _, other := range all {
			if !yield(other.variant(t)) {
				return
			}
		}
	}
}

func (o *Other) variant(t trial) variant {
	v := variant{trial: t, kind: OtherSecret, part: Secret, change: "the secret is " + o.Name,
		words: "the message was signed with another secret that is configured here"}
	v.secrets = []sign.Secret{o.Secret}
	for _, secret := range t.secrets {
		if was, is := mode(secret), mode(o.Secret); was != "" && is != "" && was != is {
			v.kind, v.words = OtherMode, "the message is from "+is+" mode, but the given secret is for "+was+" mode"
			return v
		}
	}
	if o.Endpoint != "" {
		v.kind, v.words = OtherEndpoint, "the message was signed for the endpoint "+o.Endpoint
	}
	return v
}

// mode returns whether a secret is for tests or live, if its name or text says so.
func mode(s sign.Secret) string {
	for _, text := range []string{s.Name, string(s.Key)} {
		words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r < 'a' || r > 'z' })
		for _, word := range words {
			switch word {
			case "test", "sandbox", "staging", "dev":
				return "test"
			case "live", "prod", "production":
				return "live"
			}
		}
	}
	return ""
}
