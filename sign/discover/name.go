package discover

import (
	"slices"
	"strings"
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
)

// nameFor returns an unused name for a scheme, taken from the place of its signature: acme for X-Acme-Signature.
func (s *search) nameFor(p sign.Place) string {
	_, path, _ := strings.Cut(strings.ToLower(string(p)), ":")
	words := strings.FieldsFunc(path, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	words = slices.DeleteFunc(words, isCommonWord)
	name := strings.Join(words, "-")
	if name == "" || len(name) > 40 {
		name = "found"
	}
	for s.taken(name) {
		name = "my-" + name
	}
	return name
}

func (s *search) taken(name string) bool {
	_, ours := catalog.Lookup(name)
	return ours || name == "auto" || slices.ContainsFunc(s.Known, func(k sign.Scheme) bool { return k.Name == name })
}

// isCommonWord reports whether a word says nothing about the owner of a header.
func isCommonWord(word string) bool {
	switch strings.TrimRight(word, "0123456789") {
	case "", "x", "v", "sig", "sign", "signature", "signed", "hmac", "sha", "md", "hash", "digest", "webhook", "webhooks",
		"hook", "hub",
		"event", "request", "header", "token", "auth", "authorization", "hmacsha", "hmacsignature", "primary", "hex", "mac":
		return true
	}
	return false
}

// compare finds the known schemes that are equal or similar to the found one.
func (s *search) compare() {
	c := s.result.Scheme
	for _, k := range s.Known {
		if k.Code != "" || k.Auth != c.Auth {
			continue
		}
		if s.verifies(k) {
			s.result.Same = append(s.result.Same, k.Name)
		} else if alike(&c, &k) && s.verifies(withPlacesOf(k, &c)) {
			s.result.Like = append(s.result.Like, k.Name)
		}
	}
}

// verifies reports whether a scheme accepts the message, whatever its age. It ignores secrets that the scheme
// cannot read.
func (s *search) verifies(k sign.Scheme) bool {
	k = timeless(k)
	for _, secret := range s.Secrets {
		if k.CheckSecret(secret, false) != nil {
			continue
		}
		if _, err := k.Verify(s.Message, time.Time{}, secret); err == nil {
			return true
		}
	}
	return false
}

// alike reports whether two schemes compute the same signature from the same bytes.
func alike(a, b *sign.Scheme) bool {
	return a.Auth != sign.Token && a.Hash == b.Hash && a.Enc == b.Enc && a.Content == b.Content && a.Prefix == b.Prefix &&
		a.Time.Key == b.Time.Key && a.Time.Unit == b.Time.Unit
}

// withPlacesOf returns a known scheme with the places of the found one.
func withPlacesOf(k sign.Scheme, c *sign.Scheme) sign.Scheme {
	k.Header, k.Alt, k.Stronger, k.Time.In, k.IDIn = c.Header, nil, "", c.Time.In, c.IDIn
	return k
}
