package commands

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/shell"
)

// ran is what a run of barb left behind.
type ran struct {
	code     int
	out, err string
}

// barb runs one command line in a folder with this barb.toml.
func barb(t *testing.T, config string, environ map[string]string, args ...string) ran {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "barb.toml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	env := shell.Env{In: strings.NewReader(""), Out: &out, Err: &errs, Dir: dir,
		Getenv: func(name string) string { return environ[name] },
		Now:    func() time.Time { return time.Unix(1700000000, 0) }, Rand: func() float64 { return 0 },
		Interruptible: context.WithCancel}
	code := Main(context.Background(), env, "test", args)
	return ran{code, out.String(), strings.ReplaceAll(errs.String(), dir+string(filepath.Separator), "")}
}

func schemesPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../docs/schemes.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

func tomlBlocks(page string) (blocks []string) {
	for i, part := range strings.Split(page, "```toml\n") {
		if block, _, ok := strings.Cut(part, "```"); ok && i > 0 {
			blocks = append(blocks, block)
		}
	}
	return blocks
}

// Every example of docs/schemes.md is loaded, signs, and verifies what it signed; every byte of the body counts, but
// for a token.
func TestTheExamplesOfTheDocsSignAndVerify(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	environ := map[string]string{
		"SECRET":  base64.StdEncoding.EncodeToString([]byte("a secret for the examples of docs")),
		"SIGNING": base64.StdEncoding.EncodeToString(private.Seed()),
		// 32 bytes alone would need a scheme
		"VERIFYING": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})),
	}
	seen := 0
	for _, block := range tomlBlocks(schemesPage(t)) {
		for _, match := range regexp.MustCompile(`(?m)^\[scheme\.([a-z-]+)\]$`).FindAllStringSubmatch(block, -1) {
			seen++
			name := match[1]
			t.Run(name, func(t *testing.T) { signAndVerify(t, block, name, environ) })
		}
	}
	if seen < 6 {
		t.Errorf("%d examples", seen)
	}
}

func signAndVerify(t *testing.T, config, name string, environ map[string]string) {
	signing, verifying := "env:SECRET", "env:SECRET"
	if strings.Contains(config, "ed25519") && name != "door" {
		signing, verifying = "env:SIGNING", "env:VERIFYING"
	}
	url := []string{"--url", "https://shop.example/hooks?a=1"}
	signed := barb(t, config, environ, append(url, "sign", "-s", name, "--secret", signing, "-d", `{"id":"evt_1"}`,
		"--timestamp", "1700000000")...)
	if signed.code != 0 || signed.err != "" {
		t.Fatalf("sign: %+v", signed)
	}
	var headers []string
	for line := range strings.Lines(signed.out) {
		headers = append(headers, "-H", strings.TrimSpace(line))
	}
	for _, scheme := range []string{name, "auto"} {
		verify := append(slices.Concat(url, headers), "verify", "-s", scheme, "--secret", verifying, "-d")
		if got := barb(t, config, environ, append(verify, `{"id":"evt_1"}`)...); got.code != 0 ||
			!strings.HasPrefix(got.out, "valid  "+name) {
			t.Errorf("-s %s: %+v", scheme, got)
		}
		if got := barb(t, config, environ, append(verify, `{"id":"evt_2"}`)...); (got.code == 1) == (name == "door") {
			t.Errorf("-s %s of another body: %+v", scheme, got)
		}
	}
}

func TestOwnSchemesAreListedWithTheirPlace(t *testing.T) {
	config := "[scheme.shop]\nheader = \"X-Shop\"\n\n[scheme.apex]\nheader = \"X-Apex\"\ncontent = \"{ts}.{body}\"\n" +
		"time = { key = \"t=\" }\n"
	got := barb(t, config, nil, "schemes", "--json")
	var first, second struct{ Name, Signature, Source string }
	d := json.NewDecoder(strings.NewReader(got.out))
	if d.Decode(&first) != nil || d.Decode(&second) != nil {
		t.Fatalf("%+v", got)
	}
	if first.Name != "shop" || second.Name != "apex" || filepath.Base(first.Source) != "barb.toml:1" ||
		filepath.Base(second.Source) != "barb.toml:4" ||
		first.Signature != "HMAC-SHA256 hex of {body}" {
		t.Errorf("%+v, %+v", first, second)
	}
	if got := barb(t, config, nil, "schemes", "apex"); !strings.Contains(got.out, "X-Apex: t={ts},{sig}") ||
		!strings.Contains(got.out, "barb.toml:4") || !strings.Contains(got.out, "±5m") {
		t.Errorf("%+v", got)
	}
	if got := barb(t, config, nil, "sign", "-s", "shap", "--secret", "env:X", "-d",
		"a"); got.code != fail.ExitUnsupported || !strings.Contains(got.err, "did you mean -s shop?") {
		t.Errorf("%+v", got)
	}
	if got := barb(t, config, nil, "__complete", "verify", "-s", "sho"); !strings.Contains(got.out, "\nshop") {
		t.Errorf("%+v", got)
	}
}
