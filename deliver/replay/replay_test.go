package replay_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/deliver/fixture"
	"github.com/barbhq/barb/deliver/payload"
	"github.com/barbhq/barb/deliver/replay"
	"github.com/barbhq/barb/deliver/signer"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

const (
	token  = "the token of gitlab"
	target = "http://localhost:3000/app"
)

var now = time.Date(2026, 1, 20, 14, 32, 0, 0, time.UTC)

// plan returns a plan that knows some secrets, of histories without a queue.
func plan(secrets ...string) *replay.Plan {
	var known []sign.Secret
	for _, key := range secrets {
		known = append(known, sign.Secret{Name: "env:SECRET", Key: []byte(key)})
	}
	return &replay.Plan{Redactor: redact.New(catalog.Lookup, known, nil), Lookup: catalog.Lookup,
		Pieces: func(context.Context, *record.Exchange) error { return nil }, Values: fixture.Values{Seed: 7, Now: now}}
}

func signs(t *testing.T, scheme, key string) *signer.Signer {
	t.Helper()
	s, ok := catalog.Lookup(scheme)
	if !ok {
		t.Fatal(scheme)
	}
	return &signer.Signer{Scheme: s, Secrets: []sign.Secret{{Name: "env:SECRET", Key: []byte(key)}}}
}

// received is a webhook as it came to a listener.
func received() *record.Exchange {
	head := "POST /in?a=1 HTTP/1.1\r\nhost: hooks.example\r\nX-Gitlab-Token: " + token + "\r\n\r\n"
	return &record.Exchange{ID: 42, Kind: record.Received, WebhookID: "id_1", EventType: "Push Hook", Scheme: "gitlab",
		Verdict: record.Verdict{Status: record.Valid, Secret: "env:SECRET"},
		Request: record.Request{Method: "POST", URL: "http://hooks.example/in?a=1", Target: "/in?a=1", Proto: "HTTP/1.1",
			Head: head,
			Header: record.Header{{Name: "host", Value: "hooks.example"}, {Name: "X-Gitlab-Token", Value: token},
				{Name: "Content-Type", Value: "application/json"}, {Name: "Content-Length", Value: "9"}},
			Body: []byte(`{"n": 1 }`)}}
}

// stored is what the history keeps of an exchange: the masked pieces themselves are not there.
func stored(kept *record.Exchange) *record.Exchange {
	for i := range kept.Masks {
		kept.Masks[i].Piece = ""
	}
	return kept
}

func TestAReplayKeepsIDThreadAndBytes(t *testing.T) {
	t.Parallel()
	x, err := plan().Exchange(t.Context(), received(), target, &signer.Signer{}, now)
	if err != nil {
		t.Fatal(err)
	}
	if x.Kind != record.Sent || x.Thread != 42 || x.WebhookID != "id_1" || x.EventType != "Push Hook" ||
		x.Scheme != "gitlab" {
		t.Errorf("%+v", x)
	}
	r := x.Request
	if r.URL != target+"?a=1" || string(r.Body) != `{"n": 1 }` || r.Header.Get("X-Gitlab-Token") != token ||
		r.Header.Has("X-Forwarded-Host") {
		t.Errorf("%+v", r)
	}
}

func TestWhatGoesWhereItWasSentStaysAsItIs(t *testing.T) {
	t.Parallel()
	captured := received()
	captured.Request.Header = append(captured.Request.Header, record.Field{Name: "Transfer-Encoding", Value: "chunked"})
	x, err := plan().Exchange(t.Context(), captured, captured.Request.URL, &signer.Signer{}, now)
	want := captured.Request
	want.Head, want.Header = "", want.Header.Without("Transfer-Encoding")
	if diff := cmp.Diff(want, x.Request); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
}

func TestExactlyTheBytesThatCame(t *testing.T) {
	t.Parallel()
	p := plan()
	p.Exact = true
	captured := received()
	for to, line := range map[string]string{"http://localhost:3000": "POST /in?a=1 HTTP/1.1\r\n",
		target: "POST /app?a=1 HTTP/1.1\r\n"} {
		x, err := p.Exchange(t.Context(), captured, to, &signer.Signer{}, now)
		_, fields, _ := strings.Cut(captured.Request.Head, "\r\n")
		if err != nil || !strings.HasPrefix(x.Request.URL, to) || x.Request.Head != line+fields {
			t.Errorf("%s: %q, %v", to, x.Request.Head, err)
		}
	}
}

func TestAnAddressThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	_, err := plan().Exchange(t.Context(), received(), "http://local host\x00", &signer.Signer{}, now)
	if wrong, ok := errors.AsType[*replay.TargetError](err); !ok || err.Error() != errors.Unwrap(wrong).Error() {
		t.Errorf("%v", err)
	}
}

func TestNewIDsAndHeaders(t *testing.T) {
	t.Parallel()
	p := plan()
	p.NewID, p.Header = true, record.Header{{Name: "x-gitlab-token", Value: "another"}, {Name: "X-New", Value: "1"}}
	x, err := p.Exchange(t.Context(), received(), target, &signer.Signer{}, now)
	if err != nil || !strings.HasPrefix(x.WebhookID, "msg_") {
		t.Errorf("%+v, %v", x, err)
	}
	if h := x.Request.Header; h.Get("X-Gitlab-Token") != "another" || h.Get("X-New") != "1" {
		t.Errorf("%+v", h)
	}
}

func TestChangesAreNumberedAndNamedByThePayload(t *testing.T) {
	t.Parallel()
	p := plan()
	for _, text := range []string{"id=evt_{{seq}}", "type=a.b"} {
		c, err := payload.ParseChange(text)
		if err != nil {
			t.Fatal(err)
		}
		p.Changes = append(p.Changes, c)
	}
	stripe := signs(t, "stripe", "whsec_"+strings.Repeat("x", 32))
	captured := received()
	captured.Request.Chunks = "3,6"
	for i, want := range []string{"evt_1", "evt_2", "evt_1"} { // the third is the first once more
		captured.ID = 42 + int64(i%2)
		x, err := p.Exchange(t.Context(), captured, target, stripe, now)
		if err != nil || x.WebhookID != want || x.EventType != "a.b" || x.Request.Header.Has("Content-Length") ||
			x.Request.Chunks != "" {
			t.Errorf("%+v, %v", x, err)
		}
	}
	captured.Request.Header = captured.Request.Header.Set("Content-Type", "image/png")
	captured.Request.Body = []byte("\xff")
	if _, err := p.Exchange(t.Context(), captured, target, stripe, now); err == nil {
		t.Error("a picture was changed")
	}
}

// What was checked is what is sent: the editor opens once.
func TestAnEditedPayloadIsEditedOnce(t *testing.T) {
	t.Parallel()
	p, times := plan(), 0
	p.Edit = func(body []byte, contentType string) ([]byte, error) {
		if times++; string(body) != `{"n": 1 }` || contentType != "application/json" {
			t.Errorf("%q of type %s", body, contentType)
		}
		return []byte("by hand"), nil
	}
	for range 2 {
		x, err := p.Exchange(t.Context(), received(), target, &signer.Signer{}, now)
		if err != nil || string(x.Request.Body) != "by hand" || x.WebhookID != "id_1" {
			t.Errorf("%+v, %v", x, err)
		}
	}
	if times != 1 {
		t.Errorf("edited %d times", times)
	}
	left := errors.New("left empty")
	p = plan()
	p.Edit = func([]byte, string) ([]byte, error) { return nil, left }
	if _, err := p.Exchange(t.Context(), received(), target, &signer.Signer{}, now); !errors.Is(err, left) {
		t.Errorf("%v", err)
	}
}

func TestMaskedSecretsArePutBackOrSignedAnew(t *testing.T) {
	t.Parallel()
	knows := plan(token)
	kept := stored(knows.Redactor.Keep(received(), false))
	if strings.Contains(kept.Request.Head, token) || !knows.Redactor.IsMasked(kept) {
		t.Fatalf("%+v", kept)
	}
	x, err := knows.Exchange(t.Context(), kept, target, &signer.Signer{}, now)
	if err != nil || x.Request.Header.Get("X-Gitlab-Token") != token {
		t.Errorf("%+v, %v", x.Request.Header, err)
	}
	for name, p := range map[string]*replay.Plan{"as it is": plan(), "exactly": {Exact: true}} {
		p.Redactor, p.Lookup, p.Pieces = plan().Redactor, catalog.Lookup, plan().Pieces
		_, err = p.Exchange(t.Context(), kept, target, &signer.Signer{}, now)
		if masked, ok := errors.AsType[*replay.MaskedError](err); !ok || masked.ID != 42 || len(masked.Missing) == 0 ||
			err.Error() == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := plan().Exchange(t.Context(), kept, target, signs(t, "gitlab", "a new token"), now); err != nil {
		t.Errorf("what is signed anew needs no old signature: %v", err)
	}
	broken := plan()
	broken.Pieces = func(context.Context, *record.Exchange) error { return context.DeadlineExceeded }
	if _, err := broken.Exchange(t.Context(), kept, target, &signer.Signer{}, now); !errors.Is(err,
		context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

func TestCredentialsOfUncheckedWebhooksAreGivenAnew(t *testing.T) {
	t.Parallel()
	p := plan()
	captured := received()
	captured.Scheme, captured.Verdict = "", record.Verdict{}
	captured.Request.Header = captured.Request.Header.Set("X-Gitlab-Token", "")
	captured.Request.Head = ""
	captured.Request.URL, captured.Request.Target = "http://hooks.example/in?token=abcdefghij&b=2",
		"/in?token=abcdefghij&b=2"
	captured.Request.Body = []byte(`{"password":"a long password"}`)
	kept := stored(p.Redactor.Keep(captured, true))
	if strings.Contains(kept.Request.URL, "abcdefghij") {
		t.Fatalf("%s", kept.Request.URL)
	}
	if _, err := p.Exchange(t.Context(), kept, kept.Request.URL, &signer.Signer{}, now); err == nil {
		t.Error("a placeholder was sent")
	}
	x, err := p.Exchange(t.Context(), kept, "http://localhost:3000/in?token=mine", &signer.Signer{}, now)
	if err != nil || strings.Contains(x.Request.URL, redact.Placeholder) || !strings.Contains(x.Request.URL,
		"token=mine") {
		t.Errorf("%s, %v", x.Request.URL, err)
	}
}

// A barb before schema 8 did not note where the secret was.
func TestOldMasksAreKnown(t *testing.T) {
	t.Parallel()
	old := received()
	old.Verdict.Secret = "env:SECRET"
	old.Request.Head = strings.Replace(old.Request.Head, token, redact.Placeholder, 1)
	old.Request.Header[1].Value = redact.Placeholder
	p := plan(token)
	if !p.Redactor.IsMaskedOld(old) {
		t.Fatal("it is not masked as of old")
	}
	if x, err := p.Exchange(t.Context(), old, target, &signer.Signer{}, now); err != nil ||
		x.Request.Header.Get("X-Gitlab-Token") != token {
		t.Errorf("%+v, %v", x.Request.Header, err)
	}
	_, err := plan().Exchange(t.Context(), old, target, &signer.Signer{}, now)
	if masked, ok := errors.AsType[*replay.MaskedError](err); !ok ||
		masked.Missing[0].Mask.Name != "header X-Gitlab-Token" {
		t.Errorf("%v", err)
	}
}
