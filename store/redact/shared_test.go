package redact_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// What leaves the machine is without credentials, and what the history had masked can still be put back.
func TestWhatIsSharedIsWithoutCredentialsAndCanBePutTogether(t *testing.T) {
	secret := sign.Secret{Name: "env:TOKEN", Key: []byte("glpat-0123456789abcdef")}
	r := redact.New(catalog.Lookup, []sign.Secret{secret}, nil)
	key := string(secret.Key)
	url := "http://h/in?a=" + key + "&access_token=alpha-1&b=" + key + "&token=beta-22&c=" + key
	x := &record.Exchange{Kind: record.Received, Scheme: "gitlab", Ended: true,
		Verdict: record.Verdict{Status: record.Valid, Secret: "env:TOKEN"},
		Request: record.Request{Method: "POST", URL: url, Target: strings.TrimPrefix(url, "http://h"), Proto: "HTTP/1.1",
			Header: record.Header{{Name: "Host", Value: "h"}, {Name: "X-Gitlab-Token", Value: key},
				{Name: "Authorization", Value: "Bearer delta-4444"}, {Name: "Cookie", Value: "session=epsilon"}},
			Body: []byte(`{"token_of_ours":"` + key + `"}`)},
		Response: &record.Response{Status: 200, Header: record.Header{{Name: "Set-Cookie", Value: "sid=zeta-6"}}}}
	stored := r.Redact(x)
	shared, without := r.Shared(stored)
	want := []string{"header Authorization", "header Cookie", "query access_token", "query token"}
	for _, name := range want {
		if !slices.Contains(without, name) {
			t.Errorf("%q is not among %q", name, without)
		}
	}
	if slices.Contains(without, "header X-Gitlab-Token") {
		t.Errorf("the history does not have what %q names", without)
	}
	h := shared.Request.Header
	text := shared.Request.URL + shared.Request.Target + h.Get("Authorization") + h.Get("Cookie") +
		h.Get("X-Gitlab-Token") + string(shared.Request.Body) + shared.Response.Header.Get("Set-Cookie")
	for _, piece := range []string{key, "alpha-1", "beta-22", "delta-4444", "epsilon", "zeta-6"} {
		if strings.Contains(text, piece) {
			t.Errorf("%q is in %s", piece, text)
		}
	}
	back, missing := r.Restore(shared)
	if len(missing) != 0 { // the pieces are still in the masks here; a file does not have them
		t.Errorf("missing %v", missing)
	}
	if back.Request.URL != url || back.Request.Header.Get("X-Gitlab-Token") != key ||
		back.Request.Header.Get("Authorization") != "Bearer delta-4444" {
		t.Errorf("put together: %s %v", back.Request.URL, back.Request.Header)
	}
	for i := range shared.Masks { // as in a file
		shared.Masks[i].Piece = ""
	}
	back, missing = r.Restore(shared)
	if got := strings.Count(back.Request.URL, key); got != 3 || len(missing) != 6 {
		t.Errorf("%s, missing %q", back.Request.URL, redact.Names(missing))
	}
	bare := &record.Exchange{Request: record.Request{URL: "http://h/"}}
	if clean, without := r.Shared(bare); without != nil || clean != bare {
		t.Errorf("a webhook without credentials: %q", without)
	}
}
