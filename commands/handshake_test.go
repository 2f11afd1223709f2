package commands

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/barbhq/barb/commands/advice"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/listen/verifier"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
)

const brought = "b537207f20cbfa02357cf448134da559"

// newAsana is a listener that checks the scheme of the tests, whose secret comes with Asana's handshake.
func newAsana(t *testing.T, said *bytes.Buffer, learn string) *listener {
	t.Helper()
	scheme, _ := catalog.Lookup("generic")
	scheme.Name, scheme.Header, scheme.Handshake = "asana", "X-Hook-Signature", "asana"
	sh := &shell.Shell{Env: shell.Env{Out: &bytes.Buffer{}, Err: said}}
	sh.Paint(false)
	l := &gateway.Lane{Greeter: gateway.Greeter{Names: []string{"asana"}}}
	l.Verifier.Store(&verifier.Verifier{Scheme: scheme})
	g := &listener{sh: sh}
	g.gate = &gateway.Gateway{Schemes: new(catalog.Set), Lanes: route.Lanes[*gateway.Lane]{Rest: l}, Tell: g.tell}
	sh.Redactor = redact.New(new(catalog.Set).Lookup, nil, nil)
	if err := g.learning.CheckNew(learn); err != nil {
		t.Fatal(err)
	}
	if learn != "" {
		g.gate.Keep = g.learning.Keep
	}
	return g
}

// receive has the listener check and answer a request, as listen does.
func receive(g *listener, body string, fields ...record.Field) (*record.Exchange, *record.Response) {
	x := &record.Exchange{ID: 1, Kind: record.Received, Request: record.Request{Method: "POST", URL: "http://127.0.0.1/",
		Target: "/",
		Header: fields, Body: []byte(body)}}
	h := g.gate.Receive(x)
	found := h.Check(time.Now())
	x.Verdict, x.Scheme, x.EventType, x.Handshake = found.Verdict, found.Scheme, found.EventType, found.Handshake
	x.Response = h.Reply(context.Background()).Response
	return x, x.Response
}

func signedWith(t *testing.T, g *listener, key, body string) record.Field {
	t.Helper()
	signed, err := g.gate.Lanes.Rest.Verifier.Load().Scheme.Sign(sign.Message{Body: []byte(body)},
		sign.Secret{Key: []byte(key)})
	if err != nil {
		t.Fatal(err)
	}
	return record.Field(signed.Fields[0])
}

func TestALearntSecretIsCheckedWithFromThenOn(t *testing.T) {
	var said bytes.Buffer
	g := newAsana(t, &said, "")
	if x, r := receive(g, "{}", signedWith(t, g, brought, "{}")); r.Status != http.StatusUnauthorized ||
		x.Verdict.Reason != "empty_secret" {
		t.Errorf("before the handshake: %d %+v", r.Status, x.Verdict)
	}
	x, r := receive(g, "", record.Field{Name: "X-Hook-Secret", Value: brought})
	if r.Status != 200 || r.Header.Get("X-Hook-Secret") != brought || x.Event() != "handshake:asana" ||
		x.Scheme != "asana" {
		t.Errorf("the handshake: %d %v %+v", r.Status, r.Header, x)
	}
	kept := g.sh.Redactor.Redact(x)
	if strings.Contains(kept.Request.Header.Get("X-Hook-Secret")+kept.Response.Header.Get("X-Hook-Secret"), brought) {
		t.Errorf("kept: %+v", kept)
	}
	if x, r := receive(g, "{}", signedWith(t, g, brought, "{}")); r.Status != 200 ||
		x.Verdict.Secret != "handshake:asana" {
		t.Errorf("signed rightly: %d %+v", r.Status, x.Verdict)
	}
	// Whoever sends a handshake later must not choose what is checked with.
	receive(g, "", record.Field{Name: "X-Hook-Secret", Value: strings.Repeat("f", 32)})
	if x, r := receive(g, "{}", signedWith(t, g, strings.Repeat("f", 32), "{}")); r.Status != http.StatusUnauthorized {
		t.Errorf("signed with the secret of a second handshake: %d %+v", r.Status, x.Verdict)
	}
	if strings.Contains(said.String(), brought[:5]) || !strings.Contains(said.String(),
		"secret b537…, which verifies signatures from now on; barb forgets it") {
		t.Errorf("said %s", said.String())
	}
	if !strings.Contains(said.String(), "To keep the next one: barb listen -s asana --learn keyring:asana "+
		"(or file:PATH)") {
		t.Errorf("offers %s", said.String())
	}
}

func TestAGivenSecretIsNotReplaced(t *testing.T) {
	var said bytes.Buffer
	g := newAsana(t, &said, "")
	v := *g.gate.Lanes.Rest.Verifier.Load()
	v.Secrets = []sign.Secret{{Name: "env:GIVEN", Key: []byte("the secret that was given")}}
	g.gate.Lanes.Rest.Verifier.Store(&v)
	receive(g, "", record.Field{Name: "X-Hook-Secret", Value: brought})
	if _, r := receive(g, "{}", signedWith(t, g, brought, "{}")); r.Status != http.StatusUnauthorized {
		t.Errorf("a secret that a stranger brought is taken: %d", r.Status)
	}
}

func TestALearntSecretIsKeptInTheKeyring(t *testing.T) {
	keyring.MockInit()
	var said bytes.Buffer
	g := newAsana(t, &said, "keyring:asana")
	receive(g, "", record.Field{Name: "X-Hook-Secret", Value: brought})
	if got, err := keyring.Get(secret.Service, "asana"); err != nil || got != brought {
		t.Errorf("%q, %v", got, err)
	}
	if !strings.Contains(said.String(), "saved: --secret keyring:asana") {
		t.Errorf("said %s", said.String())
	}
	var l secret.Sink
	if err := l.CheckNew("keyring:asana"); err == nil || !strings.Contains(err.Error(), "is in the keyring already") {
		t.Errorf("what is in the keyring is not refused: %v", err)
	}
	keyring.MockInitWithError(errors.New("no keyring here"))
	if err := l.CheckNew("keyring:other"); advice.Of(err).Code != fail.ExitUnsupported {
		t.Errorf("no keyring: %v", err)
	}
}

func TestAHandshakeIsRefusedWhenItsSecretCannotBeKept(t *testing.T) {
	var said bytes.Buffer
	path := filepath.Join(t.TempDir(), "secret")
	g := newAsana(t, &said, "file:"+path)
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, r := receive(g, "", record.Field{Name: "X-Hook-Secret", Value: brought})
	if got, _ := os.ReadFile(path); r.Status != http.StatusInternalServerError || string(got) != "mine" ||
		r.Header.Has("X-Hook-Secret") {
		t.Errorf("%d, %q", r.Status, got)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, r := receive(g, "", record.Field{Name: "X-Hook-Secret", Value: brought}); r.Status != 200 {
		t.Errorf("when it comes again: %d", r.Status)
	}
	if got, _ := os.ReadFile(path); string(got) != brought+"\n" {
		t.Errorf("kept %q", got)
	}
}
