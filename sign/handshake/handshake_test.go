package handshake_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/sign/handshake"
)

// asked is a request of a handshake as the provider sends it, and the answer it waits for.
type asked struct {
	name    string
	request sign.Message
	secret  string
	status  int
	fields  []string // "Name: value" that must be among the answer's
	body    string
}

func text(s string) sign.Secret { return sign.Secret{Name: "test", Key: []byte(s)} }

func get(url string, header ...string) sign.Message   { return message("GET", url, "", header...) }
func post(body string, header ...string) sign.Message { return message("POST", "/", body, header...) }

func message(method, url, body string, header ...string) sign.Message {
	m := sign.Message{Method: method, URL: "https://hooks.example.com" + url, Body: []byte(body), Header: http.Header{}}
	for i := 0; i < len(header); i += 2 {
		m.Header.Add(header[i], header[i+1])
	}
	return m
}

// The proofs in the answers of zoom and x were made with openssl; that of Braintree is its libraries' own test.
var handshakesAsked = []asked{
	{name: "slack", request: post(
		`{"token":"t","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P","type":"url_verification"}`),
		status: 200, fields: []string{"Content-Type: text/plain; charset=utf-8"},
		body: "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"},
	{name: "zoom", request: post(
		`{"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event_ts":1654503849680,"event":"endpoint.url_validation"}`),
		secret: "zoom_secret_token_0123", status: 200, fields: []string{"Content-Type: application/json"},
		body: `{"plainToken":"qgg8vlvZRS6UYooatFL8Aw",` +
			`"encryptedToken":"a23901ed88ca4fede7c71ecdcee8c210e59ea972c566396f0c5983a08f25724d"}`},
	{name: "discord", request: post(`{"id":"1","type":1,"version":1}`, "X-Signature-Ed25519", "00"),
		status: 200, fields: []string{"Content-Type: application/json"}, body: `{"type":1}`},
	{name: "discord", request: post(`{"version":1,"application_id":"2","type":0}`, "X-Signature-Ed25519", "00"),
		status: 204},
	{name: "meta", request: get("/?hub.mode=subscribe&hub.verify_token=meatyhamhock&hub.challenge=1158201444"),
		status: 200,
		fields: []string{"X-Content-Type-Options: nosniff"}, body: "1158201444"},
	{name: "websub",
		request: get("/?hub.mode=unsubscribe&hub.topic=http%3A%2F%2Fa.example%2Ff&hub.challenge=meh&hub.lease_seconds=1"),
		status:  200, body: "meh"},
	{name: "strava", request: get("/?hub.verify_token=STRAVA&hub.challenge=15f7d1a91c1f40f8&hub.mode=subscribe"),
		status: 200,
		fields: []string{"Content-Type: application/json"}, body: `{"hub.challenge":"15f7d1a91c1f40f8"}`},
	{name: "x", request: get("/hook?crc_token=NjBlZTM4YmUtY2=="), secret: "consumer_secret_0123456", status: 200,
		fields: []string{"Content-Type: application/json"},
		body:   `{"response_token":"sha256=XNg3IjvW0mv+8KrBHWDO7iQhceXb0JI1h4Af+Tmc28s="}`},
	{name: "twitch", request: post(
		`{"challenge":"pogchamp-kappa-360noscope-vohiyo","subscription":{"status":"webhook_callback_verification_pending"}}`,
		"Twitch-Eventsub-Message-Type", "webhook_callback_verification"), status: 200,
		body: "pogchamp-kappa-360noscope-vohiyo"},
	{name: "dropbox", request: get("/?challenge=abc%20123"), status: 200,
		fields: []string{"Content-Type: text/plain; charset=utf-8", "X-Content-Type-Options: nosniff"}, body: "abc 123"},
	{name: "asana", request: post(``, "X-Hook-Secret", "b537207f20cbfa02357cf448134da559e8bd39d6"), status: 200,
		fields: []string{"X-Hook-Secret: b537207f20cbfa02357cf448134da559e8bd39d6"}},
	{name: "xero", request: post(`{"events":[],"lastEventSequence":0,"firstEventSequence":0,"entropy":"S0m3r4Nd0mt3xt"}`,
		"x-xero-signature", "x"),
		status: 200},
	{name: "monday", request: post(`{"challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}`), status: 200,
		fields: []string{"Content-Type: application/json"},
		body:   `{"challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}`},
	{name: "msgraph", request: message("POST", "/?validationToken=Validation%3A+Testing+client%20reachability%25", ""),
		status: 200,
		fields: []string{"Content-Type: text/plain; charset=utf-8"}, body: "Validation: Testing client reachability%"},
	{name: "eventgrid",
		request: post(`[{"id":"2d","data":{"validationCode":"512d38b6-c7b8","validationUrl":"https://rp.example"}}]`,
			"aeg-event-type", "SubscriptionValidation"), status: 200, body: `{"validationResponse":"512d38b6-c7b8"}`},
	{name: "cloudevents", request: message("OPTIONS", "/", "", "WebHook-Request-Origin", "eventgrid.azure.net",
		"WebHook-Request-Rate", "120"),
		status: 200, fields: []string{"WebHook-Allowed-Origin: eventgrid.azure.net", "WebHook-Allowed-Rate: *"}},
	{name: "aws-sns",
		request: post(`{"Type":"SubscriptionConfirmation",`+
			`"SubscribeURL":"https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription"}`,
			"x-amz-sns-message-type", "SubscriptionConfirmation"), status: 200},
	{name: "okta", request: get("/", "x-okta-verification-challenge", "dGhpcw"), status: 200,
		body: `{"verification":"dGhpcw"}`},
	{name: "trello", request: message("HEAD", "/", ""), status: 200},
	{name: "intercom", request: message("HEAD", "/", ""), status: 200},
	{name: "mandrill", request: message("HEAD", "/", ""), status: 200},
	{name: "mandrill", request: post("mandrill_events=%5B%5D"), status: 200},
	{name: "notion", request: post(`{"verification_token":"secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"}`),
		status: 200},
	{name: "nylas", request: get("/?challenge=bc609b38-c81f-47fb-a275-0d9bd61be4ca"), status: 200,
		body: "bc609b38-c81f-47fb-a275-0d9bd61be4ca"},
	{name: "braintree", request: get("/?bt_challenge=20f9f8ed05f77439fe955c977e4c8a53"),
		secret: "integration_public_key:integration_private_key",
		status: 200, body: "integration_public_key|d9b899556c966b3f06945ec21311865d35df3ce4"},
	{name: "woocommerce", request: post("webhook_id=7"), status: 200},
	{name: "github", request: post(`{"zen":"Keep it logically awesome.","hook_id":1}`, "X-GitHub-Event", "ping"),
		status: 200},
}

func TestEveryHandshakeIsAnsweredAsItsProviderWants(t *testing.T) {
	for _, a := range handshakesAsked {
		t.Run(a.name, func(t *testing.T) {
			h, ok := handshake.Find(a.request, a.name)
			if !ok || h.Name != a.name {
				t.Fatalf("found %q, %v", h.Name, ok)
			}
			reply, err := h.Answer(a.request, schemeOf(a.name), text(a.secret))
			if err != nil {
				t.Fatal(err)
			}
			if reply.Status != a.status || string(reply.Body) != a.body {
				t.Errorf("answered %d %q, want %d %q", reply.Status, reply.Body, a.status, a.body)
			}
			for _, want := range a.fields {
				if !slices.Contains(lines(reply), want) {
					t.Errorf("no %q in %q", want, lines(reply))
				}
			}
			if a.body == "" && strings.Contains(strings.Join(lines(reply), "\n"), "Content-Type") {
				t.Errorf("an answer without a body has the fields of one: %q", lines(reply))
			}
		})
	}
}

// schemeOf is the scheme of a provider, the zero Scheme when it has none.
func schemeOf(name string) sign.Scheme {
	s, _ := catalog.Lookup(name)
	return s
}

func lines(r handshake.Reply) []string {
	var all []string
	for _, f := range r.Fields {
		all = append(all, f.Name+": "+f.Value)
	}
	return all
}

func TestEveryHandshakeOfTheTableIsTested(t *testing.T) {
	tested := map[string]int{}
	for _, a := range handshakesAsked {
		tested[a.name]++
	}
	for _, h := range handshake.All() {
		if tested[h.Name] != len(h.Steps) {
			t.Errorf("%s has %d steps, %d are tested", h.Name, len(h.Steps), tested[h.Name])
		}
	}
	if len(tested) < 25 {
		t.Errorf("%d handshakes are tested: one was lost", len(tested))
	}
}

func TestWithoutANameOnlyWhatIsUnmistakableIsFound(t *testing.T) {
	for _, a := range handshakesAsked {
		named, _ := handshake.Lookup(a.name)
		found, ok := handshake.Find(a.request)
		if ok != named.Distinct || ok && found.Name != a.name {
			t.Errorf("%s: found %q, %v; distinct is %v", a.name, found.Name, ok, named.Distinct)
		}
	}
}

func TestAWebhookIsNoHandshake(t *testing.T) {
	var all []string
	for _, h := range handshake.All() {
		all = append(all, h.Name)
	}
	for what, m := range map[string]sign.Message{
		"an event":                post(`{"type":"invoice.paid","id":"evt_1"}`),
		"a Slack event":           post(`{"type":"event_callback","event":{"type":"message"}}`),
		"a Discord interaction":   post(`{"type":2,"id":"1"}`, "X-Signature-Ed25519", "00"),
		"a Discord webhook event": post(`{"type":1,"event":{"type":"ENTITLEMENT_CREATE"}}`, "X-Signature-Ed25519", "00"),
		"an Asana event": post(`{"events":[]}`, "X-Hook-Signature", "00", "X-Hook-Secret",
			"b537207f20cbfa02357cf448134da559"),
		"a Notion event": post(`{"verification_token":"secret_tMrlL1qK5vuQAh1b6cZG"}`,
			"X-Notion-Signature", "sha256=00"),
		"a Xero event":                post(`{"events":[{"resourceId":"1"}],"entropy":"x"}`, "x-xero-signature", "x"),
		"a Mandrill event":            post("mandrill_events=%5B1%5D"),
		"an SNS notification":         post(`{"Type":"Notification"}`, "x-amz-sns-message-type", "Notification"),
		"a GitHub push":               post(`{"hook_id":1}`, "X-GitHub-Event", "push"),
		"a test event called ping":    post(`{}`, "X-GitHub-Event", "ping"),
		"an OPTIONS of a browser":     message("OPTIONS", "/", "", "Origin", "https://evil.example"),
		"a question with a POST":      message("POST", "/?crc_token=abc", ""),
		"an empty challenge":          get("/?challenge="),
		"a challenge in the fragment": get("/#?challenge=a"),
		"nothing":                     {},
	} {
		if h, ok := handshake.Find(m, all...); ok {
			t.Errorf("%s is taken for the handshake of %s", what, h.Name)
		}
	}
	big := post(`{"challenge":"a","pad":"` + strings.Repeat("x", 64<<10) + `"}`)
	if h, ok := handshake.Find(big, all...); ok {
		t.Errorf("a body of 64 KiB is taken for the handshake of %s", h.Name)
	}
}

func TestHostileChallengesAreRefused(t *testing.T) {
	long := strings.Repeat("x", 8<<10+1)
	for what, a := range map[string]struct {
		name string
		m    sign.Message
	}{
		"a line break in text":        {"dropbox", get("/?challenge=a%0d%0aSet-Cookie:%20x")},
		"a NUL in text":               {"dropbox", get("/?challenge=a%00")},
		"a C1 control":                {"dropbox", get("/?challenge=a%C2%9b31m")},
		"bytes that are no UTF-8":     {"dropbox", get("/?challenge=a%ff")},
		"a megabyte":                  {"dropbox", get("/?challenge=" + strings.Repeat("x", 1<<20))},
		"a byte too many":             {"msgraph", get("/?validationToken=" + long)},
		"the same parameter twice":    {"dropbox", get("/?challenge=a&challenge=b")},
		"the same under another name": {"dropbox", get("/?challenge=a&%63hallenge=b")},
		"two verify tokens": {"meta",
			get("/?hub.mode=subscribe&hub.verify_token=a&hub.challenge=1&hub.challenge=2")},
		"a line break in JSON": {"monday", post(`{"challenge":"a\r\nb"}`)},
		"raw bytes in JSON":    {"monday", post("{\"challenge\":\"a\xff\"}")},
		"a header twice": {"okta",
			get("/", "X-Okta-Verification-Challenge", "a", "X-Okta-Verification-Challenge", "b")},
		"a line break in a header": {"cloudevents", message("OPTIONS", "/", "", "WebHook-Request-Origin",
			"a\r\nSet-Cookie: x")},
		"a line break in a secret":     {"asana", post("", "X-Hook-Secret", "b537207f20cbfa02\r\nX: y")},
		"a secret that can be guessed": {"asana", post("", "X-Hook-Secret", "short")},
		"two secrets": {"asana", post("", "X-Hook-Secret", "b537207f20cbfa02357c", "X-Hook-Secret",
			"b537207f20cbfa02357d")},
		"a webhook to be signed by x": {"x", get(`/?crc_token=%7B%22for_user_id%22%3A%221%22%7D`)},
		"a webhook to be signed by zoom": {"zoom",
			post(`{"event":"endpoint.url_validation","payload":{"plainToken":"v0:1700000000:{}"}}`)},
		"a payload for braintree":    {"braintree", get("/?bt_challenge=PG5vdGlmaWNhdGlvbj4KPC9ub3Q%2BCg%3D%3D")},
		"a number too long":          {"braintree", get("/?bt_challenge=" + strings.Repeat("a", 33))},
		"a push to be signed by x":   {"x", get("/?crc_token=123")},
		"a deploy to be signed by x": {"x", get("/?crc_token=1700000000.deploy")},
		"a word to be signed by x":   {"x", get("/?crc_token=true")},
		"a UUID that is not encoded": {"x", get("/?crc_token=3dd82dfc-b9db-46d8-940e-3bcc903d8244")},
		"a token of zoom with a dot": {"zoom",
			post(`{"event":"endpoint.url_validation","payload":{"plainToken":"1700000000.x"}}`)},
		"a token too long": {"x", get("/?crc_token=" + strings.Repeat("a", 257))},
	} {
		t.Run(what, func(t *testing.T) {
			h, ok := handshake.Find(a.m, a.name)
			if !ok {
				t.Fatal("not found")
			}
			reply, err := h.Answer(a.m, schemeOf(a.name), text("public_key:a_secret_of_the_tests"))
			if _, isError := errors.AsType[*sign.Error](err); !isError || reply.Status != 400 ||
				string(reply.Body) != "handshake refused\n" {
				t.Errorf("answered %d %q, %v", reply.Status, reply.Body, err)
			}
			if _, ok := h.Learnt(a.m); ok {
				t.Error("a secret is learnt")
			}
		})
	}
}

func TestMarkupIsHarmless(t *testing.T) {
	const evil = `</script><script>alert("1")</script>`
	m := post(`{"challenge":"\u003c/script><script>alert(\"1\")\u003c/script>"}`)
	h, _ := handshake.Lookup("monday")
	reply, err := h.Answer(m, sign.Scheme{})
	var said struct{ Challenge string }
	if err != nil || json.Unmarshal(reply.Body, &said) != nil || said.Challenge != evil ||
		bytes.ContainsAny(reply.Body, "<>") {
		t.Errorf("%s, %v", reply.Body, err)
	}
	h, _ = handshake.Lookup("nylas")
	reply, err = h.Answer(get("/?challenge=%3Cscript%3E"), sign.Scheme{})
	want := []string{"Content-Type: text/plain; charset=utf-8", "X-Content-Type-Options: nosniff"}
	if diff := cmp.Diff(want, lines(reply)); err != nil || string(reply.Body) != "<script>" || diff != "" {
		t.Errorf("%s %v %s", reply.Body, err, diff)
	}
}

func TestAChallengeIsDecodedOnce(t *testing.T) {
	h, _ := handshake.Lookup("dropbox")
	reply, err := h.Answer(get("/?challenge=a%252Bb%2B+c"), sign.Scheme{})
	if err != nil || string(reply.Body) != "a%2Bb+ c" {
		t.Errorf("%s, %v", reply.Body, err)
	}
}

func TestWhatWasAgreedMustBeSent(t *testing.T) {
	for _, a := range []struct {
		name, url, param, value string
		status                  int
	}{
		{"meta", "/?hub.mode=subscribe&hub.challenge=1&hub.verify_token=good", "verify_token", "good", 200},
		{"meta", "/?hub.mode=subscribe&hub.challenge=1&hub.verify_token=bad", "verify_token", "good", 403},
		{"meta", "/?hub.mode=subscribe&hub.challenge=1&hub.verify_token=good&hub.verify_token=bad",
			"verify_token", "good", 403},
		{"meta", "/?hub.mode=subscribe&hub.challenge=1&hub.verify_token=any", "verify_token", "", 200},
		{"strava", "/?hub.mode=subscribe&hub.challenge=1&hub.verify_token=bad", "verify_token", "good", 403},
		{"websub", "/?hub.mode=subscribe&hub.challenge=1&hub.topic=t", "topic", "t", 200},
		{"websub", "/?hub.mode=subscribe&hub.challenge=1&hub.topic=u", "topic", "t", 404},
	} {
		h, _ := handshake.Lookup(a.name)
		m := get(a.url)
		m.Params = map[string]string{a.param: a.value}
		reply, err := h.Answer(m, sign.Scheme{})
		if reply.Status != a.status || (err == nil) != (a.status == 200) {
			t.Errorf("%s %s with %s %q: %d, %v", a.name, a.url, a.param, a.value, reply.Status, err)
		}
		if got := h.Unagreed(m.Params); (len(got) == 1) != (a.value == "") {
			t.Errorf("unagreed are %q", got)
		}
	}
}

func TestAnAnswerThatNeedsTheSecretIsNotMadeWithoutOne(t *testing.T) {
	for _, name := range []string{"zoom", "x", "braintree"} {
		i := slices.IndexFunc(handshakesAsked, func(a asked) bool { return a.name == name })
		h, _ := handshake.Lookup(name)
		reply, err := h.Answer(handshakesAsked[i].request, schemeOf(name))
		e, _ := errors.AsType[*sign.Error](err)
		if reply.Status != 500 || e == nil || e.Reason != sign.EmptySecret {
			t.Errorf("%s: %d, %v", name, reply.Status, err)
		}
	}
	h, _ := handshake.Lookup("braintree")
	reply, err := h.Answer(get("/?bt_challenge=20f9f8ed05f77439fe955c977e4c8a53"), schemeOf("braintree"),
		text("only_a_private_key"))
	if reply.Status != 500 || err == nil || strings.Contains(err.Error(), "only_a") {
		t.Errorf("%d, %v", reply.Status, err)
	}
}

func TestASecretIsLearntFromItsHandshakeOnly(t *testing.T) {
	for _, a := range handshakesAsked {
		h, _ := handshake.Lookup(a.name)
		secret, ok := h.Learnt(a.request)
		want := map[string]string{"asana": "b537207f20cbfa02357cf448134da559e8bd39d6",
			"notion": "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"}[a.name]
		if ok != (want != "") || string(secret.Key) != want || strings.Contains(secret.String(), "b537") {
			t.Errorf("%s: learnt %q, %v", a.name, secret.Key, ok)
		}
	}
}

func TestOnlyTheProvidersOwnAddressIsGenuine(t *testing.T) {
	h, _ := handshake.Lookup("aws-sns")
	for address, want := range map[string]bool{
		"https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&Token=1": true,
		"http://sns.us-west-2.amazonaws.com/":                                     false,
		"https://sns.us-west-2.amazonaws.com.evil.example/":                       false,
		"https://sns.bucket.s3.amazonaws.com/":                                    false,
		"https://sns.us-west-2.amazonaws.com@evil.example/":                       false,
		"https://evil.example/sns.us-west-2.amazonaws.com":                        false,
		"https://x@sns.us-west-2.amazonaws.com/":                                  false,
		"https://sns.us-west-2.amazonaws.com:8443/":                               false,
		"https://sns..amazonaws.com/":                                             false,
		"https://sns.\\u0041.amazonaws.com/":                                      false,
		"::":                                                                      false,
	} {
		m := post(`{"Type":"SubscriptionConfirmation","SubscribeURL":"`+address+`"}`, "x-amz-sns-message-type",
			"SubscriptionConfirmation")
		if _, genuine := h.ConfirmAt(m); genuine != want {
			t.Errorf("%s: genuine is %v", address, genuine)
		}
	}
}

// TestANotificationIsNoConfirmation: of a notification SubscribeURL is not signed, and neither is the header. A genuine
// one with both added would have a person subscribe to whose topic ever.
func TestANotificationIsNoConfirmation(t *testing.T) {
	m := post(`{"Type":"Notification","SubscribeURL":"https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription"}`,
		"x-amz-sns-message-type", "SubscriptionConfirmation")
	if _, found := handshake.Find(m, "aws-sns"); found {
		t.Error("taken for a handshake")
	}
}

func TestAHandshakeIsTheCallersOwn(t *testing.T) {
	h, _ := handshake.Lookup("slack")
	h.Steps[0].Status, h.Steps[0].Methods[0], h.Steps[0].Has[0].Is[0] = 500, "PUT", "other"
	again, _ := handshake.Lookup("slack")
	if again.Steps[0].Status != 200 || again.Steps[0].Methods[0] != "POST" ||
		again.Steps[0].Has[0].Is[0] != "url_verification" {
		t.Errorf("%+v", again)
	}
	if _, ok := handshake.Lookup(""); ok {
		t.Error("no name is a name")
	}
}

func TestSchemesNameHandshakesThatAreThere(t *testing.T) {
	named := 0
	for _, s := range catalog.All() {
		if s.Handshake == "" {
			continue
		}
		named++
		if _, ok := handshake.Lookup(s.Handshake); !ok {
			t.Errorf("%s names %q", s.Name, s.Handshake)
		}
	}
	if named < 5 {
		t.Errorf("%d schemes have a handshake", named)
	}
}

func TestAHandshakeSaysWhatItIs(t *testing.T) {
	for name, want := range map[string]string{
		"slack": "POST with JSON type = url_verification and JSON challenge, signed: answered 200 with {json.challenge}; " +
			"sent when the URL is saved",
		"x": `GET with ?crc_token=: answered 200 with {"response_token":"sha256={mac}"}, ` +
			"where {mac} is the HMAC-SHA256 base64 of ?crc_token= with the secret; " +
			"sent when the webhook is registered, then hourly; answer within 3 s",
		"asana": "POST with header X-Hook-Secret: answered 200, X-Hook-Secret: {header.X-Hook-Secret}; " +
			"header X-Hook-Secret becomes the secret; sent when the webhook is created",
		"mandrill": "HEAD: answered 200\nPOST with form field mandrill_events = []: answered 200; " +
			"sent when the webhook is created",
	} {
		h, _ := handshake.Lookup(name)
		if diff := cmp.Diff(want, h.Describe()); diff != "" {
			t.Error(diff)
		}
	}
	for _, h := range handshake.All() {
		if h.Title == "" || !strings.HasPrefix(h.Docs, "https://") || h.When == "" || h.Evidence == "" || h.Describe() == "" {
			t.Errorf("%s says too little", h.Name)
		}
	}
}

// checkReply is what holds of every answer, whatever was asked: no field that ends a line, nothing of the secret, a
// body of JSON that is JSON.
func checkReply(t interface{ Errorf(string, ...any) }, r handshake.Reply, secret string) {
	all := string(r.Body)
	isJSON := false
	for _, f := range r.Fields {
		if strings.ContainsAny(f.Name+f.Value, "\r\n\x00") {
			t.Errorf("field %q: %q", f.Name, f.Value)
		}
		isJSON = isJSON || f.Name == "Content-Type" && f.Value == "application/json"
		all += "\n" + f.Value
	}
	if strings.Contains(all, secret) {
		t.Errorf("the secret is in %q", all)
	}
	if isJSON && !json.Valid(r.Body) {
		t.Errorf("%q is no JSON", r.Body)
	}
	if r.Status < 200 || r.Status > 599 || len(all) > 64<<10 {
		t.Errorf("status %d, %d bytes", r.Status, len(all))
	}
}

func TestNoAnswerEndsALineOrGivesTheSecretAway(t *testing.T) {
	const secret = "public_key:tests_secret_§_0123"
	rapid.Check(t, func(t *rapid.T) {
		a := handshakesAsked[rapid.IntRange(0, len(handshakesAsked)-1).Draw(t, "handshake")]
		challenge := rapid.OneOf(rapid.String(), rapid.StringMatching(`[\x00-\x7f]{0,40}`),
			rapid.StringMatching(`[0-9a-f]{20,32}`)).Draw(t, "challenge")
		m := a.request
		for _, field := range []string{"X-Hook-Secret", "WebHook-Request-Origin", "X-Okta-Verification-Challenge"} {
			if m.Header.Get(field) != "" {
				m.Header = m.Header.Clone()
				m.Header.Set(field, challenge)
			}
		}
		before, query, _ := strings.Cut(m.URL, "?")
		for _, name := range []string{"challenge", "hub.challenge", "crc_token", "validationToken", "bt_challenge"} {
			if strings.Contains("&"+query, "&"+name+"=") {
				m.URL = before + "?hub.mode=subscribe&hub.verify_token=1&hub.topic=1&" + name + "=" + escape(challenge)
			}
		}
		quoted, err := json.Marshal(challenge)
		if err != nil {
			t.Fatal(err)
		}
		for _, old := range []string{"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P", "qgg8vlvZRS6UYooatFL8Aw",
			"pogchamp-kappa-360noscope-vohiyo", "512d38b6-c7b8"} {
			m.Body = bytes.ReplaceAll(m.Body, []byte(`"`+old+`"`), quoted)
		}
		h, _ := handshake.Lookup(a.name)
		reply, _ := h.Answer(m, schemeOf(h.Name), text(secret))
		checkReply(t, reply, secret)
		checkReply(t, reply, "tests_secret")
	})
}

// escape writes every byte as %XX.
func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteString("%" + string("0123456789abcdef"[s[i]>>4]) + string("0123456789abcdef"[s[i]&15]))
	}
	return b.String()
}

func FuzzHandshakes(f *testing.F) {
	for _, a := range handshakesAsked {
		name, value := "", ""
		for n := range a.request.Header {
			name, value = n, a.request.Header.Get(n)
		}
		f.Add(a.request.Method, a.request.URL, name, value, a.request.Body)
	}
	var all []string
	for _, h := range handshake.All() {
		all = append(all, h.Name)
	}
	f.Fuzz(func(t *testing.T, method, url, name, value string, body []byte) {
		const secret = "pub:the secret of § the fuzz"
		m := sign.Message{Method: method, URL: url, Header: http.Header{name: {value}}, Body: body,
			Params: map[string]string{"verify_token": value}}
		for _, n := range all {
			h, ok := handshake.Find(m, n)
			if !ok {
				continue
			}
			reply, err := h.Answer(m, schemeOf(h.Name), text(secret))
			if err == nil && reply.Status >= 300 {
				t.Errorf("%s: %d without a reason", n, reply.Status)
			}
			if !strings.Contains(url+value+string(body), "fuzz") { // who knows it may have it said back
				checkReply(t, reply, "the secret of § the fuzz")
			}
			h.Learnt(m)
			h.ConfirmAt(m)
		}
	})
}

// Anybody can have such a challenge proven, so the proof must be no signature of a webhook.
func TestVerifyRefusesWhatAHandshakeProvesToAnybody(t *testing.T) {
	known := []sign.Challenge{sign.XToken(), sign.BraintreeToken()}
	for _, h := range handshake.All() {
		for _, s := range h.Steps {
			if s.MAC.Of != "" && !s.Signed && !slices.Contains(known, s.MAC.Challenge) {
				t.Errorf("%s proves challenges to anybody that sign does not know", h.Name)
			}
		}
	}
}
