package redact

import (
	"bytes"
	"strings"

	"github.com/barbhq/barb/store/record"
)

// isClean reports that mask finds nothing in an exchange. It may say yes only where secrets are searched for as they
// are and nothing else is masked, which is usual for a webhook with a signature: each text is then looked through once.
// No says nothing.
func (f *finder) isClean(x *record.Exchange) bool {
	if f.unchecked || !f.onlyPlain || len(f.whole)+len(f.own) > 0 {
		return false
	}
	for _, k := range f.secrets {
		r := &x.Request
		if k.mayBeIn(r.Head) || k.mayBeIn(r.Target) || k.mayBeIn(r.URL) || k.mayBeIn(r.Chunks) ||
			k.mayBeInFields(r.Header) || k.mayBeInFields(r.Trailer) || k.mayBeInBody(r.Body) {
			return false
		}
		if a := x.Response; a != nil && (k.mayBeIn(a.Head) || k.mayBeInFields(a.Header) || k.mayBeInBody(a.Body)) {
			return false
		}
	}
	return true
}

// mayBeIn reports whether a text may hold the secret in the plain style.
func (k *known) mayBeIn(text string) bool {
	for _, head := range k.heads {
		if len(head) <= len(text) && strings.Contains(text, head) {
			return true
		}
	}
	return false
}

func (k *known) mayBeInFields(fields record.Header) bool {
	for i := range fields {
		if k.mayBeIn(fields[i].Value) {
			return true
		}
	}
	return false
}

// mayBeInBody is mayBeIn without a copy of the body.
func (k *known) mayBeInBody(body []byte) bool {
	for _, head := range k.bytes {
		if len(head) <= len(body) && bytes.Contains(body, head) {
			return true
		}
	}
	return false
}
