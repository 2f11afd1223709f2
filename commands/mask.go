package commands

import (
	"slices"
	"strings"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
)

// masked stands in the history for a secret that travelled as a header.
const masked = "[secret]"

// minMasked is how long a secret must be to be looked for outside its own header: a shorter one is a word that stands in
// many places by chance.
const minMasked = 8

// withoutSecrets is the exchange as it may be kept and shown. A token scheme sends the secret itself, and what barb was
// told is a secret never reaches the history: it is replaced in the scheme's header and, where an endpoint echoes it or
// a sender has it in the URL, there too. Every other scheme's exchange is returned as it is.
func withoutSecrets(x *record.Exchange, secrets []sign.Secret) *record.Exchange {
	if len(secrets) == 0 || x.Scheme == "" {
		return x
	}
	scheme, ok := sign.Lookup(x.Scheme)
	if !ok || scheme.Auth != sign.Token {
		return x
	}
	kept := *x
	for _, secret := range secrets {
		key := string(secret.Key)
		mask := func(s string) string {
			if len(key) < minMasked {
				return s
			}
			return strings.ReplaceAll(s, key, masked)
		}
		maskRequest(&kept.Request, scheme.Header, key, mask)
		if kept.Response != nil {
			response := *kept.Response
			response.Header, response.Head = maskHeader(response.Header, mask), mask(response.Head)
			response.Body = []byte(mask(string(response.Body)))
			kept.Response = &response
		}
	}
	return &kept
}

func maskRequest(r *record.Request, own, key string, mask func(string) string) {
	r.URL, r.Target, r.Header = mask(r.URL), mask(r.Target), maskHeader(r.Header, mask)
	for i, f := range r.Header {
		if strings.EqualFold(f.Name, own) && strings.Contains(f.Value, key) {
			r.Header[i].Value = strings.ReplaceAll(f.Value, key, masked)
			r.Head = strings.ReplaceAll(r.Head, f.Name+": "+f.Value+"\r\n", f.Name+": "+r.Header[i].Value+"\r\n")
		}
	}
	r.Head = mask(r.Head)
}

func maskHeader(h record.Header, mask func(string) string) record.Header {
	h = slices.Clone(h)
	for i, f := range h {
		h[i].Value = mask(f.Value)
	}
	return h
}

// isMasked reports whether the history kept the mask in place of the exchange's secret.
func isMasked(x *record.Exchange) bool {
	scheme, ok := sign.Lookup(x.Scheme)
	return ok && scheme.Auth == sign.Token && strings.Contains(x.Request.Header.Get(scheme.Header), masked)
}
