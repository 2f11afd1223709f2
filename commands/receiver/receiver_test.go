package receiver_test

import (
	"bytes"
	"errors"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/commands/receiver"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
)

var update = flag.Bool("update", false, "write the golden files")

var at = time.Unix(1700000000, 0)

const secret = "barb_test_secret_0123456789abcdef"

// lookup is a row of the catalogue.
func lookup(t testing.TB, name string) sign.Scheme {
	t.Helper()
	s, ok := catalog.Lookup(name)
	if !ok {
		t.Fatalf("no scheme %s", name)
	}
	return s
}

// signed is a webhook of a scheme with an HMAC, as a vector.
func signed(t testing.TB, s sign.Scheme) *receiver.Hook {
	t.Helper()
	m := sign.Message{ID: "msg_1", Time: at, Method: "POST", URL: "https://hooks.example.com/in?x=1",
		Header: http.Header{"Cookie": {"session=private"}}, Body: []byte(`{"id":"evt_1","webhookTimestamp":1700000000000}`)}
	out, err := s.Sign(m, sign.Secret{Name: "test", Key: []byte(secret)})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range out.Fields {
		m.Header.Set(f.Name, f.Value)
	}
	return &receiver.Hook{URL: m.URL, Header: m.Header, Body: m.Body, At: at}
}

func emit(t testing.TB, framework string, o receiver.Options) string {
	t.Helper()
	var out bytes.Buffer
	if err := receiver.Write(&out, framework, o); err != nil {
		t.Fatalf("%s for %s: %v", framework, o.Scheme.Name, err)
	}
	return out.String()
}

func TestReceiversReadAsTheGoldenFiles(t *testing.T) {
	type sample struct{ scheme, framework string }
	var samples []sample
	for _, framework := range receiver.Frameworks() {
		samples = append(samples, sample{"stripe", framework})
	}
	samples = append(samples, sample{"github", "go"}, sample{"standard-webhooks", "express"}, sample{"discord", "fastapi"},
		sample{"square", "django"},
		sample{"gitlab", "php"}, sample{"linear", "rails"}, sample{"github-sha1", "lambda"}, sample{"shopify", "flask"},
		sample{"discord", "go"}, sample{"zoom", "nextjs"})
	for _, s := range samples {
		t.Run(s.scheme+"/"+s.framework, func(t *testing.T) {
			o := receiver.Options{Scheme: lookup(t, s.scheme), SecretVar: "WHSEC"}
			if s.scheme == "stripe" || s.scheme == "square" || s.scheme == "github" {
				o.Hook = signed(t, o.Scheme)
			}
			got := emit(t, s.framework, o)
			path := filepath.Join("testdata", s.scheme+"."+s.framework+".golden")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got; go test -update writes it):\n%s", path, diff)
			}
		})
	}
}

// A scheme is a row that somebody else wrote: each one is either written for every framework or refused with a way out.
func TestEverySchemeIsWrittenOrRefusedWithAReason(t *testing.T) {
	var written []string
	for _, s := range catalog.All() {
		for _, framework := range receiver.Frameworks() {
			err := receiver.Write(&bytes.Buffer{}, framework, receiver.Options{Scheme: s})
			var no *receiver.UnsupportedError
			switch {
			case err == nil:
				written = append(written, s.Name)
			case !errors.As(err, &no):
				t.Errorf("%s for %s: %v", framework, s.Name, err)
			case !strings.Contains(no.Reason, s.Name) || no.Instead == "":
				t.Errorf("%s for %s is refused with %q and %q", framework, s.Name, no.Reason, no.Instead)
			}
		}
	}
	written = slices.Compact(written)
	for _, name := range []string{"stripe", "github", "standard-webhooks", "slack", "shopify", "discord", "square",
		"gitlab", "linear"} {
		if !slices.Contains(written, name) {
			t.Errorf("nothing is written for %s", name)
		}
	}
	for _, name := range []string{"twilio", "paypal", "sendgrid"} {
		if slices.Contains(written, name) {
			t.Errorf("a receiver is written for %s", name)
		}
	}
}

func TestWhatNoTemplateHasWordsForIsRefused(t *testing.T) {
	for name, change := range map[string]func(*sign.Scheme){
		"hash":     func(s *sign.Scheme) { s.Hash = "sha3'" },
		"enc":      func(s *sign.Scheme) { s.Enc = "base32" },
		"key":      func(s *sign.Scheme) { s.Key = "x'" },
		"auth":     func(s *sign.Scheme) { s.Auth = "jwt" },
		"code":     func(s *sign.Scheme) { s.Code = "x" },
		"unit":     func(s *sign.Scheme) { s.Time.Unit = "ns" },
		"carrier":  func(s *sign.Scheme) { s.Header = "form:signature" },
		"clock":    func(s *sign.Scheme) { s.Time.In = "query:t" },
		"content":  func(s *sign.Scheme) { s.Content = "{body|json}" },
		"param":    func(s *sign.Scheme) { s.Content = "{param.x}{body}" },
		"alt":      func(s *sign.Scheme) { s.Alt = []string{"X-Other"} },
		"id place": func(s *sign.Scheme) { s.IDIn, s.Content = "form:id", "{id}{body}" },
	} {
		s := lookup(t, "stripe")
		change(&s)
		var no *receiver.UnsupportedError
		if err := receiver.Write(&bytes.Buffer{}, "express", receiver.Options{Scheme: s}); !errors.As(err, &no) {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
	}
	if err := receiver.Write(&bytes.Buffer{}, "cobol", receiver.Options{Scheme: lookup(t, "stripe")}); err == nil {
		t.Error("a receiver in COBOL is written")
	}
}

func TestVectorsHoldOnlyWhatTheCheckReads(t *testing.T) {
	for _, framework := range receiver.Frameworks() {
		s := lookup(t, "stripe")
		out := emit(t, framework, receiver.Options{Scheme: s, Hook: signed(t, s)})
		if !strings.Contains(out, "eyJpZCI6ImV2dF8xIiwid2ViaG9va1RpbWVzdGFtcCI6MTcwMDAwMDAwMDAwMH0=") {
			t.Errorf("%s: the body is not in the vector", framework)
		}
		for _, private := range []string{"session=private", secret, "evt_1"} {
			if strings.Contains(out, private) {
				t.Errorf("%s: %s is in the receiver", framework, private)
			}
		}
		token := lookup(t, "gitlab")
		hook := &receiver.Hook{Header: http.Header{"X-Gitlab-Token": {secret}}, Body: []byte("{}"), At: at}
		if out := emit(t, framework, receiver.Options{Scheme: token, Hook: hook}); strings.Contains(out, secret) ||
			strings.Contains(out, "test vector") {
			t.Errorf("%s: a vector of a token holds the token", framework)
		}
	}
}

func TestALongBodyIsNoVector(t *testing.T) {
	s := lookup(t, "stripe")
	hook := signed(t, s)
	hook.Body = bytes.Repeat([]byte("x"), 16<<10+1)
	for _, framework := range receiver.Frameworks() {
		if out := emit(t, framework, receiver.Options{Scheme: s, Hook: hook}); strings.Contains(out, "test vector") ||
			len(out) > 16<<10 {
			t.Errorf("%s: %d bytes with the body as a vector", framework, len(out))
		}
	}
}

// Whatever stands in a scheme of one's own or in a stranger's webhook, it gets into the code through literals and
// comments.
func TestHostileTextsDoNotBecomeCode(t *testing.T) {
	const evil = "'\"`\\\nEVIL()\n#EVIL $EVIL ?>EVIL */EVIL \u2028EVIL"
	s := lookup(t, "stripe")
	s.Prefix, s.Time.Key, s.Content, s.Header = evil, evil, "{ts}"+evil+"{body}", evil
	s.Title, s.Docs, s.Name, s.Note = evil, evil, evil, evil
	s.IDIn = "json:" + evil + ".x"
	hook := &receiver.Hook{URL: evil, Header: http.Header{evil: {evil}}, Body: []byte(evil), At: at}
	for _, framework := range receiver.Frameworks() {
		out := emit(t, framework, receiver.Options{Scheme: s, SecretVar: evil, Hook: hook})
		for line := range strings.Lines(out) {
			trimmed := strings.TrimSpace(line)
			if strings.HasPrefix(trimmed, "//") || strings.HasPrefix(trimmed, "#") {
				if framework == "php" && strings.Contains(line, "?>") || strings.ContainsRune(line, '\u2028') {
					t.Errorf("%s: the comment %q can be left", framework, line)
				}
				continue
			}
			if strings.Contains(strings.ToUpper(outsideLiterals(line)), "EVIL") {
				t.Errorf("%s: %q is code", framework, line)
			}
		}
	}
}

// outsideLiterals is a line of code without its quoted texts and the comment at its end.
func outsideLiterals(line string) string {
	var b strings.Builder
	quote := byte(0)
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote != 0 && c == '\\':
			i++
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"' || c == '`'):
			quote = c
		case quote == 0:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func TestTheSecretsVariableIsAName(t *testing.T) {
	for given, want := range map[string]string{"WHSEC": "WHSEC", "": "WEBHOOK_SECRET", "A B": "WEBHOOK_SECRET",
		"X');evil('": "WEBHOOK_SECRET", "1A": "WEBHOOK_SECRET"} {
		out := emit(t, "express", receiver.Options{Scheme: lookup(t, "github"), SecretVar: given})
		if !strings.Contains(out, "process.env."+want+";") {
			t.Errorf("%q: the receiver does not read %s", given, want)
		}
	}
}

func TestTheToleranceIsTheSchemes(t *testing.T) {
	s := lookup(t, "slack")
	s.Tolerance = sign.Tolerance{Past: 90 * time.Second, Future: 1500 * time.Millisecond}
	if out := emit(t, "express", receiver.Options{Scheme: s}); !strings.Contains(out, "age <= 90 && age >= -1.5;") {
		t.Errorf("no age of 90 and 1.5 seconds:\n%s", out)
	}
	s.Tolerance = sign.Tolerance{Past: sign.NoLimit, Future: sign.NoLimit}
	if out := emit(t, "express", receiver.Options{Scheme: s}); strings.Contains(out, "age") {
		t.Errorf("the age is judged:\n%s", out)
	}
}
