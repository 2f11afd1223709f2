package sign

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/barbhq/barb/sign/field"
)

// Twilio signs the URL followed by every field of a form: sorted by name, name and value without separator, a
// repeated field once for each different value, sorted too. For a body that is not a form, the URL's query holds
// its hash. Twilio is not consistent about the port in the signed URL, so Verify tries it with and without. Source:
// https://www.twilio.com/docs/usage/webhooks/webhooks-security and twilio-node's webhooks.ts.

type twilio struct{}

const bodyHashParam = "bodySHA256"

func (twilio) formula() string {
	return "{url} and the sorted fields of the form, or {url} with bodySHA256"
}

// compose returns the signed content. It adds the hash of a body that is not a form to the URL.
func (twilio) compose(_ *Scheme, v *values) ([][]byte, error) {
	m := v.m
	if m.URL == "" {
		return nil, refuse(MissingURL, "twilio signs the URL as the sender knows it")
	}
	_, hashes := field.Query(m.URL, bodyHashParam)
	if !isForm(m) && len(m.Body) > 0 || hashes > 0 {
		m.URL = withBodyHash(m.URL, m.Body)
		return [][]byte{[]byte(m.URL)}, nil
	}
	content, err := sortedFields([]byte(m.URL), m.Body, true)
	return [][]byte{content}, err
}

func (twilio) parts(_ *Scheme, v *values, r *reading) ([]part, error) {
	if v.m.URL == "" {
		return nil, refuse(MissingURL, "twilio signs the URL as the sender knows it")
	}
	fields, err := twilioFields(v.m)
	if err != nil {
		return nil, err
	}
	var contents [][]byte
	for _, u := range portVariants(v.m.URL) {
		contents = append(contents, append([]byte(u), fields...))
	}
	return onePart(r, contents...), nil
}

// twilioFields returns the text that follows the URL. With a hash in the query, it compares the body with the hash
// and returns nothing.
func twilioFields(m *Message) ([]byte, error) {
	hash, n := field.Query(m.URL, bodyHashParam)
	switch {
	case n > 1:
		return nil, refuse(MalformedSignature, "the URL holds "+bodyHashParam+" more than once")
	case n == 1:
		want, err := hex.DecodeString(hash)
		sum := sha256.Sum256(m.Body)
		if err != nil || !isDigest(want, sum[:]) {
			return nil, refuse(SignatureMismatch, "the body does not match the "+bodyHashParam+" in the URL")
		}
		return nil, nil
	case isForm(m):
		return sortedFields(nil, m.Body, true)
	case len(m.Body) > 0:
		return nil, refuse(UnsignedBody, "the body is not a form, and the URL has no "+bodyHashParam)
	}
	return nil, nil
}

// isForm decides by the content type; without one, a body is a form unless it begins like JSON.
func isForm(m *Message) bool {
	kind, _ := field.Header(m.Header, "Content-Type")
	kind, _, _ = strings.Cut(kind, ";")
	if kind == "" {
		body := bytes.TrimSpace(m.Body)
		return !bytes.HasPrefix(body, []byte("{")) && !bytes.HasPrefix(body, []byte("["))
	}
	return strings.EqualFold(strings.TrimSpace(kind), "application/x-www-form-urlencoded")
}

// withBodyHash appends the hash of a body to the URL's query, or replaces the hash there.
func withBodyHash(u string, body []byte) string {
	before, query, fragment := field.SplitURL(u)
	var pairs []string
	for pair := range strings.SplitSeq(query, "&") {
		if k, _, _ := strings.Cut(pair, "="); k != bodyHashParam && pair != "" {
			pairs = append(pairs, pair)
		}
	}
	sum := sha256.Sum256(body)
	pairs = append(pairs, bodyHashParam+"="+hex.EncodeToString(sum[:]))
	return before + "?" + strings.Join(pairs, "&") + fragment
}

// portVariants returns a URL unchanged, without its port and, if it has none, with the default port.
func portVariants(u string) []string {
	scheme, rest, ok := strings.Cut(u, "://")
	if !ok {
		return []string{u}
	}
	end := endOf(rest, "/?#")
	host, tail := rest[:end], rest[end:]
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') &&
		i > strings.LastIndexByte(host, '@') {
		return []string{u, scheme + "://" + host[:i] + tail}
	}
	port := ":443"
	if strings.EqualFold(scheme, "http") {
		port = ":80"
	}
	return []string{u, scheme + "://" + host + port + tail}
}
