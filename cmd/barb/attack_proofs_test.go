package main

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// weakProof is a webhook that somebody signed rightly, and what an attacker makes of it on the way.
type weakProof struct {
	scheme  string
	params  []string // of the listener
	sign    []string // arguments of barb sign
	forge   func(path, body string, headers []string) (string, string, []string)
	genuine bool // the webhook itself is the listener's
}

func anothers(path, body string, headers []string) (string, string, []string) {
	return path, body, headers
}

func addJSON(member string) func(path, body string, headers []string) (string, string, []string) {
	return func(path, body string, headers []string) (string, string, []string) {
		return path, strings.TrimSuffix(body, "}") + "," + member + "}", headers
	}
}

func addQuery(text string) func(path, body string, headers []string) (string, string, []string) {
	return func(path, body string, headers []string) (string, string, []string) {
		return path + text, body, headers
	}
}

func addHeader(line string) func(path, body string, headers []string) (string, string, []string) {
	return func(path, body string, headers []string) (string, string, []string) {
		return path, body, append(headers, line)
	}
}

// A webhook with a good signature is answered 401 and reaches no app when it belongs to somebody else, or when it hides
// a second copy of a signed value. The genuine webhook is answered 200.
func TestWhatIsSignedForAnotherOrTwiceReachesNoApp(t *testing.T) {
	t.Parallel()
	const mine, theirs = "arn:aws:sns:eu-west-1:1:mine", "arn:aws:sns:eu-west-1:2:theirs"
	sns := []string{"-d", `{"Message":"hello"}`, "--param", "topic_arn=" + mine}
	for name, c := range map[string]weakProof{
		"a topic of another account": {"aws-sns", []string{"topic_arn=" + mine},
			[]string{"-d", "{}", "--param", "topic_arn=" + theirs}, anothers, false},
		"an old notification": {"aws-sns", []string{"topic_arn=" + mine},
			append([]string{"--timestamp", "1700000000"}, sns...), anothers, false},
		"a message in another case":  {"aws-sns", []string{"topic_arn=" + mine}, sns, addJSON(`"message":"evil"`), true},
		"a subject in another case":  {"aws-sns", []string{"topic_arn=" + mine}, sns, addJSON(`"subject":"evil"`), true},
		"a message behind a comment": {"aws-sns", []string{"topic_arn=" + mine}, sns, addJSON(`/*"*/"Message":"evil"`), true},
		"a token for another project": {"pubsub",
			[]string{"audience=https://h.example", "email=me@p.iam.gserviceaccount.com"},
			[]string{"-d", "{}", "--param", "audience=https://h.example", "--param", "email=evil@p.iam.gserviceaccount.com"},
			anothers, false},
		"a result of another user": {"fal", []string{"user_id=me"},
			[]string{"-d", "{}", "--id", "1", "--param", "user_id=evil"}, anothers, false},
		"a second user": {"fal", []string{"user_id=me"},
			[]string{"-d", "{}", "--id", "1", "--param", "user_id=me"}, addHeader("X_Fal_Webhook_User_Id: evil"), true},
		"an id with a bad escape": {"mercadopago", nil, []string{"-d", "{}", "--url", "http://h/hook?data.id=1"},
			addQuery("&data.id=%zz"), true},
		"an id behind a semicolon": {"mercadopago", nil, []string{"-d", "{}", "--url", "http://h/hook?data.id=1"},
			addQuery("&x=1;data.id=2"), true},
		"an id as PHP reads it": {"mercadopago", nil, []string{"-d", "{}", "--url", "http://h/hook?data.id=1"},
			addQuery("&data_id=2"), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			weakProofIsRefused(t, c)
		})
	}
}

func weakProofIsRefused(t *testing.T, c weakProof) {
	b := newBarb(t)
	var reached atomic.Int64
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer app.Close()
	var key struct{ Signing, Verifying string }
	if err := json.Unmarshal([]byte(b.run(t, 0, "schemes", c.scheme, "--generate-key", "--json")), &key); err != nil {
		t.Fatal(err)
	}
	signing := b.write(t, "signing", key.Signing)
	verifying := b.write(t, "verifying", key.Verifying)
	var signed struct {
		Headers map[string]string
		Body    []byte `json:"body_base64"`
	}
	arguments := append([]string{"sign", "-s", c.scheme, "--secret", "file:" + signing, "-o", "json"}, c.sign...)
	if err := json.Unmarshal([]byte(b.run(t, 0, arguments...)), &signed); err != nil {
		t.Fatal(err)
	}
	headers, body := []string{"Content-Type: application/json"}, cmp.Or(string(signed.Body), "{}")
	for name, value := range signed.Headers {
		headers = append(headers, name+": "+value)
	}
	arguments = []string{"-s", c.scheme, "--secret", "file:" + verifying, "--forward-to", app.URL}
	for _, p := range c.params {
		arguments = append(arguments, "--param", p)
	}
	address, stop := b.listen(t, arguments...)
	path, want := "/hook?data.id=1", int64(0)
	if c.genuine {
		want = 1
		if status := sendTo(t, address, path, body, headers...); status != 200 {
			t.Errorf("the webhook itself is answered %d", status)
		}
	}
	path, body, headers = c.forge(path, body, headers)
	if status := sendTo(t, address, path, body, headers...); status != 401 {
		t.Errorf("answered %d", status)
	}
	stop()
	if reached.Load() != want {
		t.Errorf("%d reached the app, want %d", reached.Load(), want)
	}
}

// A signed webhook that happens to look like the unsigned handshake of another provider reaches the app. Without a
// signature it is answered as the handshake, and reaches no app.
func TestASignedWebhookIsNoHandshake(t *testing.T) {
	t.Parallel()
	const secret = "a secret of the tests, shared"
	const note, asked = `{"value":[{"clientState":"` + secret + `"}]}`, `{"challenge":"x","ref":"main"}`
	hub := func(body string) string { return "X-Hub-Signature-256: sha256=" + macOf(secret, body) }
	auto := []string{"--secret", "file:SECRET"}
	for name, c := range map[string]struct {
		flags      []string
		path, body string
		signature  string
		header     string
	}{
		"msgraph's, by the query": {auto, "/gh?validationToken=t", "{}", hub("{}"), ""},
		"msgraph's, on a named route": {append(auto, "-s", "github", "--handshake=all"), "/gh?validationToken=t",
			"{}", hub("{}"), ""},
		"msgraph's, with another's token": {auto, "/?validationToken=t", "{}", "X-Gitlab-Token: " + secret, ""},
		"monday's, by the body":           {append(auto, "-s", "github", "--handshake=all"), "/", asked, hub(asked), ""},
		"notion's, by the body": {append(auto, "-s", "github", "--handshake=notion"), "/",
			`{"verification_token":"0123456789abcdef"}`, hub(`{"verification_token":"0123456789abcdef"}`), ""},
		"asana's, by a header": {auto, "/", "{}", hub("{}"), "X-Hook-Secret: 0123456789abcdef0"},
		"eventgrid's, by both": {auto, "/", `[{"data":{"validationCode":"c"}}]`, hub(`[{"data":{"validationCode":"c"}}]`),
			"aeg-event-type: SubscriptionValidation"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, app := newBarb(t), newBehind(t)
			flags := append([]string{"--forward-to", app.URL}, c.flags...)
			flags[3] = "file:" + b.write(t, "secret", secret)
			address, stop := b.listen(t, flags...)
			defer stop()
			headers := []string{"Content-Type: application/json"}
			if c.header != "" {
				headers = append(headers, c.header)
			}
			if status := sendTo(t, address, c.path, c.body, headers...); status != 200 || app.seen() != "" {
				t.Errorf("the handshake is answered %d, and the app got %q", status, app.seen())
			}
			if status := sendTo(t, address, c.path, c.body, append(headers, c.signature)...); status != 200 ||
				app.seen() != "POST "+c.path {
				t.Errorf("the webhook is answered %d, and the app got %q", status, app.seen())
			}
		})
	}
	b, app := newBarb(t), newBehind(t)
	address, stop := b.listen(t, "-s", "msgraph", "--secret", "file:"+b.write(t, "secret", secret),
		"--forward-to", app.URL)
	defer stop()
	if status := sendTo(t, address, "/?validationToken=t", note); status != 200 ||
		app.seen() != "POST /?validationToken=t" {
		t.Errorf("a notification is answered %d, and the app got %q", status, app.seen())
	}
}

// A handshake that comes with a token, or with its own scheme's proof, is answered as before.
func TestAHandshakeWithATokenIsAnswered(t *testing.T) {
	t.Parallel()
	const secret = "a secret of the tests, shared"
	for name, c := range map[string]struct{ scheme, authorization string }{
		"named": {"okta", secret}, "under auto": {"auto", secret}, "as another's token": {"auto", "Bearer " + secret},
	} {
		b := newBarb(t)
		address, stop := b.listen(t, "-s", c.scheme, "--secret", "file:"+b.write(t, "secret", secret))
		r, err := http.NewRequest(http.MethodGet, "http://"+address+"/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Okta-Verification-Challenge", "abc")
		r.Header.Set("Authorization", c.authorization)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		said, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if string(said) != `{"verification":"abc"}` {
			t.Errorf("%s: answered %d %q", name, answer.StatusCode, said)
		}
		stop()
	}
	b, app := newBarb(t), newBehind(t)
	file, body := "file:"+b.write(t, "secret", secret), `{"challenge":"abc"}`
	address, stop := b.listen(t, "-s", "monday", "--secret", file, "--forward-to", app.URL)
	defer stop()
	signature := strings.TrimSpace(b.run(t, 0, "sign", "-s", "monday", "--secret", file, "-d", body))
	if status := sendTo(t, address, "/", body, signature); !strings.HasPrefix(signature, "Authorization: ") ||
		status != 200 || app.seen() != "" {
		t.Errorf("monday's, with its %s, is answered %d, and the app got %q", signature, status, app.seen())
	}
}
