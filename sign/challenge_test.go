package sign_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"hash"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/sign/handshake"
)

// prover is a handshake whose answer holds an HMAC of what the request says.
type prover struct {
	scheme string
	secret string
	key    []byte // that the HMAC is made with
	hash   func() hash.Hash
	signed bool // the request is signed, so that strangers get no answer
	ask    func(token string) sign.Message
}

func provers() []prover {
	private := sha1.Sum([]byte("the private key of the tests"))
	return []prover{
		{"x", "the consumer secret of the tests", []byte("the consumer secret of the tests"), sha256.New, false,
			func(token string) sign.Message { return asked("GET", "/?crc_token="+url.QueryEscape(token), "") }},
		{"braintree", "public_key:the private key of the tests", private[:], sha1.New, false,
			func(token string) sign.Message { return asked("GET", "/?bt_challenge="+url.QueryEscape(token), "") }},
		{"zoom", "the secret token of the tests", []byte("the secret token of the tests"), sha256.New, true,
			func(token string) sign.Message {
				quoted, _ := json.Marshal(token)
				return asked("POST", "/", `{"event":"endpoint.url_validation","payload":{"plainToken":`+string(quoted)+`}}`)
			}},
	}
}

func TestEveryHandshakeWithAProofIsAttacked(t *testing.T) {
	var found []string
	for _, h := range handshake.All() {
		for _, s := range h.Steps {
			if s.MAC.Of != "" {
				found = append(found, h.Name)
			}
			for _, p := range provers() {
				if p.scheme == h.Name && p.signed != s.Signed {
					t.Errorf("%s: signed is %v", h.Name, s.Signed)
				}
			}
		}
	}
	if len(found) != len(provers()) {
		t.Errorf("%q have a proof", found)
	}
}

func asked(method, url, body string) sign.Message {
	return sign.Message{Method: method, URL: "https://hooks.example.com" + url, Body: []byte(body), Header: http.Header{}}
}

// bodiesAsked are bodies that a webhook may have and a stranger may ask the proof of: JSON of one word, text, what X
// and Braintree ask themselves, payloads of a form.
func bodiesAsked() []string {
	return []string{"123", "-1", "1e5", "true", "null", `"x"`, "[]", "{}", `{"a":1}`, "deploy", "a=b", "payload=1", "",
		"x", "MTIz", "MTIzNDU2Nzg5MDEy",
		"M2RkODJkZmMtYjlkYi00NmQ4LTk0MGUtM2JjYzkwM2Q4MjQ0", "MzMzMzMzMzMzMzMz", "20f9f8ed05f77439fe955c977e4c8a53",
		strings.Repeat("1", 20),
		strings.Repeat("1700000000", 4), "qgg8vlvZRS6UYooatFL8Aw", "bt_payload=20f9f8ed05f77439fe955c977e4c8a53",
		"bt_payload=11111111111111111111%0A"}
}

var anyName = regexp.MustCompile(`\{[^}]*\}`)

// contentOf is what a scheme signs of a message, where a template says it.
func contentOf(s sign.Scheme, m sign.Message) string {
	ts := map[sign.Unit]string{sign.Seconds: "1700000000", sign.Milliseconds: "1700000000000",
		sign.RFC3339:       "2023-11-14T22:13:20Z",
		sign.RFC3339Millis: "2023-11-14T22:13:20.000Z"}[s.Time.Unit]
	filled := strings.NewReplacer("{ts}", ts, "{id}", m.ID, "{body}", string(m.Body), "{url}", m.URL, "{method}", m.Method,
		"{lb}", "{", "{rb}", "}",
		"{body|json}", strconv.Quote(string(m.Body))).Replace(s.Content)
	return anyName.ReplaceAllString(filled, "x")
}

// proofs asks a handshake for every token, and returns those that were proven with the proof as it may stand in a
// signature.
func (p prover) proofs(t *testing.T, tokens []string) map[string][]string {
	t.Helper()
	h, _ := handshake.Lookup(p.scheme)
	scheme, _ := catalog.Lookup(p.scheme)
	proven := map[string][]string{}
	for _, token := range tokens {
		mac := hmac.New(p.hash, p.key)
		mac.Write([]byte(token))
		sum := mac.Sum(nil)
		written := []string{hex.EncodeToString(sum), base64.StdEncoding.EncodeToString(sum),
			base64.RawURLEncoding.EncodeToString(sum)}
		reply, err := h.Answer(p.ask(token), scheme, text(p.secret))
		if err != nil {
			continue
		}
		if body := string(reply.Body); !strings.Contains(body, written[0]) && !strings.Contains(body, written[1]) {
			t.Fatalf("%s: the proof of %q is not in %s", p.scheme, token, body)
		}
		proven[token] = written
	}
	return proven
}

// TestNoAnswerToAHandshakeIsASignature asks every handshake to prove what every scheme signs of every body, and forges
// webhooks of every symmetric scheme with the answers, under the same key.
func TestNoAnswerToAHandshakeIsASignature(t *testing.T) {
	for _, p := range provers() {
		tokens := bodiesAsked()
		for _, s := range catalog.All() {
			for _, body := range bodiesAsked() {
				tokens = append(tokens, contentOf(s, forgery(s, body)), body+"\n")
			}
		}
		proven := p.proofs(t, tokens)
		if len(proven) == 0 {
			t.Errorf("%s proves nothing at all", p.scheme)
		}
		if p.signed { // those who can ask have the key
			continue
		}
		tried := 0
		for _, s := range catalog.All() {
			if s.Auth != sign.HMAC && s.Auth != sign.Digest {
				continue
			}
			secret := symmetric(s, p.key)
			if s.Key == sign.KeyPair {
				secret = text(p.secret)
			}
			for _, body := range bodiesAsked() {
				m := forgery(s, body)
				signed, err := s.Sign(m, secret)
				if err != nil {
					continue
				}
				tried++
				got := receive(m, signed)
				if _, err = s.Verify(got, at, secret); err != nil {
					continue
				}
				for token, written := range proven {
					for _, w := range written {
						if strings.Contains(wire(got), w) || strings.Contains(wire(got), url.QueryEscape(w)) {
							t.Errorf("%s proves %q, and that is %s of %q", p.scheme, token, s.Name, body)
						}
					}
				}
			}
		}
		if tried < 500 {
			t.Errorf("%s: only %d forgeries", p.scheme, tried)
		}
	}
}

func forgery(s sign.Scheme, body string) sign.Message {
	m := newMessage(s)
	m.ID, m.URL, m.Header, m.Body = "1", "https://h", http.Header{}, []byte(body)
	return m
}

// wire is all of a message that its sender wrote.
func wire(m sign.Message) string {
	all := m.URL + "\n" + string(m.Body)
	for _, values := range m.Header {
		all += "\n" + strings.Join(values, "\n")
	}
	return all
}

func TestAProofIsMadeOnlyForTheSchemeOfTheHandshake(t *testing.T) {
	tokens := map[string]string{"x": "M2RkODJkZmMtYjlkYi00NmQ4LTk0MGUtM2JjYzkwM2Q4MjQ0",
		"braintree": "20f9f8ed05f77439fe955c977e4c8a53", "zoom": "qgg8vlvZRS6UYooatFL8Aw"}
	for _, p := range provers() {
		h, _ := handshake.Lookup(p.scheme)
		for _, other := range append(catalog.All(), sign.Scheme{}) {
			reply, err := h.Answer(p.ask(tokens[p.scheme]), other, text(p.secret))
			want := 403
			if other.Handshake == p.scheme {
				want = 200
			}
			if reply.Status != want || (err == nil) != (want == 200) {
				t.Errorf("%s under %q: %d, %v", p.scheme, other.Name, reply.Status, err)
			}
		}
	}
}

func TestAGenuineWebhookIsNoChallenge(t *testing.T) {
	for name, body := range map[string]string{"x": `{"for_user_id":"1"}`, "braintree": "<notification/>",
		"zoom": `{"event":"meeting.started"}`, "github": "hello", "generic": "0123456789abcdef0123456789abcdef"} {
		s, _ := catalog.Lookup(name)
		keys := newPair(s, 0)
		m := newMessage(s)
		m.Body = []byte(body)
		expect(t, name, s, deliver(t, s, m, keys.signing), keys.verifying, "")
	}
}

// A stream is judged as a body is.
func TestAStreamedChallengeIsRefused(t *testing.T) {
	s, _ := catalog.Lookup("github")
	m := newMessage(s)
	m.Body = []byte("M2RkODJkZmMtYjlkYi00NmQ4LTk0MGUtM2JjYzkwM2Q4MjQ0")
	keys := newPair(s, 0)
	got := deliver(t, s, m, keys.signing)
	got.Stream, got.Body = strings.NewReader(string(got.Body)), nil
	expect(t, "a streamed challenge", s, got, keys.verifying, sign.MalformedBody)
}
