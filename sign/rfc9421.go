package sign

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/sign/field"
)

// rfc9421 signs the parts of a request that its Signature-Input header lists, HTTP Message Signatures (RFC 9421); the body
// through its Content-Digest (RFC 9530). The key decides the algorithm: a shared secret hmac-sha256, an asymmetric one
// ed25519, ecdsa-p256-sha256 or rsa-v1_5-sha256; an alg that says otherwise is refused. Parameters of components (;sf ;bs
// ;key ;req ;tr) are not known and refused too.
type rfc9421 struct{}

const (
	signatureInput = "Signature-Input"
	contentDigest  = "Content-Digest"
	maxComponents  = 64
	maxLabels      = 4 // signatures of one message that are tried
)

// messageSignature is one labelled signature, with what it is of.
type messageSignature struct {
	components []string // "@method", "content-digest"
	params     string   // the value of @signature-params, as it came
	alg        string
	created    string
	expires    string
	sig        []byte
}

func (rfc9421) formula() string {
	return "the components that Signature-Input lists: @method, @target-uri or @path with @query, and content-digest"
}

// coversBody is true of what barb signs; of others' messages, the reading says.
func (rfc9421) coversBody() bool { return true }

// read takes every signature that has its input. Each is a signature by itself: a proxy on the way may have added its own
// (section 4.3), in front or behind, in the same line or in one of its own (RFC 9651, section 4.2).
func (rfc9421) read(s *Scheme, m *Message) (reading, error) {
	var r reading
	sigs, okSigs := field.Combined(m.Header, s.Header)
	inputs, okInputs := field.Combined(m.Header, signatureInput)
	_, n := field.Header(m.Header, s.Header)
	_, nInputs := field.Header(m.Header, signatureInput)
	switch {
	case n > 0 && !okSigs || nInputs > 0 && !okInputs:
		return r, refuse(DuplicateHeader, "header "+s.Header+" or "+signatureInput+" is there in another spelling too")
	case sigs == "":
		return r, refuse(MissingSignature, "no header "+s.Header)
	case inputs == "":
		return r, refuse(MissingSignature, "no header "+signatureInput)
	case len(sigs) > maxSignature || len(inputs) > maxSignature:
		return r, refuse(MalformedSignature, "header "+s.Header+" or "+signatureInput+" is longer than "+strconv.Itoa(maxSignature)+" bytes")
	}
	r.value = sigs
	values, ok := readDictionary(sigs)
	lists, okLists := readDictionary(inputs)
	ok, again := ok && okLists, repeats(sigs, values) || repeats(inputs, lists)
	if (n > 1 || nInputs > 1) && (!ok || again) {
		return r, refuse(DuplicateHeader, "header "+s.Header+" or "+signatureInput+" is there more than once, and its lines are not one dictionary")
	}
	if !ok {
		return r, refuse(MalformedSignature, "header "+s.Header+" or "+signatureInput+" is no dictionary of structured fields")
	}
	if again {
		return r, refuse(DuplicateField, "header "+s.Header+" or "+signatureInput+" has a label more than once")
	}
	for _, input := range lists {
		i := slices.IndexFunc(values, func(v member) bool { return v.name == input.name })
		if i < 0 {
			continue
		}
		if ms, ok := readMessageSignature(input.value, values[i].value); ok && len(r.messages) < maxLabels {
			r.messages = append(r.messages, ms)
		}
	}
	if len(r.messages) == 0 {
		return r, refuse(MalformedSignature, "no label has both a signature and an input that can be read")
	}
	return r, nil
}

// messageAlgorithm is the name of what a key signs with (RFC 9421 section 6.2.2).
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

// setLife takes the times of the first signature.
func (r *reading) setLife() error {
	first := r.messages[0]
	r.stamped, r.time, r.issued, r.expires = first.created != "", first.created, time.Time{}, time.Time{}
	if first.expires == "" {
		return nil
	}
	at, ok := Seconds.parse(first.expires)
	if !ok {
		return refuse(MalformedTimestamp, "expires is not "+Seconds.describe())
	}
	r.expires = at
	r.issued, _ = Seconds.parse(first.created)
	return nil
}

func (rfc9421) parts(_ *Scheme, v *values, r *reading) ([]part, error) {
	ms := r.messages[0]
	r.bodyUnsigned = !slices.Contains(ms.components, "content-digest")
	if !r.bodyUnsigned {
		if err := checkDigest(v.m); err != nil {
			return nil, err
		}
	}
	base, err := signatureBase(v.m, ms.components, ms.params)
	if err != nil {
		return nil, err
	}
	return []part{{contents: [][]byte{base}, candidates: [][]byte{ms.sig}, alg: ms.alg}}, nil
}

func (rfc9421) compose(_ *Scheme, v *values) ([][]byte, error) {
	components := v.m.components()
	if len(components) == 0 {
		components = []string{"@method", "@target-uri", "content-digest"}
	}
	if len(components) > maxComponents {
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
			return nil, refuse(MalformedField, "param keyid cannot stand between quotes")
		}
		params += `;keyid="` + kid + `"`
	}
	params += `;alg="` + messageAlgorithm(v.auth) + `"`
	v.item = func(string) (string, bool) { return params, true }
	base, err := signatureBase(v.m, components, params)
	return [][]byte{base}, err
}

func (rfc9421) finish(s *Scheme, v *values, _ *key, sigs [][]byte) ([]Field, error) { //nolint:unparam // as finisher has it
	params, _ := v.item("")
	digest, _ := field.Header(v.m.Header, contentDigest)
	fields := appendHeader(s.tail(v, s.head(v)), "header:"+contentDigest, digest)
	return append(fields, Field{signatureInput, "sig1=" + params},
		Field{s.Header, "sig1=:" + base64.StdEncoding.EncodeToString(sigs[0]) + ":"}), nil
}

// signatureBase writes what is signed (RFC 9421 section 2.5).
func signatureBase(m *Message, components []string, params string) ([]byte, error) {
	var out []byte
	for _, name := range components {
		value, err := component(m, name)
		if err != nil {
			return nil, err
		}
		out = append(out, `"`+name+`": `+value+"\n"...)
	}
	return append(out, `"@signature-params": `+params...), nil
}

// component returns what a name stands for (sections 2.1 and 2.2).
func component(m *Message, name string) (string, error) {
	if name == "@method" {
		return m.Method, nil
	}
	if !strings.HasPrefix(name, "@") {
		value, ok := field.Combined(m.Header, name)
		if !ok {
			return "", refuse(MissingField, "a header that is signed is not there, or in another spelling as well")
		}
		return value, nil
	}
	if m.URL == "" {
		return "", refuse(MissingURL, "the signature covers the URL as the sender knows it")
	}
	before, query, _ := field.SplitURL(m.URL)
	scheme, rest, _ := strings.Cut(before, "://")
	scheme = strings.ToLower(scheme)
	authority := strings.ToLower(rest[:endOf(rest, "/")])
	switch name {
	case "@target-uri":
		target, _, _ := strings.Cut(m.URL, "#")
		return target, nil
	case "@authority":
		if port := map[string]string{"http": ":80", "https": ":443"}[scheme]; port != "" {
			authority = strings.TrimSuffix(authority, port)
		}
		return authority, nil
	case "@scheme":
		return scheme, nil
	case "@path":
		return field.Path(m.URL), nil
	case "@query":
		return "?" + query, nil
	case "@request-target":
		target := field.Path(m.URL)
		if query != "" {
			target += "?" + query
		}
		return target, nil
	}
	return "", refuse(MalformedSignature, "the signature covers a component that barb does not know")
}

// checkDigest holds the body against its Content-Digest. Every digest of an algorithm that barb knows must match; there must
// be one.
func checkDigest(m *Message) error {
	text, found := field.Combined(m.Header, contentDigest)
	digests, ok := readDictionary(text)
	if !found || !ok {
		return refuse(MalformedField, "header "+contentDigest+" is not there, or is no dictionary of structured fields")
	}
	known := 0
	for _, d := range digests {
		want, decoded := readBytes(d.value)
		var sum []byte
		switch d.name {
		case "sha-256":
			a := sha256.Sum256(m.Body)
			sum = a[:]
		case "sha-512":
			a := sha512.Sum512(m.Body)
			sum = a[:]
		default:
			continue
		}
		known++
		if !decoded || !isDigest(want, sum) {
			return refuse(SignatureMismatch, "the body does not match its "+contentDigest)
		}
	}
	if known == 0 {
		return refuse(MalformedField, "header "+contentDigest+" has neither sha-256 nor sha-512")
	}
	return nil
}
