package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/barbhq/barb/commands"
)

// said runs a command to its end and returns its exit code and what it said on stdout, then stderr.
func (b inProcess) said(args ...string) (code int, text string) {
	var out, said bytes.Buffer // two: a listener writes to both at the same time
	code = commands.Main(context.Background(), b.env(&out, &said), "test", args)
	return code, out.String() + said.String()
}

func (b inProcess) write(t *testing.T, name, text string) (path string) {
	t.Helper()
	path = filepath.Join(b.dir, name)
	writeFile(t, path, text, 0o600)
	return path
}

// writeFile writes a file that may be run. A process that another test starts meanwhile would hold it open, and what is
// open for writing cannot be run.
func writeFile(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// sendTo sends a body with headers, "Name: value" each, and returns the status.
func sendTo(t *testing.T, address, path, body string, headers ...string) int {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, "http://"+address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

func macOf(key, content string) string {
	mac := hmac.New(sha256.New, []byte(key))
	_, _ = mac.Write([]byte(content))
	return hex.EncodeToString(mac.Sum(nil))
}

// publicKeys are what anybody can read: in files that users download, and in the dashboards of providers.
func publicKeys(t *testing.T) map[string]string {
	t.Helper()
	public := ed25519.NewKeyFromSeed(make([]byte, 32)).Public().(ed25519.PublicKey)
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	block := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	x := base64.RawURLEncoding.EncodeToString(public)
	return map[string]string{
		"PEM":                  block,
		"PEM below attributes": "Bag Attributes: x\n" + block,
		"JWK":                  `{"kty":"OKP","crv":"Ed25519","x":"` + x + `"}`,
		"JWKS":                 `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"` + x + `"}]}`,
		"DER in base64":        base64.StdEncoding.EncodeToString(der),
		"whpk_":                "whpk_" + base64.StdEncoding.EncodeToString(public),
		"OpenSSH":              "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA",
		"PEM in base64":        base64.StdEncoding.EncodeToString([]byte(block)),
		"whpk_ in quotes":      `"whpk_` + base64.StdEncoding.EncodeToString(public) + `"`,
		"JWKS with an escape":  `{"k\u0065ys":[{"k\u0074y":"OKP","crv":"Ed25519","x":"` + x + `"}]}`,
		"DER in 0x":            "0x" + hex.EncodeToString(der),
		"an address":           "https://id.example.com/.well-known/jwks.json",
	}
}

// An HMAC with the text of a public key is no signature: whoever has read the key can make it.
func TestAPublicKeyIsNoSharedSecret(t *testing.T) {
	t.Parallel()
	const body = `{"ref":"refs/heads/main"}`
	for name, key := range publicKeys(t) {
		b := newBarb(t)
		secret := "file:" + b.write(t, "key", key)
		ran := filepath.Join(b.dir, "ran")
		command := b.write(t, "deploy", "#!/bin/sh\ntouch "+ran+"\n")
		if err := os.Chmod(command, 0o700); err != nil {
			t.Fatal(err)
		}
		address, stop := b.listen(t, "-s", "auto", "--secret", secret, "--exec", command)
		for _, text := range []string{key, strings.TrimSuffix(key, "\n")} {
			if status := sendTo(t, address, "/", body, "X-Hub-Signature-256: sha256="+macOf(text, body),
				"X-GitHub-Event: push"); status != 401 {
				t.Errorf("%s: answered %d", name, status)
			}
			if status := sendTo(t, address, "/", body, "X-Gitlab-Token: "+strings.ReplaceAll(text, "\n", "")); status != 401 {
				t.Errorf("%s as a token: answered %d", name, status)
			}
		}
		stop()
		if _, err := os.Stat(ran); err == nil {
			t.Errorf("%s: --exec ran", name)
		}
		header := "X-Hub-Signature-256: sha256=" + macOf(strings.TrimSuffix(key, "\n"), body)
		for _, args := range [][]string{
			{"verify", "-d", body, "-H", header, "--secret", secret},
			{"verify", "-d", body, "-H", header, "--secret", secret, "-s", "auto", "--explain"},
			{"verify", "-d", body, "-H", header, "--secret", secret, "-s", "github"},
			{"verify", "-d", body, "-H", header, "--secret", secret, "--discover"},
			{"sign", "-d", body, "--secret", secret, "-s", "github"},
			{"listen", "--secret", secret, "-s", "github", "--for", "1ms", "--addr", ":0"},
			{"send", "http://127.0.0.1:1/", "-d", body, "--secret", secret, "-s", "github", "--dry-run"},
		} {
			if code, text := b.said(args...); code != 2 || !strings.Contains(text, "public or private key") {
				t.Errorf("%s: barb %v = %d\n%s", name, args, code, text)
			}
		}
	}
}

// 32 bytes may be a public key: only a scheme says which, and both lines to type are in the hint.
func TestAKeyThatCannotBeToldNeedsAScheme(t *testing.T) {
	t.Parallel()
	const body = `{}`
	public := ed25519.NewKeyFromSeed(make([]byte, 32)).Public().(ed25519.PublicKey)
	for _, key := range []string{
		hex.EncodeToString(public), base64.StdEncoding.EncodeToString(public), base64.RawURLEncoding.EncodeToString(public),
		"'" + hex.EncodeToString(public) + "'", "0x" + hex.EncodeToString(public),
		hex.EncodeToString(public) + " # of Discord",
	} {
		b := newBarb(t)
		secret := "file:" + b.write(t, "key", key)
		config := b.write(t, "barb.toml", "[[route]]\npath = \"/hook\"\nsecret = \""+secret+"\"\n")
		header := "X-Hub-Signature-256: sha256=" + macOf(key, body)
		for _, args := range [][]string{
			{"verify", "-d", body, "-H", header, "--secret", secret},
			{"verify", "-d", body, "-H", header, "--secret", secret, "-s", "auto"},
			{"listen", "--secret", secret, "--for", "1ms", "--addr", ":0"},
			{"listen", "--secret", secret, "-s", "auto", "--for", "1ms", "--addr", ":0"},
			{"listen", "--config", config, "--for", "1ms", "--addr", ":0"},
		} {
			code, text := b.said(args...)
			if code != 2 || !strings.Contains(text, "github") || !strings.Contains(text, "discord") ||
				strings.Contains(text, key) {
				t.Errorf("barb %v = %d\n%s", args, code, text)
			}
		}
		if code, text := b.said("verify", "-d", body, "-H", header, "--secret", secret, "-s", "github"); code != 0 {
			t.Errorf("-s github = %d\n%s", code, text)
		}
		if code, text := b.said("listen", "--secret", secret, "-s", "github", "--for", "1ms", "--addr", ":0"); code != 0 {
			t.Errorf("-s github = %d\n%s", code, text)
		}
	}
}

type replay struct {
	body    string
	headers []string
}

// replays are what somebody who has captured an old webhook of a scheme with a timestamp can send under auto, without
// the secret: its MAC is put into a header where nothing judges the time.
func replays(secret string) map[string]replay {
	raw := func(content string) []byte {
		b, _ := hex.DecodeString(macOf(secret, content))
		return b
	}
	std := func(content string) string { return base64.StdEncoding.EncodeToString(raw(content)) }
	url := func(content string) string { return base64.RawURLEncoding.EncodeToString(raw(content)) }
	hub := func(content string) []string {
		return []string{"X-Hub-Signature-256: sha256=" + macOf(secret, content)}
	}
	stripe, workos := `1700000000.{"type":"invoice.paid"}`, `1700000000123.{"type":"invoice.paid"}`
	polar, slack, box := "msg_1.1700000000.{}", "v0:1700000000:payload=%7B%7D", "{}2023-11-14T22:13:20Z"
	linear := `{"type":"Issue","webhookTimestamp":1700000000123}`
	qstash := "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJVcHN0YXNoIn0"
	return map[string]replay{
		"stripe as github":             {stripe, hub(stripe)},
		"stripe as shopify":            {stripe, []string{"X-Shopify-Hmac-Sha256: " + std(stripe)}},
		"stripe as pagerduty":          {stripe, []string{"X-PagerDuty-Signature: v1=" + macOf(secret, stripe)}},
		"stripe as websub":             {stripe, []string{"X-Hub-Signature: sha256=" + macOf(secret, stripe)}},
		"polar as github":              {polar, hub(polar)},
		"slack as github":              {slack, hub(slack)},
		"box, whose time is last":      {box, hub(box)},
		"linear, whose time is inside": {linear, hub(linear)},
		"qstash, a token":              {qstash, hub(qstash)},
		"workos as sanity, of any age": {`{"type":"invoice.paid"}`,
			[]string{"sanity-webhook-signature: t=1700000000123,v1=" + url(workos)}},
		"stripe as sanity, of any unit": {`{"type":"invoice.paid"}`,
			[]string{"sanity-webhook-signature: t=1700000000,v1=" + url(stripe)}},
		"an expired one beside its own": {"{}",
			append(hub("{}"), "Stripe-Signature: t=1700000000,v1="+macOf(secret, "1700000000.{}"))},
		"a decoy beside it": {"{}", append(hub("{}"), "X-Slack-Signature: v0="+strings.Repeat("0", 64),
			"X-Slack-Request-Timestamp: 1700000000")},
	}
}

func TestUnderAutoTheSenderChoosesNoWeakerScheme(t *testing.T) {
	t.Parallel()
	const secret = "a secret of the tests, shared"
	b := newBarb(t)
	file := b.write(t, "secret", secret)
	all := replays(secret)
	maps.Copy(all, cuts(secret))
	for _, flags := range [][]string{{"-s", "auto"}, {}} {
		address, stop := b.listen(t, append(flags, "--secret", "file:"+file)...)
		for name, r := range all {
			if status := sendTo(t, address, "/", r.body, r.headers...); status != 401 {
				t.Errorf("%s: answered %d", name, status)
			}
			args := []string{"verify", "-d", r.body, "--secret", "file:" + file}
			for _, h := range r.headers {
				args = append(args, "-H", h)
			}
			if code, text := b.said(args...); code != 1 || !strings.Contains(text, "invalid") {
				t.Errorf("%s: barb %v = %d\n%s", name, args, code, text)
			}
		}
		for _, body := range []string{`{"ref":"main"}`, "payload=%7B%7D", `{"at":"2023-11-14T22:13:20Z","n":1700000000}`} {
			if status := sendTo(t, address, "/", body, "X-Hub-Signature-256: sha256="+macOf(secret, body)); status != 200 {
				t.Errorf("a genuine %s: answered %d", body, status)
			}
		}
		stop()
	}
}

// --count waits for webhooks that are accepted. Forgeries neither end the listener nor make it a success.
func TestAForgeryDoesNotSatisfyCount(t *testing.T) {
	t.Parallel()
	b := newBarb(t)
	file := b.write(t, "secret", "a secret of the tests, shared")
	for name, flags := range map[string][]string{"named": {"-s", "github"}, "auto": {"-s", "auto"},
		"json": {"-s", "github", "--json"}} {
		ready := filepath.Join(b.dir, "ready-"+name)
		type end struct {
			code int
			text string
		}
		ended := make(chan end, 1)
		go func() {
			code, text := b.said(append(flags, "listen", "--secret", "file:"+file, "--addr", "127.0.0.1:0", "--ready-file",
				ready, "--count", "1")...)
			ended <- end{code, text}
		}()
		address := addressIn(t, ready)
		for range 20 {
			if status := sendTo(t, address, "/", "{}", "X-Hub-Signature-256: sha256="+strings.Repeat("0", 64)); status != 401 {
				t.Errorf("%s: a forgery is answered %d", name, status)
			}
		}
		sendTo(t, address, "/", "{}", "X-Hub-Signature-256: sha256="+macOf("a secret of the tests, shared", "{}"))
		if got := <-ended; got.code != 0 || !strings.Contains(got.text, "20 with a bad signature") {
			t.Errorf("%s: %d\n%s", name, got.code, got.text)
		}
	}
}

// addressIn waits for a ready file.
func addressIn(t *testing.T, ready string) string {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if data, err := os.ReadFile(ready); err == nil {
			_, address, _ := strings.Cut(strings.TrimSpace(string(data)), "://")
			return address
		}
	}
	t.Fatal("listen does not listen")
	return ""
}

func TestForgeriesAloneEndInExitFour(t *testing.T) {
	t.Parallel()
	b := newBarb(t)
	file := b.write(t, "secret", "a secret of the tests, shared")
	ready := filepath.Join(b.dir, "ready")
	ended := make(chan string, 1)
	go func() {
		code, text := b.said("listen", "-s", "github", "--secret", "file:"+file, "--addr", "127.0.0.1:0", "--ready-file",
			ready, "--count", "1", "--for", "6s")
		ended <- fmt.Sprint(code, " ", text)
	}()
	address := addressIn(t, ready)
	for range 3 {
		sendTo(t, address, "/", "{}", "X-Hub-Signature-256: sha256="+strings.Repeat("0", 64))
	}
	if got := <-ended; !strings.HasPrefix(got, "4 ") ||
		!strings.Contains(got, "0 of 1 webhook arrived in 6s; 3 with a bad signature did not count") {
		t.Error(got)
	}
}

// A secret stays with the scheme that it has verified: also after a restart, for a second listener, and on its own
// route only.
func TestASecretIsPinnedToTheSchemeItVerified(t *testing.T) {
	t.Parallel()
	const secret = "a secret of the tests, shared"
	b := newBarb(t)
	other := inProcess{t.TempDir()}
	first, second := "file:"+b.write(t, "first", secret),
		"file:"+b.write(t, "second", "another secret of the tests, shared")
	hub := func(key, body string) string { return "X-Hub-Signature-256: sha256=" + macOf(key, body) }
	sentry := func(key, body string) string { return "Sentry-Hook-Signature: " + macOf(key, body) }
	stripe := func(key, name string) string {
		at := fmt.Sprint(time.Now().Unix())
		return name + ": t=" + at + ",v1=" + macOf(key, at+".{}")
	}
	check := func(what, address, header string, want int) {
		t.Helper()
		if status := sendTo(t, address, "/", "{}", header); status != want {
			t.Errorf("%s: answered %d, want %d", what, status, want)
		}
	}
	flags := []string{"--secret", first, "--secret", second, "--db", filepath.Join(b.dir, "history.db")}
	address, stop := b.listen(t, flags...)
	check("the first", address, hub(secret, "{}"), 200)
	check("the same scheme", address, hub(secret, "{}"), 200)
	check("an equal scheme", address, sentry(secret, "{}"), 401)
	check("another secret's own scheme", address, sentry("another secret of the tests, shared", "{}"), 200)
	stop()
	address, stop = b.listen(t, flags...)
	beside, stopBeside := other.listen(t, flags...)
	check("an equal scheme after a restart", address, sentry(secret, "{}"), 401)
	check("an equal scheme at a second listener", beside, sentry(secret, "{}"), 401)
	check("a stricter scheme", address, stripe(secret, "Stripe-Signature"), 200)
	check("the weaker one again", address, hub(secret, "{}"), 401)
	check("the weaker one at a second listener", beside, hub(secret, "{}"), 401)
	check("an equally strict one", beside, stripe(secret, "Mux-Signature"), 401)
	check("the stricter one at a second listener", beside, stripe(secret, "Stripe-Signature"), 200)
	stop()
	stopBeside()
	if code, text := b.said("prune", "--pins"); code != 0 ||
		!strings.Contains(text, "forgot which scheme 2 secrets verified") {
		t.Errorf("prune --pins = %d\n%s", code, text)
	}
	address, stop = b.listen(t, flags...)
	check("an equal scheme once that was forgotten", address, sentry(secret, "{}"), 200)
	stop()
	if data, err := os.ReadFile(filepath.Join(b.dir, "history.db")); err != nil || bytes.Contains(data, []byte(secret)) {
		t.Errorf("the history holds the secret, or %v", err)
	}
}

// A request that is refused pins nothing, whichever of the lanes that it went through found it valid: the pin would
// refuse the webhook of another scheme that follows.
func TestARefusedRequestPinsNothing(t *testing.T) {
	t.Parallel()
	const secret, validation, paid = "a secret of the tests, shared",
		`{"event":"endpoint.url_validation","payload":{"plainToken":"abc"}}`, `{"type":"x.paid"}`
	const shared = "[[route]]\npath = \"/b\"\nsecret = \"file:DIR/shared\"\n"
	sentry := "Sentry-Hook-Signature: " + macOf(secret, "{}")
	zoom := func() []string { // as fresh as the request: a parallel test may wait for longer than the tolerance
		at := fmt.Sprint(time.Now().Unix())
		return []string{"x-zm-request-timestamp: " + at, "x-zm-signature: v0=" + macOf(secret, "v0:"+at+":"+validation)}
	}
	fields := func(lines ...string) func() []string { return func() []string { return lines } }
	square, _ := hex.DecodeString(macOf(secret, "https://a.example/b"+paid))
	for name, c := range map[string]struct {
		routes, path, body string
		headers            func() []string
		status             int
	}{
		"by another reading of the path": {shared + "[[route]]\npath = \"/a\"\nsecret = \"file:DIR/other\"\n", "/a/../b",
			"{}", fields(sentry), 401},
		"by an encoded one": {shared + "[[route]]\npath = \"/b/a\"\nscheme = \"github\"\nsecret = \"file:DIR/other\"\n",
			"/b/a%2f..", "{}", fields(sentry), 401},
		"by the route that would forward it": {
			shared + "public_url = \"https://a.example\"\n" + shared + "public_url = \"https://b.example\"\nevent = \"x.*\"\n",
			"/b", paid,
			fields("x-square-hmacsha256-signature: " + base64.StdEncoding.EncodeToString(square)), 401,
		},
		"as a handshake whose scheme is not named": {shared, "/b", validation, zoom, 403},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBarb(t)
			config := routed(t, b, c.routes)
			b.write(t, "shared", secret)
			address, stop := b.listen(t, "--config", config)
			defer stop()
			if status := sendTo(t, address, c.path, c.body, c.headers()...); status != c.status {
				t.Errorf("it is answered %d, want %d", status, c.status)
			}
			if status := sendTo(t, address, "/b", "{}", "X-Hub-Signature-256: sha256="+macOf(secret, "{}")); status != 200 {
				t.Errorf("the webhook that follows is answered %d", status)
			}
		})
	}
}
