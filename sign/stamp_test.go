package sign_test

import (
	"net/http"
	"testing"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
)

func TestStampIsTheTimestampAsItIsWritten(t *testing.T) {
	for name, c := range map[string]struct {
		header, value, want string
	}{
		"standard-webhooks": {"webhook-timestamp", "1700000000", "1700000000"},
		"stripe":            {"Stripe-Signature", "t=1700000001,v1=ab,v0=cd", "1700000001"},
		"twitch":            {"Twitch-Eventsub-Message-Timestamp", "2026-01-20T12:00:00.5Z", "2026-01-20T12:00:00.5Z"},
		"github":            {"X-Hub-Signature-256", "sha256=ab", ""},
	} {
		scheme, ok := catalog.Lookup(name)
		if !ok {
			t.Fatal(name)
		}
		m := sign.Message{Header: http.Header{}}
		m.Header.Set(c.header, c.value)
		if got := scheme.Stamp(m); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if got := scheme.Stamp(sign.Message{Header: http.Header{}}); got != "" {
			t.Errorf("%s: %q of an empty message", name, got)
		}
	}
}
