package probe

import (
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/barbhq/barb/sign"
)

// examples are secrets in public documentation.
var examples = map[string]string{
	"github":            "It's a Secret to Everybody",
	"github-sha1":       "It's a Secret to Everybody",
	"standard-webhooks": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
	"svix":              "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
	"slack":             "8f742231b10e8888abcd99yyyzzz85a5",
}

// exampleKey returns the secret of the documentation's example, as encodeKey takes it.
func exampleKey(s sign.Scheme) (string, bool) {
	text, ok := examples[s.Name]
	if encoded, found := strings.CutPrefix(text, "whsec_"); found {
		key, err := base64.StdEncoding.DecodeString(encoded)
		return string(key), ok && err == nil
	}
	return text, ok
}

// encodeKey returns the secret whose key is these bytes, false when the scheme has none such.
func encodeKey(s sign.Scheme, key string) (secret []byte, ok bool) {
	if key == "\x00" && s.Auth != sign.HMAC { // only there is it the empty key
		return nil, false
	}
	switch s.Key {
	case sign.Whsec, sign.WhsecOrRaw, sign.WhsecAndRaw:
		return base64.StdEncoding.AppendEncode([]byte("whsec_"), []byte(key)), true
	case sign.Base64Key:
		return base64.StdEncoding.AppendEncode(nil, []byte(key)), s.Code != sign.RFC9421
	case sign.HexKey:
		return hex.AppendEncode(nil, []byte(key)), true
	case sign.Raw:
		if s.Auth == sign.Token && s.Enc == sign.Base64 {
			return []byte("user:" + key), true
		}
		return []byte(key), true
	}
	return nil, false
}
