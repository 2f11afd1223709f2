//go:build judges

// These tests start compilers and interpreters for each receiver; `make judges` runs them.

package receiver_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/barbhq/barb/commands/receiver"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
)

// odd is a scheme with a feature that few providers use, and the secret to sign and to verify with.
type odd struct {
	scheme             sign.Scheme
	signing, verifying string
}

// oddSchemes change one thing or two of a plain scheme.
func oddSchemes() []odd {
	plain := sign.Scheme{Auth: sign.HMAC, Hash: sign.SHA256, Enc: sign.Hex, Key: sign.Raw, Content: "{body}",
		Header: "X-Signature"}
	stamped := plain
	stamped.Content, stamped.Tolerance = "{ts}.{body}", sign.Both(time.Minute)
	stamped.Time = sign.Timestamp{In: "header:X-Time", Unit: sign.Seconds}
	seed := bytes.Repeat([]byte{5}, ed25519.SeedSize)
	public := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	change := func(name string, s sign.Scheme, f func(*sign.Scheme)) odd {
		f(&s)
		s.Name = name
		return odd{s, secret, secret}
	}
	edwards := func(name string, s sign.Scheme, f func(*sign.Scheme)) odd {
		o := change(name, s, func(s *sign.Scheme) { s.Auth, s.Key = sign.Ed25519, sign.Hex32; f(s) })
		o.signing, o.verifying = hex.EncodeToString(seed), hex.EncodeToString(public)
		return o
	}
	keyed := func(name string, form sign.KeyForm, key string) odd {
		o := change(name, plain, func(s *sign.Scheme) { s.Key = form })
		o.signing, o.verifying = key, key
		return o
	}
	all := []odd{
		change("md5", plain, func(s *sign.Scheme) { s.Hash = sign.MD5 }),
		change("sha1", plain, func(s *sign.Scheme) { s.Hash = sign.SHA1 }),
		change("sha384", plain, func(s *sign.Scheme) { s.Hash = sign.SHA384 }),
		change("sha512", plain, func(s *sign.Scheme) { s.Hash = sign.SHA512 }),
		change("base64", plain, func(s *sign.Scheme) { s.Enc, s.Prefix = sign.Base64, "sha256=" }),
		change("base64url", plain, func(s *sign.Scheme) { s.Enc = sign.Base64URL }),
		keyed("hex-key", sign.HexKey, "31f290f6bf06298aab4f08d43c3f082c"),
		keyed("base64-key", sign.Base64Key, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMw"),
		keyed("whsec", sign.Whsec, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMw"),
		keyed("whsec-or-raw", sign.WhsecOrRaw, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
		keyed("raw-after-all", sign.WhsecOrRaw, secret),
		change("digest", plain, func(s *sign.Scheme) { s.Auth, s.Content = sign.Digest, "{secret}{method}{url}{body}" }),
		change("digest-sha1", stamped, func(s *sign.Scheme) {
			s.Auth, s.Hash, s.Content = sign.Digest, sign.SHA1, "{body}{ts}{secret}"
		}),
		change("path", plain, func(s *sign.Scheme) { s.Content = "{method} {path}\n{body|sha256hex}" }),
		change("braces", plain, func(s *sign.Scheme) { s.Content = `{lb}"body":{body},"name":{header.X-Name}{rb}` }),
		change("json", plain, func(s *sign.Scheme) { s.Content = "{json.data.list.0.token}{body}" }),
		change("alt", plain, func(s *sign.Scheme) { s.Alt = []string{"X-Signature-2"} }),
		change("split", plain, func(s *sign.Scheme) { s.Split, s.Prefix, s.More = ", ", "v1=", ", v1={sig}" }),
		change("id", plain, func(s *sign.Scheme) { s.IDIn, s.Content = "header:X-Id", "{id}{body}" }),
		change("ms", stamped, func(s *sign.Scheme) { s.Time.Unit = sign.Milliseconds }),
		change("date", stamped, func(s *sign.Scheme) { s.Time.Unit = sign.RFC3339 }),
		change("date-ms", stamped, func(s *sign.Scheme) { s.Time.Unit = sign.RFC3339Millis }),
		change("no-limit", stamped, func(s *sign.Scheme) { s.Tolerance = sign.Both(sign.NoLimit) }),
		change("past-only", stamped, func(s *sign.Scheme) { s.Tolerance.Future = sign.NoLimit }),
		change("future-only", stamped, func(s *sign.Scheme) { s.Tolerance.Past = sign.NoLimit }),
		change("hostile", stamped, func(s *sign.Scheme) {
			s.Split, s.Prefix, s.Format = ";", `'"$x#@y\`+"`=", `t'"\=`+`{ts};'"$x#@y\`+"`={sig}"
			s.Content, s.Time = "'{ts}\"\\${lb}x{rb}#{lb}y{rb}\n`?>{body}", sign.Timestamp{Key: `t'"\=`, Unit: sign.Seconds}
		}),
		change("bearer", plain, func(s *sign.Scheme) {
			s.Auth, s.Enc, s.Prefix, s.Content = sign.Token, sign.Plain, "Bearer ", ""
		}),
		edwards("ed25519", stamped, func(*sign.Scheme) {}),
		edwards("ed25519-base64", stamped, func(s *sign.Scheme) { s.Enc, s.Prefix = sign.Base64, "sig=" }),
		edwards("ed25519-split", stamped, func(s *sign.Scheme) {
			s.Enc, s.Split, s.Prefix, s.More = sign.Base64, " ", "v1a,", " v1a,{sig}"
		}),
	}
	last := edwards("ed25519-base64-key", stamped,
		func(s *sign.Scheme) { s.Key, s.Content = sign.Base6432, "{ts}|{body|sha256hex}" })
	last.signing, last.verifying = base64.StdEncoding.EncodeToString(seed), base64.StdEncoding.EncodeToString(public)
	return append(all, last)
}

// judged is a webhook as the judges in conformance/emit read it.
type judged struct {
	name    string
	want    bool
	File    string            `json:"file"`
	Path    string            `json:"path"`
	Secret  string            `json:"secret"`
	URL     string            `json:"url"`
	Now     int64             `json:"now"`
	Headers map[string]string `json:"headers"`
	Body    []byte            `json:"body"`
}

// judgements are a good webhook of the scheme, and what must be refused.
func (o odd) judgements(t *testing.T, file string) []judged {
	t.Helper()
	m := sign.Message{ID: "msg_1", Time: at, Method: "POST", URL: "https://hooks.example.com/a%20b/in?x=1",
		Header: http.Header{"X-Name": {"a name"}},
		Body:   []byte("{ \"data\": {\"list\":[{\"token\":\"x1\"}]}, \"text\":\"caf\u00e9 \xff\" }\n")}
	if strings.Contains(o.scheme.Content, "{json.") {
		m.Body = bytes.ReplaceAll(m.Body, []byte("\xff"), nil)
	}
	out, err := o.scheme.Sign(m, sign.Secret{Name: "test", Key: []byte(o.signing)})
	if err != nil {
		t.Fatalf("%s: %v", o.scheme.Name, err)
	}
	headers := map[string]string{"X-Name": "a name"}
	for _, f := range out.Fields {
		headers[f.Name] = f.Value
	}
	good := judged{o.scheme.Name, true, file, "/webhooks/" + o.scheme.Name, o.verifying, m.URL, at.Unix(), headers, m.Body}
	unsigned, tampered, late, early := good, good, good, good
	unsigned.name, unsigned.want, unsigned.Headers = good.name+" unsigned", false, map[string]string{}
	tampered.name, tampered.want, tampered.Body = good.name+" tampered", o.scheme.Auth == sign.Token,
		append([]byte("{ "), m.Body[1:]...)
	late.name, late.want, late.Now = good.name+" late", o.scheme.Time.Unit == "" ||
		o.scheme.Tolerance.Past == sign.NoLimit, at.Unix()+61
	early.name, early.want, early.Now = good.name+" early", o.scheme.Time.Unit == "" ||
		o.scheme.Tolerance.Future == sign.NoLimit, at.Unix()-61
	return []judged{good, unsigned, tampered, late, early}
}

// The languages whose program is on this machine judge; conformance has them all.
func TestReceiversJudgeOddSchemes(t *testing.T) {
	for _, l := range []struct{ framework, ext, program, judge, needs string }{
		{"lambda", ".mjs", "node", "vectors.mjs", "-v"}, {"rails", ".rb", "ruby", "vectors.rb", "-v"},
		{"flask", ".py", "/usr/bin/python3", "vectors.py", "-cimport flask, cryptography"},
	} {
		if exec.Command(l.program, l.needs).Run() != nil {
			continue
		}
		t.Run(l.framework, func(t *testing.T) {
			dir := t.TempDir()
			var all []judged
			for _, o := range oddSchemes() {
				file := filepath.Join(dir, o.scheme.Name+l.ext)
				source := emit(t, l.framework, receiver.Options{Scheme: o.scheme, SecretVar: "SECRET"})
				if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
					t.Fatal(err)
				}
				all = append(all, o.judgements(t, file)...)
			}
			compare(t, all, exec.CommandContext(t.Context(), l.program,
				filepath.Join("..", "..", "conformance", "emit", l.judge)))
		})
	}
}

func compare(t *testing.T, all []judged, judge *exec.Cmd) {
	t.Helper()
	in, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	judge.Stdin, judge.Stderr = bytes.NewReader(in), os.Stderr
	out, err := judge.Output()
	if err != nil {
		t.Fatal(err)
	}
	statuses := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(statuses) != len(all) {
		t.Fatalf("%d answers to %d webhooks", len(statuses), len(all))
	}
	for i, j := range all {
		if (statuses[i] == "200") != j.want {
			t.Errorf("%s: answer %s, want good %t", j.name, statuses[i], j.want)
		}
	}
}

// A receiver in PHP judges its own vector, a good one and one whose body is another.
func TestReceiversInPHPJudgeOddSchemes(t *testing.T) {
	if exec.Command("php", "-v").Run() != nil {
		t.Log("no php here; conformance has it")
		return
	}
	dir := t.TempDir()
	for _, o := range oddSchemes() {
		if o.scheme.Auth == sign.Token {
			continue // it has no vector
		}
		for _, j := range o.judgements(t, "")[:3] {
			header := make(http.Header)
			for name, value := range j.Headers {
				header.Set(name, value)
			}
			file := filepath.Join(dir, "receiver.php")
			hook := &receiver.Hook{URL: j.URL, Header: header, Body: j.Body, At: at}
			if err := os.WriteFile(file,
				[]byte(emit(t, "php", receiver.Options{Scheme: o.scheme, SecretVar: "SECRET", Hook: hook})), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), "php", file, "check")
			cmd.Env = append(os.Environ(), "SECRET="+j.Secret)
			out, err := cmd.CombinedOutput()
			if (err == nil) != j.want || err != nil && string(out) != "the test vector does not verify\n" {
				t.Errorf("%s: %v, want good %t\n%s", j.name, err, j.want, out)
			}
		}
	}
}

// Receivers in Go become packages of one program, which runs the check that is named.
func TestReceiversInGoJudgeOddSchemes(t *testing.T) {
	dir := t.TempDir()
	var all []judged
	var imports, cases strings.Builder
	for _, o := range oddSchemes() {
		if o.scheme.Auth == sign.Token {
			continue // it has no vector
		}
		for i, j := range o.judgements(t, "")[:3] {
			if i == 1 {
				continue // what is unsigned is refused by all alike; each package takes its time to compile
			}
			header := make(http.Header)
			for name, value := range j.Headers {
				header.Set(name, value)
			}
			source := emit(t, "go", receiver.Options{Scheme: o.scheme, SecretVar: "SECRET",
				Hook: &receiver.Hook{URL: j.URL, Header: header, Body: j.Body, At: at}})
			pkg := fmt.Sprintf("%s%d", strings.ReplaceAll(o.scheme.Name, "-", "_"), i)
			source = strings.Replace(strings.Replace(source, "package main\n", "package "+pkg+"\n", 1), "func main() {",
				"func Main() {", 1)
			writeFile(t, filepath.Join(dir, pkg, "receiver.go"), source)
			fmt.Fprintf(&imports, "\t%s \"receivers/%s\"\n", pkg, pkg)
			fmt.Fprintf(&cases, "\tcase %q:\n\t\t%s.Main()\n", pkg, pkg)
			j.name = pkg
			all = append(all, j)
		}
	}
	writeFile(t, filepath.Join(dir, "go.mod"), "module receivers\n\ngo 1.24\n")
	writeFile(t, filepath.Join(dir, "main.go"), "package main\n\nimport (\n\t\"os\"\n"+imports.String()+
		")\n\nfunc main() {\n\tswitch os.Args[2] {\n"+cases.String()+"\t}\n}\n")
	program := goBuild(t, dir)
	for _, j := range all {
		cmd := exec.CommandContext(t.Context(), program, "check", j.name)
		cmd.Env = append(os.Environ(), "SECRET="+j.Secret)
		out, err := cmd.CombinedOutput()
		if (err == nil) != j.want || err == nil && string(out) != "ok\n" {
			t.Errorf("%s: %v, want good %t\n%s", j.name, err, j.want, out)
		}
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func goBuild(t *testing.T, dir string) string {
	t.Helper()
	program := filepath.Join(dir, "receivers")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

// Each row of the catalogue is a program of its own; vet compiles them without linking.
func TestReceiversInGoCompile(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "go.mod"), "module receivers\n\ngo 1.24\n")
	var names []string
	for _, s := range catalog.All() {
		var out bytes.Buffer
		if receiver.Write(&out, "go", receiver.Options{Scheme: s}) == nil {
			writeFile(t, filepath.Join(dir, s.Name, "receiver.go"), out.String())
			names = append(names, s.Name)
		}
	}
	if len(names) < 80 {
		t.Fatalf("only %v are written", names)
	}
	cmd := exec.CommandContext(t.Context(), "go", "vet", "./...")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("go vet: %v\n%s", err, out)
	}
}
