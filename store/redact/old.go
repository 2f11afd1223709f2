package redact

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
)

// RestoreOld puts a secret back into a request of a token scheme whose masks were not noted: the histories of barb up to
// schema 7. ok is false where it is not certain what was replaced: the request has more than one placeholder, or the secret
// can be written in several ways there that fit the length of the body.
func RestoreOld(x *record.Exchange, scheme sign.Scheme, secret sign.Secret) (came *record.Exchange, ok bool) {
	came = own(x)
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
	with, ok := oldWriting(r, carrier.kind, scheme.Enc, string(secret.Key))
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

// oldWriting is the one way in which a secret can have been written at its place.
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
		_ = e.Encode(key) // as it was encoded a moment ago
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
