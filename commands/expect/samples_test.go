package expect_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/commands/expect"
	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/deliver/fixture"
	"github.com/barbhq/barb/deliver/payload"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/webhooks"
)

// received is a sample event as barb listen finds it without a secret: the event type is where the scheme has it.
func received(t *testing.T, e payload.Sample) expect.Webhook {
	t.Helper()
	draft, err := e.Draft()
	if err != nil {
		t.Fatal(err)
	}
	p, err := draft.Render(fixture.Values{Seed: 1, Now: time.Unix(1_700_000_000, 0),
		Env: func(string) (string, error) { return "x", nil }})
	if err != nil {
		t.Fatal(err)
	}
	scheme, ok := catalog.Lookup(e.Scheme)
	if !ok {
		t.Fatalf("no scheme %s", e.Scheme)
	}
	header := record.Header{{Name: "Content-Type", Value: e.ContentType}}
	for _, f := range p.Header {
		header = append(header, record.Field{Name: f.Name, Value: f.Value})
	}
	if name, ok := strings.CutPrefix(string(scheme.EventIn), "header:"); ok {
		header = append(header, record.Field{Name: name, Value: e.EventName()})
	}
	m := sign.Message{Body: p.Body, Header: http.Header{}}
	for _, f := range header {
		m.Header.Add(f.Name, f.Value)
	}
	return expect.Webhook{State: webhooks.Accepted, Subject: jq.Subject{Exchange: &record.Exchange{ID: 1,
		Kind: record.Received, EventType: scheme.Event(m), Scheme: scheme.Name, Response: &record.Response{Status: 200},
		Request: record.Request{Header: header, Body: p.Body}}}}
}

// An expectation takes the names that barb events prints, and what barb sends under these names meets them.
func TestEverySampleEventMeetsItsOwnName(t *testing.T) {
	t.Parallel()
	for _, e := range payload.BuiltIn(fixture.Providers()...) {
		w := received(t, e)
		if w.Exchange.EventType == "" {
			continue // its scheme names no event type; barb listen cannot know it
		}
		b := board(t, e.String(), "none: nosuch:"+e.Type)
		b.Put(w)
		if r := b.Result(); r.Code() != 0 {
			t.Errorf("%s:\n%s", e, told(r))
		}
	}
}

func TestASampleEventDoesNotMeetAnotherOfItsHeader(t *testing.T) {
	t.Parallel()
	e, ok := fixture.Find("linear", "Issue.update")
	if !ok {
		t.Fatal("no linear:Issue.update")
	}
	b := board(t, "linear:Issue.create")
	b.Put(received(t, payload.Sample{Event: e}))
	if got := told(b.Result()); !strings.Contains(got, "action is update") {
		t.Error(got)
	}
}

// Without a secret, GitHub signs nothing: its own header says whose the webhook is.
func TestAnUnsignedWebhookIsKnownByTheHeaderOfItsEvent(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]int{"X-GitHub-Event": 0, "X-Gitlab-Event": 4} {
		b := board(t, "github:push")
		w := hook(1, "push unchecked")
		w.Exchange.Request.Header = record.Header{{Name: name, Value: "push"}}
		b.Put(w)
		if r := b.Result(); r.Code() != code {
			t.Errorf("%s: %s", name, told(r))
		}
	}
}
