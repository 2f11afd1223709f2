package sign

import (
	"slices"
	"strings"

	"github.com/barbhq/barb/sign/field"
)

// componentsParam names the param that says which components an HTTP message signature must cover, with commas between,
// instead of those that messageSignature.uncovered asks for.
const componentsParam = "components"

// algorithmParam names the param that says which algorithm the key of an HTTP message signature is for (RFC 9421, section
// 6.2.2), where the key does not show it.
const algorithmParam = "alg"

// WithParams returns the scheme as the params narrow it: an HTTP message signature to the algorithm that alg names, all other
// schemes as they are. The error is *Error with MissingParam.
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

// components are those of the param; none when it is not given.
func (m *Message) components() []string {
	var names []string
	for name := range strings.SplitSeq(m.Params[componentsParam], ",") {
		if name = strings.ToLower(strings.Trim(name, ` "`)); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// checkCover refuses a signature that leaves out what must be signed. RFC 9421 leaves that to the application (sections 1.4
// and 7.2.1), and a signature of nothing at all is well formed.
func (ms *messageSignature) checkCover(m *Message) error {
	if name := ms.uncovered(m); name != "" {
		return refuse(UnsignedComponent, "the signature does not cover "+name+"; --param "+componentsParam+"=… says what it must cover")
	}
	return nil
}

// uncovered is a component that is not signed and must be, "" for none: the method, where the request goes, and the body. A
// path without its query says only half of that when the request has one.
func (ms *messageSignature) uncovered(m *Message) string {
	covers := func(name string) bool { return slices.Contains(ms.components, name) }
	if asked := m.components(); len(asked) > 0 {
		if i := slices.IndexFunc(asked, func(name string) bool { return !covers(name) }); i >= 0 {
			return asked[i] // the receiver's own word, not the sender's
		}
		return ""
	}
	_, query, _ := field.SplitURL(m.URL)
	switch {
	case !covers("@method"):
		return "@method"
	case covers("@target-uri") || covers("@request-target"):
	case !covers("@path"):
		return "@target-uri, @request-target or @path"
	case query != "" && !covers("@query"):
		return "@query, and the request has one"
	}
	if len(m.Body) > 0 && !covers("content-digest") {
		return "content-digest, and the request has a body"
	}
	return ""
}
