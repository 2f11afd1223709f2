package main

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
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
	const uuid, number, secret = "M2RkODJkZmMtYjlkYi00NmQ4LTk0MGUtM2JjYzkwM2Q4MjQ0", "20f9f8ed05f77439fe955c977e4c8a53", "the shared secret of the attack"
	now := fmt.Sprint(time.Now().Unix())
	forge := func(token string, sum []byte) map[string]map[string]string {
		ts, body, _ := strings.Cut(token, ".")
		return map[string]map[string]string{
			token: {"X-Hub-Signature-256": "sha256=" + hex.EncodeToString(sum), "X-Twitter-Webhooks-Signature": "sha256=" + base64.StdEncoding.EncodeToString(sum), "X-GitHub-Event": "push"},
			body:  {"Stripe-Signature": "t=" + ts + ",v1=" + hex.EncodeToString(sum)},
			"bt_payload=" + url.QueryEscape(token) + "&bt_signature=" + url.QueryEscape("public|"+hex.EncodeToString(sum)): {"Content-Type": "application/x-www-form-urlencoded"},
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
		"Braintree":                          {[]string{"-s", "braintree", "--secret", "public:" + secret}, "?bt_challenge=" + number},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBarb(t)
			address, stop := b.listen(t, row.args...)
			defer stop()
			got := ""
			for _, token := range []string{"123", "true", "1e5", now + ".deploy", now + ".123", "payload=1", uuid, number, strings.Repeat("1", 20), "MTIzNDU2Nzg5MDEy"} {
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
