package conformance

import (
	"bytes"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// sample is a provider's webhook. It is in testdata/samples.json, where most providers share the default. The time
// 1700000000 in a body stands for the time of signing, in seconds or milliseconds.
type sample struct {
	URL     string            `json:"url"`
	Headers []field           `json:"headers"` // headers that its SDK reads besides the signature
	Params  map[string]string `json:"params"`
	Secrets []string          `json:"secrets"` // two secrets; the second is also the wrong one
	Key     string            `json:"key"`     // kind and form of the key pair, "ed25519 hex32"; then there are no secrets
	Body    string            `json:"body"`
	Raw     string            `json:"raw"`         // a body that changes when it is parsed and written again
	Rotates bool              `json:"two_secrets"` // a message can carry the signatures of two secrets
	Expires bool              `json:"expires"`     // a message carries its own end of validity
	Tamper  []string          `json:"tamper"`      // old and new, where only some fields are signed
	Also    []sample          `json:"also"`        // further kinds of messages, signed in another way
}

// samples returns a function that returns a provider's sample.
func samples(t *testing.T) func(provider string) sample {
	t.Helper()
	text, err := os.ReadFile("testdata/samples.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Default   sample
		Providers map[string]sample
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		t.Fatalf("testdata/samples.json: %v", err)
	}
	return func(provider string) sample { return file.Providers[provider].over(file.Default) }
}

// over returns s with missing values from base. A sample with its own body does not inherit Raw.
func (s sample) over(base sample) sample {
	if s.URL == "" {
		s.URL = base.URL
	}
	if s.Headers == nil {
		s.Headers = base.Headers
	}
	if s.Params == nil {
		s.Params = base.Params
	}
	if s.Secrets == nil && s.Key == "" {
		s.Secrets = base.Secrets
	}
	if s.Body == "" {
		s.Body, s.Raw = base.Body, base.Raw
	}
	return s
}

// at writes the time of signing into a body.
func at(body string, when time.Time) []byte {
	body = strings.ReplaceAll(body, "1700000000000", strconv.FormatInt(when.UnixMilli(), 10))
	return []byte(strings.ReplaceAll(body, "1700000000", strconv.FormatInt(when.Unix(), 10)))
}

// tampered returns the body with a change in a signed part, and still valid in form, so that an SDK can refuse it only
// for its signature.
func (s sample) tampered(t *testing.T, body []byte) []byte {
	t.Helper()
	var changed []byte
	switch {
	case s.Tamper != nil:
		changed = bytes.Replace(body, []byte(s.Tamper[0]), []byte(s.Tamper[1]), 1)
	case bytes.ContainsRune(body, '{'):
		changed = bytes.Replace(body, []byte("{"), []byte(`{"tampered":1,`), 1)
	default:
		changed = append(bytes.Clone(body), "&Tampered=1"...)
	}
	if bytes.Equal(changed, body) {
		t.Fatalf("nothing to tamper with in %s", body)
	}
	return changed
}
