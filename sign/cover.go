package sign

import (
	"slices"
	"strings"

	"github.com/barbhq/barb/sign/httpsig"
)

// componentsParam names the param with the components that an HTTP message signature must cover, separated by
// commas. Without the param, httpsig.Signature.Uncovered decides.
const componentsParam = "components"

// algorithmParam names the param with the algorithm of an HTTP message signature's key (RFC 9421, section 6.2.2),
// for keys that do not show their algorithm.
const algorithmParam = "alg"

// WithParams returns the scheme narrowed by the params: param alg fixes the algorithm of an HTTP message signature;
// all other schemes are returned unchanged. The error is an *Error with MissingParam.
func (s Scheme) WithParams(params map[string]string) (Scheme, error) {
	name := params[algorithmParam]
	if s.Code != RFC9421 || name == "" {
		return s, nil
	}
	for auth, form := range map[Auth]KeyForm{HMAC: Base64Key, Ed25519: Base6432, ECDSA: PEM, RSA: PEM} {
		if name == messageAlgorithm(auth) {
			s.Auth, s.Key, s.NamedAlgorithm = auth, form, true
			return s, nil
		}
	}
	return s, missingParam(algorithmParam, " is hmac-sha256, ed25519, ecdsa-p256-sha256 or rsa-v1_5-sha256")
}

// components returns the components listed in the param, none when it is not given.
func (m *Message) components() []string {
	var names []string
	for name := range strings.SplitSeq(m.Params[componentsParam], ",") {
		if name = strings.ToLower(strings.Trim(name, ` "`)); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// checkCover refuses a signature that leaves out a required component. RFC 9421 leaves the requirement to the
// application (sections 1.4 and 7.2.1), and a signature that covers nothing is well formed.
func checkCover(ms *httpsig.Signature, m *Message) error {
	if name := ms.Uncovered(m.URL, len(m.Body) > 0, m.components()); name != "" {
		return refuse(UnsignedComponent, "the signature does not cover "+name+"; --param "+componentsParam+
			"=… says what it must cover")
	}
	return nil
}
