package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// scheme is a row of the catalogue, as printed by barb schemes.
type scheme struct {
	Name       string
	Header     string
	More       []string `json:"more_headers"`
	Timestamp  string
	Past       *float64 `json:"tolerance_past_s"`
	Future     *float64 `json:"tolerance_future_s"`
	CanSign    bool     `json:"can_sign"`
	CanRotate  bool     `json:"rotates"`
	CoversBody bool     `json:"covers_body"`
	Strict     []string
}

// provider is a scheme with a sample of its provider.
type provider struct {
	scheme
	sample
	secrets [2]secretPair
}

// message is an HTTP request written by barb sign.
type message struct {
	method, url string
	fields      []field
	body        []byte
}

// catalogue returns the output of barb schemes.
func catalogue(t *testing.T) map[string]scheme {
	t.Helper()
	out, code := run(t, nil, "schemes", "--json")
	if code != 0 {
		t.Fatalf("barb schemes: exit code %d", code)
	}
	rows := map[string]scheme{}
	for line := range strings.Lines(out) {
		var s scheme
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatal(err)
		}
		rows[s.Name] = s
	}
	return rows
}

// sign runs barb sign on a body at a time with the named secrets, and returns the printed request.
func (p *provider) sign(t *testing.T, body string, when time.Time, secrets ...secretPair) message {
	t.Helper()
	args := []string{"sign", "-o", "http", "-s", p.Name, "--url", p.URL, "--timestamp", strconv.FormatInt(when.Unix(), 10)}
	for _, h := range p.Headers {
		args = append(args, "-H", h[0]+": "+h[1])
	}
	args = append(args, p.paramFlags()...)
	env := environment(t)
	for i, s := range secrets {
		args = append(args, "--secret", fmt.Sprint("env:S", i))
		env = append(env, fmt.Sprintf("S%d=%s", i, s.signs))
	}
	out, code := runIn(t, env, at(body, when), args...)
	if code != 0 {
		t.Fatalf("barb sign -s %s: exit code %d", p.Name, code)
	}
	return parse(t, p.URL, out)
}

// accepts reports whether barb verify accepts a message now. Any exit code besides those of valid and invalid fails the
// test.
func (p *provider) accepts(t *testing.T, m message, secret secretPair) bool {
	t.Helper()
	file := filepath.Join(t.TempDir(), "request.http")
	if err := os.WriteFile(file, m.wire(), 0o600); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"verify", "--http", file, "-s", p.Name, "--url", m.url, "--secret", "env:S0"},
		p.paramFlags()...)
	out, code := runIn(t, append(environment(t), "S0="+secret.verifies), nil, args...)
	if code > 1 {
		t.Fatalf("barb verify -s %s: exit code %d", p.Name, code)
	}
	t.Logf("barb verify -s %s: %s", p.Name, strings.TrimSpace(out))
	return code == 0
}

// secretFile returns a file with the receiver's secret.
func (p *provider) secretFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(p.secrets[0].verifies), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func (p *provider) paramFlags() []string {
	var flags []string
	for name, value := range p.Params {
		flags = append(flags, "--param", name+"="+value)
	}
	return flags
}

// unsigned returns the message without its signature.
func (p *provider) unsigned(t *testing.T, m message) message {
	t.Helper()
	before := fmt.Sprintf("%q", m)
	m.fields = slices.Clone(m.fields)
	for _, name := range append([]string{p.Header}, p.More...) {
		if place, path, ok := strings.Cut(name, ":"); ok {
			m.remove(t, place, path)
		} else {
			m.fields = slices.DeleteFunc(m.fields, func(f field) bool { return strings.EqualFold(f[0], name) })
		}
	}
	if fmt.Sprintf("%q", m) == before {
		t.Fatalf("%s: no signature in %s to remove", p.Name, p.Header)
	}
	return m
}

// remove removes a signature that is not in a header.
func (m *message) remove(t *testing.T, place, path string) {
	t.Helper()
	switch place {
	case "json":
		m.body = without(t, m.body, strings.Split(path, "."))
	case "form":
		form, err := url.ParseQuery(string(m.body))
		if err != nil {
			t.Fatal(err)
		}
		form.Del(path)
		m.body = []byte(form.Encode())
	default:
		t.Fatalf("a signature in %s:%s", place, path)
	}
}

// without returns a JSON body without a member; other bytes may change too, as no signature covers them any more.
func without(t *testing.T, body []byte, path []string) []byte {
	t.Helper()
	var root any
	if err := json.Unmarshal(body, &root); err != nil {
		t.Fatal(err)
	}
	node, last := root, len(path)-1
	for _, key := range path[:last] {
		switch n := node.(type) {
		case map[string]any:
			node = n[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(n) {
				t.Fatalf("no %s in %s", key, body)
			}
			node = n[i]
		}
	}
	if n, ok := node.(map[string]any); ok {
		delete(n, path[last])
	}
	out, err := json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// parse parses a raw request. Go's own reader would lose the order and the spelling of the headers.
func parse(t *testing.T, target, raw string) message {
	t.Helper()
	head, body, ok := strings.Cut(raw, "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	start := strings.Fields(lines[0])
	if !ok || len(start) != 3 {
		t.Fatalf("not a raw request: %q", raw)
	}
	base, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	m := message{method: start[0], url: base.Scheme + "://" + base.Host + start[1], body: []byte(body)}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ": ")
		m.fields = append(m.fields, field{name, value})
	}
	return m
}

// wire returns the message as a raw request.
func (m message) wire() []byte {
	var b bytes.Buffer
	target := m.url
	if u, err := url.Parse(m.url); err == nil {
		target = u.RequestURI()
	}
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", m.method, target)
	for _, f := range m.fields {
		if !strings.EqualFold(f[0], "Content-Length") {
			fmt.Fprintf(&b, "%s: %s\r\n", f[0], f[1])
		}
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(m.body), m.body)
	return b.Bytes()
}
