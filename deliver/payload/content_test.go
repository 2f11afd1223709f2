package payload_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/deliver/edit"
	"github.com/barbhq/barb/deliver/fixture"
	"github.com/barbhq/barb/deliver/payload"
	"github.com/barbhq/barb/deliver/signer"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store/record"
)

func change(t *testing.T, texts ...string) (all []payload.Change) {
	t.Helper()
	for _, text := range texts {
		c, err := payload.ParseChange(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

func draft(t *testing.T, e fixture.Event) *fixture.Draft {
	t.Helper()
	d, err := e.Draft()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func values() fixture.Values {
	return fixture.Values{Number: 1, Seed: 7, Now: time.Date(2026, 1, 20, 14, 32, 0, 0, time.UTC),
		Env: func(name string) (string, error) { return "value of " + name, nil }}
}

// text returns the content of one payload.
func text(t *testing.T, body string, changes ...string) *payload.Content {
	t.Helper()
	return &payload.Content{Draft: draft(t, fixture.Event{Source: []byte(body), Kind: fixture.JSON}), Values: values(),
		Type: "application/json", Changes: change(t, changes...)}
}

func TestMessagesAreNumberedAndChanged(t *testing.T) {
	t.Parallel()
	c := text(t, `{"n":{{seq}},"id":"a"}`, "id={{uuid}}", "env={{env HOME}}")
	one, err := c.Message(1)
	if err != nil {
		t.Fatal(err)
	}
	two, err := c.Message(2)
	if err != nil || c.IsConstant() || string(one.Body) == string(two.Body) {
		t.Errorf("%s and %s, %v", one.Body, two.Body, err)
	}
	if !strings.HasPrefix(string(one.Body), `{"n":1,"id":"`) || !strings.HasSuffix(string(one.Body),
		`,"env":"value of HOME"}`) {
		t.Errorf("%s", one.Body)
	}
	if again, err := c.Message(1); err != nil || string(again.Body) != string(one.Body) {
		t.Errorf("%s, then %s, %v", one.Body, again.Body, err)
	}
	c.Edited = []byte("by hand")
	if edited, err := c.Message(2); err != nil || string(edited.Body) != "by hand" || !c.IsConstant() {
		t.Errorf("%s, %v", edited.Body, err)
	}
	if plain := text(t, "{}", "a=1"); !plain.IsConstant() {
		t.Error("it varies")
	}
}

func TestADigestDoesNotDependOnTheTime(t *testing.T) {
	t.Parallel()
	c := text(t, `{"at":"{{now}}"}`)
	first, err := c.Digest()
	if err != nil {
		t.Fatal(err)
	}
	c.Values.Now = c.Values.Now.Add(time.Hour)
	later, _ := c.Digest()
	other, _ := text(t, `{"at":"{{now}}","more":1}`).Digest()
	if first != later || first == other || len(first) != 64 {
		t.Errorf("%s, later %s, another %s", first, later, other)
	}
}

// Only a draft that the user wrote may read the environment.
func TestTheEnvironmentIsReadOnlyWhereItMayBe(t *testing.T) {
	t.Parallel()
	c := text(t, `{"a":"{{env HOME}}"}`)
	_, err := c.Message(1)
	if wrong, ok := errors.AsType[*payload.Error](err); !ok || wrong.What != "the payload" ||
		err.Error() != "the payload: "+errors.Unwrap(err).Error() {
		t.Errorf("%v", err)
	}
	if _, err := c.Digest(); err == nil {
		t.Error("it has a digest")
	}
	c.MayReadEnv = true
	if p, err := c.Message(1); err != nil || string(p.Body) != `{"a":"value of HOME"}` {
		t.Errorf("%s, %v", p.Body, err)
	}
}

func TestChangesThatCannotBeMadeSayWhy(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]error{"no equals sign": payload.ErrPath, "a={{nothing}}": payload.ErrValue} {
		_, err := payload.ParseChange(text)
		wrong, ok := errors.AsType[*payload.ChangeError](err)
		if !ok || !errors.Is(wrong.Reason, want) || !strings.HasSuffix(err.Error(),
			wrong.Err.Error()) {
			t.Errorf("%q: %v", text, err)
		}
	}
	_, err := payload.Apply(change(t, "a=1"), []byte("<xml/>"), "text/xml", values())
	if wrong, ok := errors.AsType[*payload.ChangeError](err); !ok || wrong.Reason != nil || !errors.Is(err,
		edit.ErrUnstructured) ||
		!strings.HasPrefix(err.Error(), "a=1: ") {
		t.Errorf("%v", err)
	}
	x := record.Exchange{}
	c := text(t, "[]", "a.b=1")
	for _, err := range []error{c.Fill(&x, &signer.Signer{}, 1), c.Take(&x, &signer.Signer{}, []byte("[]"), 1)} {
		if _, ok := errors.AsType[*payload.ChangeError](err); !ok {
			t.Errorf("%v", err)
		}
	}
}

// sample returns the content of a sample event, and a signer for its scheme.
func sample(t *testing.T, provider, eventType, key string) (*payload.Content, *signer.Signer) {
	t.Helper()
	e, ok := fixture.Find(provider, eventType)
	if !ok {
		t.Fatalf("there is no %s:%s", provider, eventType)
	}
	scheme, _ := catalog.Lookup(e.Scheme)
	s := &signer.Signer{}
	if key != "" {
		s = &signer.Signer{Scheme: scheme, Secrets: []sign.Secret{{Name: "env:SECRET", Key: []byte(key)}}}
	}
	return &payload.Content{Sample: &e, Scheme: scheme, Draft: draft(t, e), Values: values(), Type: e.ContentType}, s
}

func TestASampleEventSaysWhatItIs(t *testing.T) {
	t.Parallel()
	c, unsigned := sample(t, "github", "push", "")
	var x record.Exchange
	if err := c.Fill(&x, unsigned, 1); err != nil {
		t.Fatal(err)
	}
	if h := x.Request.Header; x.EventType != "push" || h.Get("X-GitHub-Event") != "push" ||
		h.Get("X-GitHub-Delivery") != x.WebhookID || x.WebhookID == "" {
		t.Errorf("%+v", x)
	}
	_, signed := sample(t, "github", "push", "it is a secret")
	x = record.Exchange{WebhookID: "of the run"}
	if err := c.Fill(&x, signed, 1); err != nil || x.EventType != "push" || x.Request.Header.Has("X-GitHub-Event") ||
		x.Scheme != "github" {
		t.Errorf("%+v, %v", x, err)
	}
	c.KeepID, c.Given = true, record.Header{{Name: "X-GitHub-Event", Value: "mine"}}
	x = record.Exchange{WebhookID: "mine", Request: record.Request{Header: c.Given}}
	if err := c.Fill(&x, unsigned, 1); err != nil || x.WebhookID != "mine" ||
		x.Request.Header.Get("X-GitHub-Event") != "mine" {
		t.Errorf("%+v, %v", x, err)
	}
}

func TestAnIDInThePayloadGoesBeforeTheOneOfTheRun(t *testing.T) {
	t.Parallel()
	_, stripe := sample(t, "stripe", "invoice.paid", "whsec_"+strings.Repeat("x", 32))
	x := record.Exchange{WebhookID: "of the run"}
	if err := text(t, `{"id":"evt_7","type":"a.b"}`).Fill(&x, stripe, 1); err != nil || x.WebhookID != "evt_7" ||
		x.EventType != "a.b" {
		t.Errorf("%+v, %v", x, err)
	}
	svix, _ := catalog.Lookup("svix")
	if id := payload.IDInBody(svix, sign.Message{Header: map[string][]string{"Svix-Id": {"msg_1"}}}); id != "" {
		t.Errorf("%q stands in a header", id)
	}
}

func TestHeadersOfASampleThatCannotBeSentAreRefused(t *testing.T) {
	t.Parallel()
	e := fixture.Event{Provider: "acme", Type: "order", Source: []byte("{}"), Plain: true,
		Header: []fixture.Field{{Name: "X-Order", Value: "1"}, {Name: "X-Bad", Value: "a\nb"}}}
	c := &payload.Content{Sample: &e, Draft: draft(t, e), Given: record.Header{{Name: "X-Order", Value: "2"}}}
	var x record.Exchange
	err := c.Fill(&x, &signer.Signer{}, 1)
	if wrong, ok := errors.AsType[*payload.Error](err); !ok || wrong.What != "acme:order: header X-Bad" {
		t.Errorf("%v", err)
	}
	if len(x.Request.Header) != 0 {
		t.Errorf("%+v", x.Request.Header)
	}
}

func TestEventsOfAListHaveTheTypeTheyLookLike(t *testing.T) {
	t.Parallel()
	c := &payload.Content{Values: values()}
	for body, want := range map[string]string{"\t{}": "application/json", "[1]": "application/json",
		"a=b":  "text/plain; charset=utf-8",
		"\xff": "application/octet-stream", "": ""} {
		var x record.Exchange
		if err := c.Take(&x, &signer.Signer{}, []byte(body), 1); err != nil || x.Request.Header.Get("Content-Type") != want {
			t.Errorf("%q: %+v, %v", body, x.Request.Header, err)
		}
	}
	c.Changes, c.Type = change(t, "n={{seq}}"), "application/json"
	given := record.Header{{Name: "Content-Type", Value: "application/cloudevents+json"}}
	x := record.Exchange{Request: record.Request{Header: given}}
	if err := c.Take(&x, &signer.Signer{}, []byte("{}"), 3); err != nil || string(x.Request.Body) != `{"n":3}` {
		t.Errorf("%s, %v", x.Request.Body, err)
	}
	if diff := cmp.Diff(given, x.Request.Header); diff != "" {
		t.Error(diff)
	}
}
