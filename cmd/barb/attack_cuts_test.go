package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const cutSecret = "a secret of the tests, shared"

// tokenOf is a JSON Web Token of a secret, in its header.
func tokenOf(secret, prefix, claims string) string {
	signed := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256"}`)) + "." +
		base64.RawURLEncoding.EncodeToString([]byte(claims))
	mac, _ := hex.DecodeString(macOf(secret, signed))
	return "Authorization: " + prefix + signed + "." + base64.RawURLEncoding.EncodeToString(mac)
}

// life is the end of a token's claims: good for an hour.
func life() string {
	now := time.Now().Unix()
	return fmt.Sprintf(`"nbf":%d,"exp":%d}`, now, now+3600)
}

// cuts are forgeries from a captured webhook, made without the secret and sent under auto. Some divide its signed
// content anew, into the fields, the id or the body of another scheme with a timestamp. Others send its token with a
// different body.
func cuts(secret string) map[string]replay {
	now := time.Now().UTC()
	unix, stamp := fmt.Sprint(now.Unix()), now.Format(time.RFC3339)
	std := func(content string) string {
		mac, _ := hex.DecodeString(macOf(secret, content))
		return base64.StdEncoding.EncodeToString(mac)
	}
	mailgun := func(token string) replay {
		return replay{
			fmt.Sprintf(`{"signature":{"timestamp":"%s","token":%q,"signature":"%s"},"event-data":{"event":"forged"}}`, unix,
				token, macOf(secret, unix+token)), []string{"Content-Type: application/json"}}
	}
	sign := fmt.Sprintf(`{"event":{"event_time":"%s","event_type":".{}","event_hash":"%s"}}`, unix,
		macOf(secret, unix+".{}"))
	twitch := func(id string) replay {
		return replay{`"}`, []string{"Twitch-Eventsub-Message-Id: " + id, "Twitch-Eventsub-Message-Timestamp: " + stamp,
			"Twitch-Eventsub-Message-Signature: sha256=" + macOf(secret, id+stamp+`"}`)}}
	}
	openai := func(id, rest string) replay {
		return replay{rest, []string{"webhook-id: " + id, "webhook-timestamp: " + unix,
			"webhook-signature: v1," + std(id+"."+unix+"."+rest)}}
	}
	return map[string]replay{
		"stripe as mailgun, its body a field":         mailgun(`.{"id":"evt_1"}`),
		"a text of tailscale as mailgun":              mailgun(".hello"),
		"a form of cashfree as mailgun":               mailgun("123a=b&c=d"),
		"stripe as dropbox-sign":                      {sign, []string{"Content-Type: application/json"}},
		"an old stripe as twitch, a time in its body": twitch(`1700000000.{"at":"`),
		"a push as twitch":                            twitch(`{"head_commit":{"timestamp":"`),
		"a form as twitch":                            twitch(`at=`),
		"a push as openai":                            openai(`{"title":"v1`, `y"}`),
		"a form as openai":                            openai("payload=%7B%22title%22%3A%22v1", "y"),
		"XML as openai":                               openai("<title>v1", "y</title>"),
		"a form that ends in a time as box": {"a=b&at=",
			[]string{"BOX-DELIVERY-TIMESTAMP: " + stamp, "BOX-SIGNATURE-PRIMARY: " + std("a=b&at="+stamp)}},
		"a participant's token of livekit": {"{}",
			[]string{tokenOf(secret, "", `{"iss":"APIkey","sub":"guest","video":{"room":"r"},`+life())}},
		"a token of qstash": {"{}",
			[]string{tokenOf(secret, "", `{"iss":"Upstash","sub":"https://a.example/","body":"x",`+life())}},
		"a session of one's own":        {"{}", []string{tokenOf(secret, "", `{"sub":"user_1",`+life())}},
		"a token of vonage for no body": {"{}", []string{tokenOf(secret, "Bearer ", `{"iss":"Vonage","iat":`+unix+`}`)}},
	}
}

// A token that a stricter scheme reads and refuses is not tried as that of one which asks for less.
func TestATokenIsBoundToItsWebhook(t *testing.T) {
	t.Parallel()
	b := newBarb(t)
	secret := "file:" + b.write(t, "secret", cutSecret)
	sum := sha256.Sum256([]byte(`{"event":"room_started"}`))
	claims := func(issuer string) string {
		return tokenOf(cutSecret, "", `{"iss":"`+issuer+`","sha256":"`+base64.StdEncoding.EncodeToString(sum[:])+`",`+life())
	}
	for what, c := range map[string]struct {
		body, token, param string
		code               int
		says               string
	}{
		"genuine":                {`{"event":"room_started"}`, claims("APIkey"), "APIkey", 0, "valid  livekit"},
		"with another body":      {`{"event":"forged"}`, claims("APIkey"), "APIkey", 1, "signature_mismatch  livekit"},
		"of another key":         {`{"event":"room_started"}`, claims("other"), "APIkey", 1, "wrong_claim  livekit"},
		"whose key is not known": {`{"event":"room_started"}`, claims("APIkey"), "", 2, "--param api_key=VALUE"},
		"of a participant": {"{}", tokenOf(cutSecret, "", `{"iss":"APIkey",`+life()), "APIkey", 1,
			"weaker_signature  monday  the token does not cover this body"},
		"of nobody, made otherwise": {"{}", tokenOf("another secret", "", `{"iss":"APIkey",`+life()), "APIkey", 1,
			"signature_mismatch"},
	} {
		args := []string{"verify", "-d", c.body, "--secret", secret, "-H", c.token}
		if c.param != "" {
			args = append(args, "--param", "api_key="+c.param)
		}
		if code, text := b.said(args...); code != c.code || !strings.Contains(text, c.says) {
			t.Errorf("%s: %d, want %d with %q\n%s", what, code, c.code, c.says, text)
		}
	}
	if code, text := b.said("verify", "-d", "{}", "-s", "monday", "--secret", secret, "-H",
		tokenOf(cutSecret, "", `{"iss":"APIkey",`+life())); code != 0 {
		t.Errorf("-s monday = %d\n%s", code, text)
	}
}

// The scheme of a recorded webhook is its sender's word, unless the webhook was found valid by it.
func TestASendersHeaderNamesNoScheme(t *testing.T) {
	t.Parallel()
	const public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a" // RFC 8032, section 7.1
	old := "1700000000.{}"
	hub := func(key, body string) string { return "X-Hub-Signature-256: sha256=" + macOf(key, body) }
	for what, c := range map[string]struct {
		listen       []string
		key          string
		body, header string
		code         int
		says         string
	}{
		"an HMAC with a public key": {nil, public, "{}", hub(public, "{}"), 2, "-s discord"},
		"the same for another provider": {nil, public, "{}", "Sentry-Hook-Signature: " + macOf(public, "{}"), 2,
			"-s discord"},
		"the same beside another secret": {[]string{"--secret", "SHARED"}, public, "{}",
			hub(public, "{}"), 2, "-s discord"},
		"an old stripe": {nil, cutSecret, old, hub(cutSecret, old), 1, "weaker_signature"},
		"an old stripe, refused when it came": {[]string{"--secret", "SHARED"}, cutSecret, old, hub(cutSecret, old), 1,
			"weaker_signature"},
		"what was verified": {[]string{"-s", "github", "--secret", "KEY"}, public, "{}",
			hub(public, "{}"), 0, "valid  github"},
		"what was verified by a scheme that was": {[]string{"-s", "github", "--secret", "KEY"}, cutSecret, old,
			hub(cutSecret, old), 0, "valid  github"},
		"what nothing was checked of": {nil, cutSecret, "{}", hub(cutSecret, "{}"), 0, "valid  github"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			b := newBarb(t)
			key := "file:" + b.write(t, "key", c.key)
			refs := strings.NewReplacer("KEY", key, "SHARED", "file:"+b.write(t, "shared", cutSecret))
			for i := range c.listen {
				c.listen[i] = refs.Replace(c.listen[i])
			}
			address, stop := b.listen(t, c.listen...)
			sendTo(t, address, "/", c.body, c.header)
			stop()
			if code, text := b.said("verify", "1", "--secret", key); code != c.code || !strings.Contains(text, c.says) {
				t.Errorf("%d, want %d with %q\n%s", code, c.code, c.says, text)
			}
		})
	}
}

// A forward is judged as what it forwards, and by the scheme of the route that covers the path where nothing was
// verified.
func TestAForwardIsJudgedAsWhatItForwards(t *testing.T) {
	t.Parallel()
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer app.Close()
	b := newBarb(t)
	config := routed(t, b,
		"[[route]]\npath = \"/hook\"\nscheme = \"github\"\nsecret = \"file:DIR/secret\"\nforward_to = \""+app.URL+"\"\n")
	address, stop := b.listen(t, "--config", config)
	old := "1700000000.{}"
	sendTo(t, address, "/hook", old, "X-Hub-Signature-256: sha256="+macOf("whsec_of_the_one", old))
	sendTo(t, address, "/hook", old, "X-Hub-Signature-256: sha256="+macOf("whsec_of_another", old))
	stop()
	b.run(t, 0, "verify", "2", "--config", config, "--secret", "file:"+b.dir+"/secret")
	b.run(t, 0, "verify", "3", "--config", config, "--secret", "file:"+b.dir+"/other")
}
