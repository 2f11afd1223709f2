package redact

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
)

// RestoreOld restores the secret in an exchange masked by barb before schema 8, if the original is certain: the request
// has one placeholder, and only one spelling of the secret has the original length. Any other exchange is returned as
// it is.
func (r *Redactor) RestoreOld(x *record.Exchange) (*record.Exchange, error) {
	if !r.IsMaskedOld(x) {
		return x, nil
	}
	secrets := r.known()
	i := slices.IndexFunc(secrets, func(k *known) bool { return k.ref == x.Verdict.Secret })
	if i < 0 {
		return nil, fmt.Errorf("it came with secret %s, which the history does not store and this barb was not given",
			x.Verdict.Secret)
	}
	scheme, _ := r.scheme(x.Scheme)
	came, ok := restoreOld(x, scheme, secrets[i].key)
	if !ok {
		return nil, errors.New("it came with the secret, and an older barb did not record where; barb replay signs it again")
	}
	return came, nil
}

// restoreOld restores the key in a request of a token scheme. ok is false where the request has several placeholders,
// or several spellings of the key fit the length of the body.
func restoreOld(x *record.Exchange, scheme sign.Scheme, key string) (came *record.Exchange, ok bool) {
	came = copyOf(x)
	r := &came.Request
	carrier := schemePlace(scheme.Header)
	count := strings.Count(string(r.Body), Placeholder)
	for _, f := range append(slices.Clone(r.Header), r.Trailer...) {
		count += strings.Count(f.Value, Placeholder)
	}
	inURL := strings.Count(r.URL, Placeholder)
	if count+inURL != 1 {
		return nil, false
	}
	with, ok := oldWriting(r, carrier.kind, scheme.Enc, key)
	if !ok {
		return nil, false
	}
	put := func(text string) string { return strings.Replace(text, Placeholder, with, 1) }
	for i := range r.Header {
		r.Header[i].Value = put(r.Header[i].Value)
	}
	r.Head, r.URL, r.Target, r.Body = put(r.Head), put(r.URL), put(r.Target), []byte(put(string(r.Body)))
	return came, true
}

// oldWriting returns the only possible spelling of a secret at its place.
func oldWriting(r *record.Request, kind string, enc sign.Encoding, key string) (string, bool) {
	if enc == sign.Base64 {
		key = base64.StdEncoding.EncodeToString([]byte(key))
	}
	ways := []string{key}
	switch kind {
	case "json":
		escaped, err := json.Marshal(key)
		if err != nil {
			return "", false
		}
		var plain strings.Builder
		e := json.NewEncoder(&plain)
		e.SetEscapeHTML(false)
		_ = e.Encode(key) // encoded successfully before
		ways = []string{string(escaped[1 : len(escaped)-1]), plain.String()[1 : plain.Len()-2]}
	case "form", "query":
		ways = []string{url.QueryEscape(key), url.PathEscape(key)}
	}
	slices.Sort(ways)
	ways = slices.Compact(ways)
	if length, err := strconv.Atoi(r.Header.Get("Content-Length")); err == nil && kind != "header" && kind != "query" {
		ways = slices.DeleteFunc(ways, func(way string) bool { return len(r.Body)-len(Placeholder)+len(way) != length })
	}
	if len(ways) != 1 {
		return "", false
	}
	return ways[0], true
}
