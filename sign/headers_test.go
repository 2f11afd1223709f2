package sign_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/sign/proof"
)

// altered is a value that differs and still reads as a time or an id: its last digit is another, or else it is longer.
func altered(value string) string {
	i := strings.LastIndexAny(value, "012345678")
	if i < 0 {
		return value + "x"
	}
	return value[:i] + string(value[i]+1) + value[i+1:]
}

// TestASignedHeaderIsOneThatCannotBeChanged changes each header of every valid vector: the signature still matches
// where the header is not named as signed, and does not where it is.
func TestASignedHeaderIsOneThatCannotBeChanged(t *testing.T) {
	t.Parallel()
	signed := 0
	for _, s := range catalog.All() {
		for _, v := range vectors(t, s.Name) {
			if v.Expected != "valid" {
				continue
			}
			m := v.message()
			names, carriers := proof.SignedHeaders(s, m), proof.Carriers(s)
			for name := range m.Header {
				low := strings.ToLower(name)
				if slices.Contains(carriers, low) || low == "content-type" { // by which a form is read
					continue
				}
				other := m
				other.Header = m.Header.Clone()
				other.Header.Set(name, altered(m.Header.Get(name)))
				_, err := s.Verify(other, time.Unix(v.Now, 0), v.secrets()...)
				if is := slices.Contains(names, low); is != (err != nil) {
					t.Errorf("%s/%s: %s is signed: %v; with another value: %v", s.Name, v.Case, name, is, err)
				} else if is {
					signed++
				}
			}
		}
	}
	if signed < 100 {
		t.Errorf("only %d signed headers were changed", signed)
	}
}

func TestWhatCarriesASignatureIsNotSigned(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"stripe": "stripe-signature",
		"sendgrid": "x-twilio-email-event-webhook-signature", "rfc9421": "signature signature-input", "braintree": ""} {
		s, _ := catalog.Lookup(name)
		if got := strings.Join(proof.Carriers(s), " "); got != want {
			t.Errorf("%s: %q", name, got)
		}
		if got := proof.SignedHeaders(s, sign.Message{}); len(got) != 0 {
			t.Errorf("%s: a message without headers: %q", name, got)
		}
	}
}
