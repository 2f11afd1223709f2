// Package httpsig reads HTTP message signatures (RFC 9421). It computes none: it returns the signed bytes and their
// parameters, and checks the digest of a body.
package httpsig

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/barbhq/barb/sign/field"
)

// MaxComponents is the largest number of components that one signature may cover.
const MaxComponents = 64

// The errors of Base and CheckDigest. Their texts hold nothing that a sender wrote.
var (
	ErrNoHeader   = errors.New("a signed header is missing, or also occurs in another spelling")
	ErrNoURL      = errors.New("the signature covers the URL as the sender knows it")
	ErrUnknown    = errors.New("the signature covers a component that barb does not know")
	ErrNoDigest   = errors.New("header Content-Digest is missing, or is not a dictionary of structured fields")
	ErrDigest     = errors.New("the body does not match its Content-Digest")
	ErrWeakDigest = errors.New("header Content-Digest has neither sha-256 nor sha-512")
)

// Request is a request to be signed or verified.
type Request struct {
	Method string
	URL    string // absolute, as the sender knows it; "" when unknown
	Header http.Header
}

// Signature is one labelled signature of a request with its components and parameters.
type Signature struct {
	Components []string // such as "@method", "content-digest"
	Params     string   // the value of @signature-params as received
	Alg        string   // "" when the parameters do not name it
	Created    string   // as written
	Expires    string   // as written
	Value      []byte
}

// Base returns the signed bytes (RFC 9421 section 2.5). The error is ErrNoHeader, ErrNoURL or ErrUnknown.
func (r *Request) Base(components []string, params string) ([]byte, error) {
	var out []byte
	for _, name := range components {
		value, err := r.component(name)
		if err != nil {
			return nil, err
		}
		out = append(out, `"`+name+`": `+value+"\n"...)
	}
	return append(out, `"@signature-params": `+params...), nil
}

// component returns the value of a component (sections 2.1 and 2.2).
func (r *Request) component(name string) (string, error) {
	if name == "@method" {
		return r.Method, nil
	}
	if !strings.HasPrefix(name, "@") {
		value, ok := field.Combined(r.Header, name)
		if !ok {
			return "", ErrNoHeader
		}
		return value, nil
	}
	if r.URL == "" {
		return "", ErrNoURL
	}
	before, query, _ := field.SplitURL(r.URL)
	scheme, rest, _ := strings.Cut(before, "://")
	scheme = strings.ToLower(scheme)
	authority, _, _ := strings.Cut(strings.ToLower(rest), "/")
	switch name {
	case "@target-uri":
		target, _, _ := strings.Cut(r.URL, "#")
		return target, nil
	case "@authority":
		if port := map[string]string{"http": ":80", "https": ":443"}[scheme]; port != "" {
			authority = strings.TrimSuffix(authority, port)
		}
		return authority, nil
	case "@scheme":
		return scheme, nil
	case "@path":
		return field.Path(r.URL), nil
	case "@query":
		return "?" + query, nil
	case "@request-target":
		target := field.Path(r.URL)
		if query != "" {
			target += "?" + query
		}
		return target, nil
	}
	return "", ErrUnknown
}

// Uncovered returns a component that must be signed and is not, "" for none: the receiver's own list, or else the
// method, the target and the body. When the request has a query, signing the path alone does not cover the target.
func (s *Signature) Uncovered(url string, hasBody bool, asked []string) string {
	covers := func(name string) bool { return slices.Contains(s.Components, name) }
	if len(asked) > 0 {
		if i := slices.IndexFunc(asked, func(name string) bool { return !covers(name) }); i >= 0 {
			return asked[i] // from the receiver's list, not from the sender
		}
		return ""
	}
	_, query, _ := field.SplitURL(url)
	switch {
	case !covers("@method"):
		return "@method"
	case covers("@target-uri") || covers("@request-target"):
	case !covers("@path"):
		return "@target-uri, @request-target or @path"
	case query != "" && !covers("@query"):
		return "@query, and the request has one"
	}
	if hasBody && !covers("content-digest") {
		return "content-digest, and the request has a body"
	}
	return ""
}

// CheckDigest compares a body with its Content-Digest (RFC 9530). Every digest of a known algorithm must match, and
// there must be one. The error is ErrNoDigest, ErrDigest or ErrWeakDigest.
func CheckDigest(h http.Header, body []byte) error {
	text, found := field.Combined(h, "Content-Digest")
	digests, _, ok := Dictionary(text)
	if !found || !ok {
		return ErrNoDigest
	}
	known := 0
	for _, d := range digests {
		want, decoded := readBytes(d.Value)
		var sum []byte
		switch d.Name {
		case "sha-256":
			a := sha256.Sum256(body)
			sum = a[:]
		case "sha-512":
			a := sha512.Sum512(body)
			sum = a[:]
		default:
			continue
		}
		known++
		if !decoded || subtle.ConstantTimeCompare(want, sum) != 1 {
			return ErrDigest
		}
	}
	if known == 0 {
		return ErrWeakDigest
	}
	return nil
}
