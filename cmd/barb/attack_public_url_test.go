package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
)

// signedFor is a raw request for a target, whose signature is over a URL.
func signedFor(t *testing.T, scheme, target, url string) string {
	t.Helper()
	const body = "a=b&c=d"
	s, _ := catalog.Lookup(scheme)
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	signed, err := s.Sign(sign.Message{Method: "POST", URL: url, Header: header, Body: []byte(body)},
		sign.Secret{Key: []byte("whsec_of_the_one")})
	if err != nil {
		t.Fatal(err)
	}
	fields := ""
	for _, f := range signed.Fields {
		fields += f.Name + ": " + f.Value + "\r\n"
	}
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: tunnel.invalid\r\nContent-Type: %s\r\nContent-Length: %d\r\n"+
		"Connection: close\r\n%s\r\n%s",
		target, header.Get("Content-Type"), len(body), fields, body)
}

// A public URL says which scheme and host senders use. What a signature is over is the path and query of the request,
// so that one for a path is none for another, and a genuine query is none to refuse.
func TestAPublicURLMakesNoOtherPathValid(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"square", "twilio", "trello", "mandrill"} {
		for _, public := range []string{"https://a.example", "https://a.example/", "https://a.example/hooks",
			"https://a.example/hooks?x=1"} {
			b := newBarb(t)
			config := routed(t, b, fmt.Sprintf("[[route]]\npath = \"/one\"\nscheme = %q\nsecret = \"file:DIR/secret\"\n"+
				"public_url = \"https://one.example/p\"\n", scheme))
			address, stop := b.listen(t, "--config", config, "--public-url", public)
			defer stop()
			_, direct := b.listenFlags(t, scheme, public)
			for _, c := range []struct{ address, target, url, want string }{
				{direct, "/hooks", "https://a.example/hooks", "200"},
				{direct, "/hooks?x=1", "https://a.example/hooks?x=1", "200"},
				{direct, "/other?y=2&x=%41", "https://a.example/other?y=2&x=%41", "200"},
				{direct, "/", "https://a.example/", "200"},
				{direct, "http://tunnel.invalid/abs?q", "https://a.example/abs?q", "200"},
				{direct, "/elsewhere", "https://a.example/hooks", "401"},
				{direct, "/elsewhere?x=1", "https://a.example/hooks?x=1", "401"},
				{direct, "/hooks?admin=1", "https://a.example/hooks", "401"},
				{direct, "/elsewhere", "https://a.example", "401"},
				{direct, "/hooks", "http://tunnel.invalid/hooks", "401"},
				{address, "/one/a?b", "https://one.example/one/a?b", "200"},
				{address, "/one/a?b", "https://one.example/p", "401"},
				{address, "/one", "https://a.example/one", "401"},
			} {
				if got := statusOf(t, c.address, signedFor(t, scheme, c.target, c.url)); got != c.want {
					t.Errorf("%s with --public-url %s: %s signed as %s is answered %s, want %s", scheme, public, c.target,
						c.url, got, c.want)
				}
			}
		}
	}
}

// listenFlags is a listener of flags alone.
func (b inProcess) listenFlags(t *testing.T, scheme, public string) (inProcess, string) {
	t.Helper()
	other := newBarb(t)
	address, stop := other.listen(t, "-s", scheme, "--secret", "file:"+b.dir+"/secret", "--public-url", public)
	t.Cleanup(stop)
	return other, address
}

// What a listener said of a webhook, verify says of it as well: both take the host from the public URL.
func TestVerifyTakesThePublicURLThatTheListenerTook(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"[listen]\npublic_url = \"https://a.example/base\"\n[[route]]\nscheme = \"square\"\nsecret = \"file:DIR/secret\"\n",
		"[[route]]\npath = \"/hooks\"\nscheme = \"square\"\nsecret = \"file:DIR/secret\"\n" +
			"public_url = \"https://a.example\"\n",
	} {
		b := newBarb(t)
		config := routed(t, b, text)
		address, stop := b.listen(t, "--config", config)
		if got := statusOf(t, address, signedFor(t, "square", "/HOOKS?x=1", "https://a.example/HOOKS?x=1")); got != "200" {
			t.Errorf("answered %s", got)
		}
		stop()
		if got := b.run(t, 0, "verify", "@", "--config", config); !strings.HasPrefix(got, "valid ") {
			t.Errorf("verify: %s", got)
		}
		b.run(t, 1, "verify", "@", "--config", config, "--url", "https://b.example/HOOKS?x=1")
	}
}
