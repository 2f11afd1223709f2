package worker_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/deliver/signer"
	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

// messages is a handler over real connections, with what it tells.
type messages struct {
	worker.Messages
	history *store.Store
	told    []string
}

// newMessages returns a handler that signs by Standard Webhooks.
func newMessages(t *testing.T) *messages {
	t.Helper()
	history, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "history.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = history.Close() })
	client, err := deliver.NewClient(deliver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	scheme, _ := catalog.Lookup("github")
	key := sign.Secret{Name: "env:KEY", Key: []byte("a key of sixteen bytes")}
	m := &messages{history: history}
	m.Leases = &worker.Leases{History: history, Holder: worker.NewHolder("test"),
		Tell: func(e worker.Event) { t.Error(e.Err) }}
	m.Plans = &worker.Plans{Make: func(context.Context, *worker.Plan, string) (*signer.Signer, *deliver.Client, error) {
		return &signer.Signer{Scheme: scheme, Secrets: []sign.Secret{key}}, client, nil
	}}
	t.Cleanup(m.Plans.Close)
	m.Redactor, m.Rand, m.Now = redact.New(catalog.Lookup, nil, nil), func() float64 { return 0 }, time.Now
	m.Tell = func(q *store.Queued, x *record.Exchange, r worker.Result) {
		line := fmt.Sprintf("%d %s", q.Thread, r.State)
		if r.Attempt != nil {
			line += fmt.Sprintf(" %s #%d %d", x.WebhookID, r.Attempt.Exchange.Attempt, r.Attempt.Exchange.Status())
		}
		m.told = append(m.told, line)
	}
	return m
}

// enqueue queues a message and leases its entry.
func (m *messages) enqueue(t *testing.T, target, plan string) *store.Queued {
	t.Helper()
	x := &record.Exchange{WebhookID: "msg_1", Request: record.Request{Method: "POST", URL: target, Proto: "HTTP/1.1",
		Body: []byte("{}")}}
	q, err := worker.Enqueue(t.Context(), m.history, x, plan, "", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return lease(t, m.history, q, m.Leases.Holder, 1, time.Now().Add(time.Minute))[0]
}

func TestAMessageIsSignedAnewForEachAttempt(t *testing.T) {
	t.Parallel()
	var signed []string
	statuses := []int{503, 400}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		signed = append(signed, r.Header.Get("X-Hub-Signature-256"))
		w.WriteHeader(statuses[len(signed)-1])
	}))
	defer server.Close()
	m := newMessages(t)
	q := m.enqueue(t, server.URL, planText(t, "github"))
	if err := m.Prepare(t.Context(), q.Target, q.Policy); err != nil {
		t.Fatal(err)
	}
	r, err := m.Deliver(t.Context(), q)
	if err != nil || r.State != store.Waiting || r.Due.Before(time.Now().Add(50*time.Second)) {
		t.Fatalf("%+v, %v", r, err)
	}
	if tally := m.Tally(); tally.Refused != 0 {
		t.Errorf("what waits was counted: %+v", tally)
	}
	q.Attempts = 1
	if r, err = m.Deliver(t.Context(), q); err != nil || r.State != store.Dead {
		t.Errorf("%+v, %v", r, err)
	}
	if got := strings.Join(m.told, ", "); got != "1 waiting msg_1 #1 503, 1 dead msg_1 #2 400" {
		t.Error(got)
	}
	if m.Tally().Refused != 1 || len(signed) != 2 || !strings.HasPrefix(signed[1], "sha256=") {
		t.Errorf("%+v, signed %q", m.Tally(), signed)
	}
}

func TestAMessageWithoutItsSecretIsLeftToOthers(t *testing.T) {
	t.Parallel()
	m := newMessages(t)
	lost := errors.New("KEY is not set")
	m.Plans.Make = func(context.Context, *worker.Plan, string) (*signer.Signer, *deliver.Client, error) {
		return nil, nil, lost
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	m.Now = func() time.Time { return now }
	q := m.enqueue(t, "http://localhost:1/", planText(t, "github"))
	if err := m.Prepare(t.Context(), q.Target, q.Policy); !errors.Is(err, lost) {
		t.Error(err)
	}
	r, err := m.Deliver(t.Context(), q)
	if err != nil || r.State != store.Waiting || !errors.Is(r.Blocked, lost) || r.Why != lost.Error() ||
		!r.Due.Equal(now.Add(worker.BlockedFor)) {
		t.Errorf("%+v, %v", r, err)
	}
	m.Plans = &worker.Plans{Make: func(context.Context, *worker.Plan, string) (*signer.Signer, *deliver.Client, error) {
		scheme, _ := catalog.Lookup("discord")
		return &signer.Signer{Scheme: scheme, Secrets: []sign.Secret{{Key: []byte("none")}}}, nil, nil
	}}
	if r, err = m.Deliver(t.Context(), q); err != nil || r.Blocked == nil || r.State != store.Waiting {
		t.Errorf("a key that cannot sign: %+v, %v", r, err)
	}
	if len(m.told) != 0 || m.Tally().Unanswered != 0 {
		t.Errorf("told %q", m.told)
	}
}

func TestAMessageThatIsGoneIsGivenUp(t *testing.T) {
	t.Parallel()
	m := newMessages(t)
	q := m.enqueue(t, "http://localhost:1/", planText(t, "github"))
	gone := *q
	gone.Thread = 99
	r, err := m.Deliver(t.Context(), &gone)
	if err != nil || r.State != store.Dead || r.Why != "the message is no longer in the history" || r.Attempt != nil {
		t.Errorf("%+v, %v", r, err)
	}
	m.history.Redact = func(x *record.Exchange) *record.Exchange { // a piece that no secret restores
		kept := *x
		kept.Request.Header = record.Header{{Name: "X-Token", Value: redact.Placeholder}}
		kept.Masks = []record.Mask{{Part: "field", Name: "header X-Token", Secret: "env:KEY"}}
		return &kept
	}
	x := &record.Exchange{Kind: record.Sent, WebhookID: "msg_2", Request: record.Request{Method: "POST",
		URL: "http://localhost:2/", Proto: "HTTP/1.1", Header: record.Header{{Name: "X-Token", Value: "hush"}}}}
	entry := &store.Queued{Kind: store.Message, Target: "http://localhost:2/", Policy: q.Policy, Due: time.Now(),
		Created: time.Now()}
	if err := m.history.RecordQueued(t.Context(), x, entry); err != nil {
		t.Fatal(err)
	}
	q2 := lease(t, m.history, entry, m.Leases.Holder, 1, time.Now().Add(time.Minute))[0]
	if r, err = m.Deliver(t.Context(), q2); err != nil || r.State != store.Dead ||
		!strings.HasSuffix(r.Why, redact.ErrGone.Error()) {
		t.Errorf("%+v, %v", r, err)
	}
	if got := strings.Join(m.told, ", "); got != "99 dead, 2 dead" {
		t.Error(got)
	}
	_ = m.history.Close()
	if _, err := m.Deliver(t.Context(), q); err == nil {
		t.Error("a closed history was read")
	}
}
