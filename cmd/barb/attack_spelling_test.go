package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// request sends a request and returns the status of its answer and the body.
func request(t *testing.T, method, url, body string, fields map[string]string) (status int, said string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range fields {
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	all, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(all)
}

var proof = regexp.MustCompile(`sha256=([A-Za-z0-9+/=]{44})|\|([0-9a-f]{40})`)

// proven returns the HMAC in the answer to a challenge, nil when there is none.
func proven(t *testing.T, said string) []byte {
	t.Helper()
	found := proof.FindStringSubmatch(said)
	if found == nil {
		return nil
	}
	sum, err := base64.StdEncoding.DecodeString(found[1])
	if found[2] != "" {
		sum, err = hex.DecodeString(found[2])
	}
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// A stranger has handshakes prove what he chooses, and sends the proof as the signature of a webhook.
func TestAHandshakeSignsNothingForStrangers(t *testing.T) {
	t.Parallel()
	const uuid, number, secret = "M2RkODJkZmMtYjlkYi00NmQ4LTk0MGUtM2JjYzkwM2Q4MjQ0", "20f9f8ed05f77439fe955c977e4c8a53",
		"the shared secret of the attack"
	now := fmt.Sprint(time.Now().Unix())
	forge := func(token string, sum []byte) map[string]map[string]string {
		ts, body, _ := strings.Cut(token, ".")
		return map[string]map[string]string{
			token: {"X-Hub-Signature-256": "sha256=" + hex.EncodeToString(sum), "X-Twitter-Webhooks-Signature": "sha256=" +
				base64.StdEncoding.EncodeToString(sum), "X-GitHub-Event": "push"},
			body: {"Stripe-Signature": "t=" + ts + ",v1=" + hex.EncodeToString(sum)},
			"bt_payload=" + url.QueryEscape(token) + "&bt_signature=" + url.QueryEscape("public|"+hex.EncodeToString(sum)): {
				"Content-Type": "application/x-www-form-urlencoded"},
		}
	}
	for name, row := range map[string]struct {
		args    []string
		genuine string // a token that is proven, "" for none
	}{
		"auto":                               {[]string{"-s", "auto", "--secret", secret}, ""},
		"a bare secret":                      {[]string{"--secret", secret}, ""},
		"every handshake":                    {[]string{"--handshake=all", "--secret", secret}, ""},
		"another scheme and every handshake": {[]string{"-s", "github", "--handshake=all", "--secret", secret}, ""},
		"Stripe with the handshake of X":     {[]string{"-s", "stripe", "--handshake=x", "--secret", secret}, ""},
		"auto with a pair":                   {[]string{"-s", "auto", "--secret", "public:" + secret}, ""},
		"X":                                  {[]string{"-s", "x", "--secret", secret}, "?crc_token=" + uuid},
		"Braintree": {[]string{"-s", "braintree", "--secret", "public:" + secret},
			"?bt_challenge=" + number},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBarb(t)
			address, stop := b.listen(t, row.args...)
			defer stop()
			got := ""
			for _, token := range []string{"123", "true", "1e5", now + ".deploy", now + ".123", "payload=1", uuid, number,
				strings.Repeat("1", 20), "MTIzNDU2Nzg5MDEy"} {
				for _, asked := range []string{"?crc_token=", "?bt_challenge="} {
					status, said := request(t, "GET", "http://"+address+"/"+asked+url.QueryEscape(token), "", nil)
					sum := proven(t, said)
					switch {
					case status >= 500:
						t.Errorf("%s%s: %d", asked, token, status)
					case sum == nil:
						continue
					case asked+token == row.genuine:
						got = row.genuine
					}
					for body, fields := range forge(token, sum) {
						if status, _ := request(t, "POST", "http://"+address+"/", body, fields); status != http.StatusUnauthorized {
							t.Errorf("%s%s is proven, and with %v %q is answered %d", asked, token, fields, body, status)
						}
					}
				}
			}
			if got != row.genuine {
				t.Errorf("%s is not proven", row.genuine)
			}
		})
	}
}

// pages are requests as browsers send them for a page, and the Host they come to: a page cannot leave these fields out.
var pages = map[string]struct {
	method, host string
	fields       map[string]string
}{
	"a form of another site": {"POST", "", map[string]string{"Origin": "https://evil.example",
		"Sec-Fetch-Site": "cross-site"}},
	"fetch without cors":           {"POST", "", map[string]string{"Origin": "https://evil.example"}},
	"a sandboxed frame":            {"POST", "", map[string]string{"Origin": "null"}},
	"another port of this machine": {"POST", "", map[string]string{"Sec-Fetch-Site": "same-site"}},
	"a page of this very listener": {"POST", "", map[string]string{"Sec-Fetch-Site": "same-origin"}},
	"an image": {"GET", "",
		map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"}},
	"a name that resolves to loopback": {"GET", "rebound.evil.example:4242", nil},
	"the unspecified address":          {"GET", "0.0.0.0:4242", nil},
	"the same of IPv6":                 {"GET", "[::]:4242", nil},
	"an address of a LAN":              {"GET", "192.168.1.5:4242", nil},
	"a name without a dot":             {"GET", "evil:4242", nil},
	"a link from a page":               {"GET", "", map[string]string{"Referer": "http://evil.example/"}},
	"a name that resolves, with POST": {"POST", "rebound.evil.example",
		map[string]string{"Origin": "http://rebound.evil.example"}},
}

// page sends the request of a page, with more fields, and returns the status of its answer.
func page(t *testing.T, name, address string, more ...string) int {
	t.Helper()
	p := pages[name]
	r, err := http.NewRequestWithContext(t.Context(), p.method, "http://"+address+"/", strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = p.host
	for field, value := range p.fields {
		r.Header.Set(field, value)
	}
	for i := 0; i < len(more); i += 2 {
		r.Header.Set(more[i], more[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestAWebPageBringsNoSecret(t *testing.T) {
	t.Parallel()
	b := newBarb(t)
	learnt := filepath.Join(b.dir, "asana.secret")
	address, stop := b.listen(t, "-s", "asana", "--learn", "file:"+learnt)
	defer stop()
	for name, p := range pages {
		if p.method != "POST" { // Asana's handshake is one
			continue
		}
		if status := page(t, name, address, "X-Hook-Secret", strings.Repeat("e", 32)); status != http.StatusForbidden ||
			exists(learnt) {
			t.Errorf("%s: %d, learnt is %v", name, status, exists(learnt))
		}
	}
	if status, _ := request(t, "POST", "http://"+address+"/", "",
		map[string]string{"X-Hook-Secret": strings.Repeat("a", 32)}); status != 200 || !exists(learnt) {
		t.Errorf("Asana itself: %d, learnt is %v", status, exists(learnt))
	}
}

func TestAWebPageRunsNoCommand(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"sync", "ack"} {
		b := newBarb(t)
		ran := filepath.Join(b.dir, "ran")
		address, stop := b.listen(t, "--exec", "touch "+ran, "--exec-unverified", "--mode", mode)
		for name := range pages {
			if status := page(t, name, address); status != http.StatusForbidden || exists(ran) {
				t.Errorf("%s, --mode %s: %d, ran is %v", name, mode, status, exists(ran))
			}
		}
		if status, _ := request(t, "GET", "http://"+address+"/", "", nil); status != 200 {
			t.Errorf("a program, --mode %s: %d", mode, status)
		}
		stop()
		b.run(t, 0, "deliver", "--drain")
		if mode == "sync" && !exists(ran) {
			t.Error("nothing runs at all")
		}
	}
}

// A stranger brings a secret of his own to a route that waits for one, and signs with it.
func TestALearntSecretRunsNoCommand(t *testing.T) {
	t.Parallel()
	b := newBarb(t)
	const brought, given = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "the secret that was given to barb"
	for name, text := range map[string]string{"gh": given,
		"barb.toml": "[[route]]\npath = \"/gh\"\nscheme = \"github\"\nsecret = \"file:" +
			filepath.Join(b.dir, "gh") + "\"\n\n" +
			"[[route]]\npath = \"/asana\"\nscheme = \"asana\"\n\n[[route]]\npath = \"/notion\"\nscheme = \"notion\"\n"} {
		if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ran := filepath.Join(b.dir, "ran")
	address, stop := b.listen(t, "--exec", "touch "+ran)
	defer stop()
	request(t, "POST", "http://"+address+"/asana", "", map[string]string{"X-Hook-Secret": brought})
	request(t, "POST", "http://"+address+"/notion", `{"verification_token":"`+brought+`"}`, nil)
	for path, field := range map[string]string{"/asana": "X-Hook-Signature: ", "/notion": "X-Notion-Signature: sha256="} {
		name, prefix, _ := strings.Cut(field, ": ")
		status, _ := request(t, "POST", "http://"+address+path, "{}", map[string]string{name: prefix + hmacOf(brought, "{}")})
		if status != http.StatusServiceUnavailable || exists(ran) {
			t.Errorf("%s: %d, ran is %v", path, status, exists(ran))
		}
	}
	if status, _ := request(t, "POST", "http://"+address+"/gh", "{}",
		map[string]string{"X-Hub-Signature-256": "sha256=" + hmacOf(given, "{}")}); status != 200 || !exists(ran) {
		t.Errorf("a secret that was given: %d, ran is %v", status, exists(ran))
	}
	b.run(t, 2, "listen", "-s", "asana", "--exec", "touch "+ran, "--for", "10ms", "--addr", ":0")
}

func hmacOf(key, body string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}
