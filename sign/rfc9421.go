package sign

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/sign/field"
	"github.com/barbhq/barb/sign/httpsig"
)

// rfc9421 implements HTTP Message Signatures (RFC 9421): it signs the parts of a request that its Signature-Input
// header lists, and the body through its Content-Digest (RFC 9530). The key decides the algorithm: hmac-sha256 for
// a shared secret, ed25519, ecdsa-p256-sha256 or rsa-v1_5-sha256 for an asymmetric key; another alg is refused. So
// are parameters of components (;sf ;bs ;key ;req ;tr).
type rfc9421 struct{}

const (
	signatureInput = "Signature-Input"
	contentDigest  = "Content-Digest"
	maxLabels      = 4 // signatures of one message that are tried
)

func (rfc9421) formula() string {
	return "the components that Signature-Input lists: @method, @target-uri or @path with @query, and content-digest"
}

// read returns every signature that has its input. Each is independent: a proxy may have added its own (section
// 4.3) before or after the sender's, in the same line or in another (RFC 9651, section 4.2).
func (rfc9421) read(s *Scheme, m *Message) (reading, error) {
	var r reading
	sigs, okSigs := field.Combined(m.Header, s.Header)
	inputs, okInputs := field.Combined(m.Header, signatureInput)
	_, n := field.Header(m.Header, s.Header)
	_, nInputs := field.Header(m.Header, signatureInput)
	switch {
	case n > 0 && !okSigs || nInputs > 0 && !okInputs:
		return r, refuse(DuplicateHeader, "header "+s.Header+" or "+signatureInput+" also occurs in another spelling")
	case sigs == "":
		return r, refuse(MissingSignature, "no header "+s.Header)
	case inputs == "":
		return r, refuse(MissingSignature, "no header "+signatureInput)
	case len(sigs) > maxSignature || len(inputs) > maxSignature:
		return r, refuse(MalformedSignature, "header "+s.Header+" or "+signatureInput+" is longer than "+
			strconv.Itoa(maxSignature)+" bytes")
	}
	r.value = sigs
	values, repeatsSig, okSigs := httpsig.Dictionary(sigs)
	lists, repeatsInput, okInputs := httpsig.Dictionary(inputs)
	ok, again := okSigs && okInputs, repeatsSig || repeatsInput
	if (n > 1 || nInputs > 1) && (!ok || again) {
		return r, refuse(DuplicateHeader, "header "+s.Header+" or "+signatureInput+
			" occurs more than once, and its lines do not form one dictionary")
	}
	if !ok {
		return r, refuse(MalformedSignature, "header "+s.Header+" or "+signatureInput+
			" is not a dictionary of structured fields")
	}
	if again {
		return r, refuse(DuplicateField, "header "+s.Header+" or "+signatureInput+" has a label more than once")
	}
	for _, input := range lists {
		i := slices.IndexFunc(values, func(v httpsig.Member) bool { return v.Name == input.Name })
		if i < 0 {
			continue
		}
		if ms, ok := httpsig.Read(input.Value, values[i].Value); ok && len(r.messages) < maxLabels {
			r.messages = append(r.messages, ms)
		}
	}
	if len(r.messages) == 0 {
		return r, refuse(MalformedSignature, "no label has both a readable signature and a readable input")
	}
	return r, nil
}

// messageAlgorithm returns the name of a key's algorithm (RFC 9421 section 6.2.2).
func messageAlgorithm(a Auth) string {
	switch a {
	case Ed25519:
		return "ed25519"
	case ECDSA:
		return "ecdsa-p256-sha256"
	case RSA:
		return "rsa-v1_5-sha256"
	default:
		return "hmac-sha256"
	}
}

// setLife sets the times of the reading to those of the first signature.
func (r *reading) setLife() error {
	first := r.messages[0]
	r.stamped, r.time, r.issued, r.expires = first.Created != "", first.Created, time.Time{}, time.Time{}
	if first.Expires == "" {
		return nil
	}
	at, ok := Seconds.Parse(first.Expires)
	if !ok {
		return refuse(MalformedTimestamp, "expires is not "+Seconds.describe())
	}
	r.expires = at
	r.issued, _ = Seconds.Parse(first.Created)
	return nil
}

func (rfc9421) parts(_ *Scheme, v *values, r *reading) ([]part, error) {
	ms := r.messages[0]
	r.bodyUnsigned = !slices.Contains(ms.Components, "content-digest")
	if !r.bodyUnsigned {
		if err := httpsig.CheckDigest(v.m.Header, v.m.Body); err != nil {
			return nil, refuseMessage(err)
		}
	}
	base, err := requestOf(v.m).Base(ms.Components, ms.Params)
	if err != nil {
		return nil, refuseMessage(err)
	}
	return []part{{contents: [][]byte{base}, candidates: [][]byte{ms.Value}, alg: ms.Alg}}, nil
}

func (rfc9421) compose(_ *Scheme, v *values) ([][]byte, error) {
	components := v.m.components()
	if len(components) == 0 {
		components = []string{"@method", "@target-uri", "content-digest"}
	}
	if len(components) > httpsig.MaxComponents {
		return nil, refuse(MalformedField, "param "+componentsParam+" names too many components")
	}
	if slices.Contains(components, "content-digest") {
		sum := sha256.Sum256(v.m.Body)
		digest := "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
		if err := Place("header:"+contentDigest).write(v.m, digest); err != nil {
			return nil, err
		}
	}
	params := `("` + strings.Join(components, `" "`) + `");created=` + v.time
	if kid := v.m.Params["keyid"]; kid != "" {
		if err := CheckValue(MalformedField, "param keyid", kid); err != nil || strings.ContainsAny(kid, `"\`) {
			return nil, refuse(MalformedField, "param keyid has a character that cannot be quoted")
		}
		params += `;keyid="` + kid + `"`
	}
	params += `;alg="` + messageAlgorithm(v.auth) + `"`
	v.item = func(string) (string, bool) { return params, true }
	base, err := requestOf(v.m).Base(components, params)
	if err != nil {
		return nil, refuseMessage(err)
	}
	return [][]byte{base}, nil
}

func (rfc9421) finish(s *Scheme, v *values, _ *key, sigs [][]byte) ([]Field, error) { //nolint:unparam // finisher
	params, _ := v.item("")
	digest, _ := field.Header(v.m.Header, contentDigest)
	fields := appendHeader(s.tail(v, s.head(v)), "header:"+contentDigest, digest)
	return append(fields, Field{signatureInput, "sig1=" + params},
		Field{s.Header, "sig1=:" + base64.StdEncoding.EncodeToString(sigs[0]) + ":"}), nil
}

func requestOf(m *Message) *httpsig.Request {
	return &httpsig.Request{Method: m.Method, URL: m.URL, Header: m.Header}
}

// refuseMessage returns the refusal for an error of httpsig.
func refuseMessage(err error) error {
	reason := MalformedSignature
	switch {
	case errors.Is(err, httpsig.ErrNoHeader):
		reason = MissingField
	case errors.Is(err, httpsig.ErrNoURL):
		reason = MissingURL
	case errors.Is(err, httpsig.ErrDigest):
		reason = SignatureMismatch
	case errors.Is(err, httpsig.ErrNoDigest), errors.Is(err, httpsig.ErrWeakDigest):
		reason = MalformedField
	}
	return refuse(reason, err.Error())
}
