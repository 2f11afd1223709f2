package sign_test

import (
	"bytes"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
)

var hexDigits = regexp.MustCompile(`[0-9a-f]{32,}`)

// respellings write a signature in another way that Verify reads.
var respellings = map[sign.Spelling]func(value string) string{
	sign.UpperCase: func(v string) string { return hexDigits.ReplaceAllStringFunc(v, strings.ToUpper) },
	sign.Blanks: func(v string) string {
		if strings.Contains(v, ", ") {
			return strings.ReplaceAll(v, ", ", ",")
		}
		return strings.NewReplacer(",", ", ", ";", "; ").Replace(v)
	},
	sign.SchemeCase: func(v string) string { return strings.ToLower(v[:6]) + v[6:] },
}

// respell returns a message whose signature is written in another way.
func respell(t *testing.T, s sign.Scheme, m sign.Message, spelling sign.Spelling) sign.Message {
	t.Helper()
	value := s.Signature(m)
	odd := respellings[spelling](value)
	if odd == value {
		t.Fatalf("%s: %q has no other spelling", s.Name, value)
	}
	if !s.InBody() {
		return with(m, s.Header, odd)
	}
	if strings.HasPrefix(s.Header, "form:") {
		value, odd = url.QueryEscape(value), url.QueryEscape(odd)
	}
	if bytes.Count(m.Body, []byte(value)) != 1 {
		t.Fatalf("%s: %q does not stand once in %q", s.Name, value, m.Body)
	}
	m.Body = bytes.Replace(m.Body, []byte(value), []byte(odd), 1)
	return m
}

func TestASpellingThatTheProvidersSDKRefusesIsNamed(t *testing.T) {
	strict := 0
	for _, s := range catalog.All() {
		if s.Auth != sign.HMAC && s.Auth != sign.Digest && s.Auth != sign.Token || s.JWT != nil {
			continue
		}
		keys := newPair(s, 0)
		if s.Auth == sign.Token {
			keys.signing = text("user:a secret of the tests")
			keys.verifying = keys.signing
		}
		m := deliver(t, s, newMessage(s), keys.signing)
		match, err := s.Verify(m, at, keys.verifying)
		if err != nil || match.Spelling != "" {
			t.Errorf("%s as the provider writes it: %q, %v", s.Name, match.Spelling, err)
		}
		for spelling := range respellings {
			if !slices.Contains(s.Strict, spelling) {
				continue
			}
			strict++
			match, err = s.Verify(respell(t, s, m, spelling), at, keys.verifying)
			if err != nil || match.Spelling != spelling || spelling.Words() == "" {
				t.Errorf("%s in %s: %q, %v", s.Name, spelling, match.Spelling, err)
			}
		}
	}
	if strict < 30 {
		t.Errorf("only %d spellings are refused by an SDK", strict)
	}
	github, _ := catalog.Lookup("gitea")
	m := deliver(t, github, newMessage(github), newPair(github, 0).signing)
	if match, err := github.Verify(respell(t, github, m, sign.UpperCase), at, newPair(github, 0).verifying); err != nil ||
		match.Spelling != "" {
		t.Errorf("an SDK that reads upper case: %q, %v", match.Spelling, err)
	}
}

// What counts is the signature that matched, not another secret's beside it.
func TestOnlyTheSpellingOfTheMatchingSignatureCounts(t *testing.T) {
	s, _ := catalog.Lookup("stripe")
	first, second := newPair(s, 0), newPair(s, 1)
	m := deliver(t, s, newMessage(s), first.signing, second.signing)
	parts := strings.Split(s.Signature(m), ",v1=")
	m = with(m, s.Header, parts[0]+",v1="+strings.ToUpper(parts[1])+",v1="+parts[2])
	for secret, want := range map[*pair]sign.Spelling{&first: sign.UpperCase, &second: ""} {
		if match, err := s.Verify(m, at, secret.verifying); err != nil || match.Spelling != want {
			t.Errorf("%q, %v, want %q", match.Spelling, err, want)
		}
	}
	both := with(m, s.Header, s.Signature(m)+",v1="+parts[1])
	if match, err := s.Verify(both, at, first.verifying); err != nil || match.Spelling != "" {
		t.Errorf("written in both ways: %q, %v", match.Spelling, err)
	}
}
