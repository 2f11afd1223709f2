package conformance

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"
)

// greeting is a provider's request when a URL is saved.
type greeting struct {
	name     string
	provider string
	body     string // "" for a GET
	target   string // of a GET
	forged   bool   // signed with another secret
	plain    string // the member of the SDK's JSON that barb answers as text, where the provider accepts both
}

// reply is an HTTP response: the body as JSON if it is JSON, else as text.
type reply struct {
	Status int
	Body   any
}

func greetings() []greeting {
	const (
		ping       = `{"type":1,"id":"1","application_id":"2","token":"t","version":1}`
		events     = `{"version":1,"application_id":"2","type":0}`
		validation = `{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},` +
			`"event_ts":1700000000000}`
		challenge = `{"token":"t","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P",` +
			`"type":"url_verification"}`
	)
	return []greeting{
		{name: "zoom", provider: "zoom", body: validation},
		{name: "zoom, forged", provider: "zoom", body: validation, forged: true},
		{name: "discord interactions", provider: "discord", body: ping},
		{name: "discord interactions, forged", provider: "discord", body: ping, forged: true},
		{name: "discord events", provider: "discord", body: events},
		{name: "discord events, forged", provider: "discord", body: events, forged: true},
		{name: "slack", provider: "slack", body: challenge, plain: "challenge"},
		{name: "braintree", provider: "braintree", target: "/in?bt_challenge=20f9f8ed05f77439fe955c977e4c8a53"},
		{name: "x", provider: "x", target: "/in?crc_token=" + crcToken},
	}
}

// barb listen and the provider's SDK answer the same request in the same way.
func TestBarbListenAnswersHandshakesAsSDKsDo(t *testing.T) {
	sampleOf, known, sdks := samples(t), catalogue(t), everyAdapter(t)
	for _, g := range greetings() {
		t.Run(g.name, func(t *testing.T) {
			row, ok := known[g.provider]
			if !ok {
				t.Fatalf("barb does not know %s", g.provider)
			}
			p := &provider{scheme: row, sample: sampleOf(g.provider)}
			p.secrets = p.pairs(t)
			m := g.message(t, p)
			got, want := p.greeted(t, m), g.expected(t, p, sdks, m)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("barb listen answers %v, the SDK %v\n%s", got, want, m.wire())
			}
		})
	}
}

func (g greeting) message(t *testing.T, p *provider) message {
	t.Helper()
	if g.body == "" {
		return message{method: "GET", url: "https://hooks.example.com" + g.target,
			fields: []field{{"Host", "hooks.example.com"}}}
	}
	signer := p.secrets[0]
	if g.forged {
		signer = p.secrets[1]
	}
	return p.sign(t, g.body, time.Now(), signer)
}

// greeted returns the response of barb listen.
func (p *provider) greeted(t *testing.T, m message) reply {
	t.Helper()
	url := start(t, receiver{"barb listen", func(t *testing.T) *exec.Cmd {
		return exec.Command(barb, "listen", "--addr", "127.0.0.1:0", "-s", p.Name, "--secret",
			"file:"+p.secretFile(t), "--handshake",
			"--jq", `select(.event == "listening") | .url`)
	}})
	conn, err := net.DialTimeout("tcp", strings.TrimPrefix(url, "http://"), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(m.wire()); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return replied(answer.StatusCode, body)
}

// expected returns the response of the SDK. X has none: its documentation prescribes the response.
func (g greeting) expected(t *testing.T, p *provider, sdks []adapter, m message) reply {
	t.Helper()
	if g.provider == "x" {
		return reply{http.StatusOK, map[string]any{"response_token": "sha256=" + crc(p.secrets[0].verifies)}}
	}
	if g.forged {
		return reply{Status: http.StatusUnauthorized, Body: ""}
	}
	for _, a := range sdks {
		if a.Provider == g.provider && a.Handshake {
			r := a.judge.ask(t, question{
				Op: "handshake", Provider: a.Provider, SDK: a.SDK, Time: time.Now().Unix(), Method: m.method, URL: m.url,
				Headers: m.fields, Body: m.body, Secrets: []string{p.secrets[0].verifies},
			})
			if r.Fault != "" {
				t.Fatal(r.Fault)
			}
			return g.asText(replied(r.Status, r.Body))
		}
	}
	t.Fatalf("no SDK answers the handshake of %s", g.provider)
	return reply{}
}

func (g greeting) asText(r reply) reply {
	if object, ok := r.Body.(map[string]any); ok && g.plain != "" {
		r.Body = object[g.plain]
	}
	return r
}

func replied(status int, body []byte) reply {
	var value any
	if json.Unmarshal(bytes.TrimSpace(body), &value) != nil {
		value = strings.TrimSpace(string(body))
	}
	if status == http.StatusUnauthorized {
		value = "" // the text about a bad signature is not part of a contract
	}
	return reply{status, value}
}

const crcToken = "M2RkODJkZmMtYjlkYi00NmQ4LTk0MGUtM2JjYzkwM2Q4MjQ0" // from X itself, 2026

func crc(secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(crcToken))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
