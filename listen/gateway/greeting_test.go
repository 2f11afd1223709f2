package gateway

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/barbhq/barb/listen/verifier"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/store/record"
)

const brought = "b537207f20cbfa02357cf448134da559"

// asana is a lane whose secret comes with Asana's handshake.
func asana() *Lane {
	scheme, _ := catalog.Lookup("generic")
	scheme.Name, scheme.Header, scheme.Handshake = "asana", "X-Hook-Signature", "asana"
	l := &Lane{Greeter: Greeter{Names: []string{"asana"}}}
	l.Verifier.Store(&verifier.Verifier{Scheme: scheme})
	return l
}

func bringing(t *testing.T, secret string) record.Request {
	return post(t, "", "", "", record.Field{Name: "X-Hook-Secret", Value: secret})
}

func TestTheFirstSecretThatAHandshakeBringsIsCheckedWith(t *testing.T) {
	l := asana()
	g, events := listening(t, l)
	h := check(g, bringing(t, brought))
	r := h.Greet()
	x := h.Exchange
	if x.Handshake != "asana" || x.Scheme != "asana" || r.Status != 200 || r.Header.Get("X-Hook-Secret") != brought {
		t.Errorf("%+v, %+v", h.Exchange, r)
	}
	check(g, bringing(t, strings.Repeat("f", 32))).Greet()
	check(g, bringing(t, brought)).Greet()
	wantKinds(t, events, Learnt, AnotherSecret)
	if e := (*events)[0]; !e.Checks || e.Kept || e.Secret != brought[:4] || e.Scheme != "asana" || e.ID != 7 {
		t.Errorf("%+v", e)
	}
	if v := l.Verifier.Load(); len(v.Secrets) != 1 || string(v.Secrets[0].Key) != brought {
		t.Errorf("checks with %v", v.Secrets)
	}
}

func TestAGivenSecretIsNotReplacedByAHandshakes(t *testing.T) {
	l := asana()
	v := *l.Verifier.Load()
	v.Secrets = []sign.Secret{{Name: "env:GIVEN", Key: []byte(keyA)}}
	l.Verifier.Store(&v)
	g, events := listening(t, l)
	check(g, bringing(t, brought)).Greet()
	wantKinds(t, events, Learnt)
	if e := (*events)[0]; e.Checks || e.Before != "env:GIVEN" || l.Verifier.Load() != &v {
		t.Errorf("%+v", e)
	}
}

func TestASecretThatCannotBeKeptRefusesItsHandshake(t *testing.T) {
	g, events := listening(t, asana())
	kept := errors.New("no place for it")
	calls := 0
	g.Keep = func(s sign.Secret) error {
		calls++
		if string(s.Key) != brought {
			t.Errorf("kept %q", s.Key)
		}
		return kept
	}
	r := check(g, bringing(t, brought)).Greet()
	if r.Status != http.StatusInternalServerError || r.Header.Has("X-Hook-Secret") {
		t.Errorf("%+v", r)
	}
	kept = nil
	check(g, bringing(t, brought)).Greet()
	check(g, bringing(t, brought)).Greet()
	wantKinds(t, events, SecretUnkept, Learnt)
	if calls != 2 || !(*events)[1].Kept {
		t.Errorf("kept %d times, %+v", calls, (*events)[1])
	}
	paged := bringing(t, brought)
	paged.Header = append(paged.Header, record.Field{Name: "Origin", Value: "http://evil.example"})
	if r := check(g, paged).Greet(); r.Status != http.StatusForbidden {
		t.Errorf("from a page: %+v", r)
	}
	if e := (*events)[2]; e.Kind != HandshakeFromPage || e.Detail != "Origin" {
		t.Errorf("%+v", e)
	}
}

func TestAHandshakeThatNeedsAProofIsToldOnce(t *testing.T) {
	l := &Lane{Greeter: Greeter{Names: []string{"zoom"}}}
	g, events := listening(t, l)
	zoom := post(t, "", "", `{"event":"endpoint.url_validation","payload":{"plainToken":"q"}}`)
	for range 2 {
		if h := check(g, zoom); h.Exchange.Handshake != "zoom" || h.Greet().Status/100 == 2 {
			t.Errorf("%+v", h.Exchange)
		}
	}
	wantKinds(t, events, NeedsSecret)
	if e := (*events)[0]; e.Scheme != "zoom" || e.Handshake.Name != "zoom" || e.Err == nil {
		t.Errorf("%+v", e)
	}
	l.Greeter.Off = true
	if h := check(g, zoom); h.Exchange.Handshake != "" {
		t.Errorf("%+v", h.Exchange)
	}
}

// Slack's challenge is signed with the secret of its webhooks. A webhook of another scheme that only looks like a
// challenge is none.
func TestASignedWebhookIsNoUnsignedHandshake(t *testing.T) {
	const body = `{"type":"url_verification","challenge":"c"}`
	l := checks("slack", keyA)
	l.Greeter = Greeter{Names: []string{"slack"}}
	g, _ := listening(t, l)
	if h := check(g, post(t, "slack", keyA, body)); h.Exchange.Handshake != "slack" || string(h.Greet().Body) == "" {
		t.Errorf("%+v", h.Exchange)
	}
	l = checks("github", keyA)
	l.Greeter = Greeter{Names: []string{"slack", "asana"}}
	g, _ = listening(t, l)
	r := post(t, "github", keyA, "{}", record.Field{Name: "X-Hook-Secret", Value: brought})
	h := check(g, r)
	if h.Exchange.Handshake != "" || h.Exchange.Scheme != "github" || h.Exchange.Verdict.Status != record.Valid {
		t.Errorf("%+v", h.Exchange)
	}
}

func TestWhatIsLeftToDoAfterAHandshakeIsTold(t *testing.T) {
	g, events := listening(t, &Lane{})
	sns := func(host string) record.Request {
		body := `{"Type":"SubscriptionConfirmation","Token":"t","TopicArn":"arn:aws:sns:us-east-1:1:t","MessageId":"1",` +
			`"SubscribeURL":"https://` + host + `/?Action=ConfirmSubscription"}`
		return post(t, "", "", body, record.Field{Name: "X-Amz-Sns-Message-Type", Value: "SubscriptionConfirmation"})
	}
	for _, host := range []string{"sns.us-east-1.amazonaws.com", "evil.example"} {
		h := check(g, sns(host))
		if h.Exchange.Handshake != "aws-sns" {
			t.Fatalf("%+v", h.Exchange)
		}
		h.Greet()
	}
	genuine := check(g, sns("sns.us-east-1.amazonaws.com"))
	genuine.Exchange.Verdict.Status = record.Valid
	genuine.Greet()
	meta := record.Request{Method: "GET", URL: "http://127.0.0.1/?hub.mode=subscribe&hub.challenge=1&hub.verify_token=x",
		Target: "/?hub.mode=subscribe&hub.challenge=1&hub.verify_token=x"}
	g.Lanes.Rest.Greeter.Names = []string{"meta"}
	if h := check(g, meta); h.Exchange.Handshake != "meta" || h.Greet().Status != 200 {
		t.Errorf("%+v", h.Exchange)
	}
	wantKinds(t, events, ConfirmUnchecked, ConfirmElsewhere, Confirm, Unagreed)
}
