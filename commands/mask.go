package commands

import (
	"bytes"
	"slices"
	"strings"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/record"
)

// masked stands in the history for a secret that travelled in a header.
const masked = "[secret]"

// withoutSecrets is the exchange as the history may keep it. A token scheme sends the secret itself as a header; what
// barb was told is a secret never reaches the history, so its value is replaced there. Nearly always nothing is found
// and x itself is returned; else a copy, whose request no longer claims to be exact.
func withoutSecrets(x *record.Exchange, secrets []sign.Secret) *record.Exchange {
	found := false
	for _, secret := range secrets {
		found = found || carries(x.Request.Header, secret.Key)
	}
	if !found {
		return x
	}
	kept := *x
	kept.Request.Header = append(record.Header(nil), x.Request.Header...)
	for _, secret := range secrets {
		for i, f := range kept.Request.Header {
			kept.Request.Header[i].Value = strings.ReplaceAll(f.Value, string(secret.Key), masked)
		}
		kept.Request.Head = strings.ReplaceAll(kept.Request.Head, string(secret.Key), masked)
	}
	return &kept
}

func carries(h record.Header, key []byte) bool {
	for _, f := range h {
		if len(f.Value) >= len(key) && bytes.Contains([]byte(f.Value), key) {
			return true
		}
	}
	return false
}

// isMasked reports whether the history kept the mask in place of a secret.
func isMasked(h record.Header) bool {
	return slices.ContainsFunc(h, func(f record.Field) bool { return strings.Contains(f.Value, masked) })
}
