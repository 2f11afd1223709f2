package sign

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Twilio signs the URL and, for a form, every field behind it: sorted by name, name and value without any separator, a
// repeated field once for each different value, sorted too. A body that is not a form is bound by a hash of it in the
// URL's query. Which port stands in the signed URL is not consistent on Twilio's side, so when verifying it is tried
// with and without. Source: https://www.twilio.com/docs/usage/webhooks/webhooks-security and twilio-node's webhooks.ts.

const bodyHashParam = "bodySHA256"

// twilioContent makes what is signed. A body that is no form gets its hash into the URL, which is returned then.
func twilioContent(m *Message) (content []byte, newURL string, err error) {
	if m.URL == "" {
		return nil, "", refuse(MissingURL, "twilio signs the URL as the sender knows it")
	}
	if !isForm(m) && len(m.Body) > 0 {
		newURL = withBodyHash(m.URL, m.Body)
		return []byte(newURL), newURL, nil
	}
	if _, n := queryValue(m.URL, bodyHashParam); n > 0 {
		newURL = withBodyHash(m.URL, m.Body)
		return []byte(newURL), newURL, nil
	}
	fields, err := sortedForm(m.Body)
	return append([]byte(m.URL), fields...), "", err
}

// twilioContents makes the variants of what may have been signed.
func twilioContents(m *Message) ([][]byte, error) {
	if m.URL == "" {
		return nil, refuse(MissingURL, "twilio signs the URL as the sender knows it")
	}
	fields, err := twilioFields(m)
	if err != nil {
		return nil, err
	}
	var contents [][]byte
	for _, u := range portVariants(m.URL) {
		contents = append(contents, append([]byte(u), fields...))
	}
	return contents, nil
}

// twilioFields returns what stands behind the URL. A hash in the query decides: with one, the body is held against it
// and nothing stands behind the URL.
func twilioFields(m *Message) ([]byte, error) {
	hash, n := queryValue(m.URL, bodyHashParam)
	switch {
	case n > 1:
		return nil, refuse(MalformedSignature, "the URL holds "+bodyHashParam+" more than once")
	case n == 1:
		want, err := hex.DecodeString(hash)
		sum := sha256.Sum256(m.Body)
		if err != nil || subtle.ConstantTimeCompare(sum[:], want) != 1 {
			return nil, refuse(SignatureMismatch, "the body does not match the "+bodyHashParam+" in the URL")
		}
		return nil, nil
	case isForm(m):
		return sortedForm(m.Body)
	case len(m.Body) > 0:
		return nil, refuse(UnsignedBody, "the body is not a form, and the URL has no "+bodyHashParam)
	}
	return nil, nil
}

// isForm goes by the content type; without one, a body is a form unless it begins like JSON.
func isForm(m *Message) bool {
	kind, _ := headerValue(m.Header, "Content-Type")
	kind, _, _ = strings.Cut(kind, ";")
	if kind == "" {
		return !bytes.HasPrefix(bytes.TrimSpace(m.Body), []byte("{")) && !bytes.HasPrefix(bytes.TrimSpace(m.Body), []byte("["))
	}
	return strings.EqualFold(strings.TrimSpace(kind), "application/x-www-form-urlencoded")
}

// sortedForm returns the fields of a form as Twilio signs them.
func sortedForm(body []byte) ([]byte, error) {
	form := make(map[string][]string)
	for pair := range bytes.SplitSeq(body, []byte("&")) {
		if len(pair) == 0 {
			continue
		}
		name, value, _ := strings.Cut(string(pair), "=")
		name, nameErr := url.QueryUnescape(name)
		value, valueErr := url.QueryUnescape(value)
		if nameErr != nil || valueErr != nil {
			return nil, refuse(MalformedBody, "the body is not a well-formed form")
		}
		form[name] = append(form[name], value)
	}
	var out []byte
	for _, name := range slices.Sorted(maps.Keys(form)) {
		values := form[name]
		slices.Sort(values)
		for _, value := range slices.Compact(values) {
			out = append(append(out, name...), value...)
		}
	}
	return out, nil
}

// splitURL cuts a URL around its query without touching a byte: what Twilio signs is the text, and parsing it and
// putting it together again would change escapes.
func splitURL(u string) (before, query, fragment string) {
	u, fragment, found := strings.Cut(u, "#")
	if found {
		fragment = "#" + fragment
	}
	before, query, _ = strings.Cut(u, "?")
	return before, query, fragment
}

// queryValue returns the value of a query parameter as it is written, and how often it is there.
func queryValue(u, name string) (value string, n int) {
	_, query, _ := splitURL(u)
	for pair := range strings.SplitSeq(query, "&") {
		if k, v, _ := strings.Cut(pair, "="); k == name {
			value, n = v, n+1
		}
	}
	return value, n
}

// withBodyHash puts the hash of a body at the end of the URL's query, in the place of one that is there.
func withBodyHash(u string, body []byte) string {
	before, query, fragment := splitURL(u)
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

// portVariants returns a URL as it is, without its port and, when it has none, with the default one.
func portVariants(u string) []string {
	scheme, rest, ok := strings.Cut(u, "://")
	if !ok {
		return []string{u}
	}
	end := endOf(rest, "/?#")
	host, tail := rest[:end], rest[end:]
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') && i > strings.LastIndexByte(host, '@') {
		return []string{u, scheme + "://" + host[:i] + tail}
	}
	port := ":443"
	if strings.EqualFold(scheme, "http") {
		port = ":80"
	}
	return []string{u, scheme + "://" + host + port + tail}
}
