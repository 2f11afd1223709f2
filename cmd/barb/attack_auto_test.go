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
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/barbhq/barb/commands"
)

// said runs a command to its end and returns its exit code and what it said on either stream.
func (b inProcess) said(args ...string) (code int, text string) {
	var out bytes.Buffer
	code = commands.Main(context.Background(), b.env(&out, &out), "test", args)
	return code, out.String()
}

func (b inProcess) write(t *testing.T, name, text string) (path string) {
	t.Helper()
	path = filepath.Join(b.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
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
			if status := sendTo(t, address, "/", body, "X-Hub-Signature-256: sha256="+macOf(text, body), "X-GitHub-Event: push"); status != 401 {
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
			if code != 2 || !strings.Contains(text, "github") || !strings.Contains(text, "discord") || strings.Contains(text, key) {
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
