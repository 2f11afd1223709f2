package config

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/listen/route"
)

// every needs all tables.
func every(string) bool { return true }

// settings are those of a small command tree.
func settings(needs func(table string) bool) []Setting {
	root, listen := pflag.NewFlagSet("", 0), pflag.NewFlagSet("", 0)
	for _, name := range []string{"color", "db"} {
		root.String(name, "", "")
	}
	for _, name := range []string{"tls-key", "metrics", "forward-to", "addr", "count", "respond", "max-body", "proxy",
		"cacert"} {
		listen.String(name, "", "")
	}
	Mark(root, "", "db", "color")
	Mark(listen, "listen", "addr", "tls-key", "metrics", "forward-to", "respond", "max-body", "proxy", "cacert", "missing")
	deliver := pflag.NewFlagSet("", 0)
	deliver.String("metrics", "", "")
	Mark(deliver, "deliver", "metrics")
	all := Marked(root)
	if needs("listen") {
		all = append(all, Marked(listen)...)
	}
	if needs("deliver") {
		all = append(all, Marked(deliver)...)
	}
	return all
}

// read reads a barb.toml that is found from a folder below its own.
func read(t *testing.T, text string) (*File, error) {
	t.Helper()
	dir := t.TempDir()
	below := filepath.Join(dir, "a", "b")
	if err := os.MkdirAll(below, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "barb.toml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := Find("", below, "")
	if err != nil || file.Path != filepath.Join(dir, "barb.toml") || !file.Found {
		t.Fatalf("found %+v, %v", file, err)
	}
	return file, file.Read(below, settings)
}

func mustRead(t *testing.T, text string) *File {
	t.Helper()
	file, err := read(t, text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return file
}

func TestMarkedFlagsAreSettings(t *testing.T) {
	var keys []string
	for _, s := range settings(every) {
		keys = append(keys, s.Key())
	}
	if diff := cmp.Diff([]string{"db", "color", "listen.addr", "listen.tls_key", "listen.metrics", "listen.forward_to",
		"listen.respond", "listen.max_body", "listen.proxy", "listen.cacert", "deliver.metrics"}, keys); diff != "" {
		t.Error(diff)
	}
	s := Setting{Table: "listen", Flag: "tls-key"}
	if s.Variable() != "BARB_TLS_KEY" || !s.IsPath() || (Setting{Flag: "color"}).IsPath() {
		t.Errorf("%s is %s, a path: %v", s.Key(), s.Variable(), s.IsPath())
	}
}

func TestReadTakesTheValuesAsTheirFlagsParseThem(t *testing.T) {
	file := mustRead(t, `color = "never"
scheme = "stripe"
[listen]
max_body = 1000
addr = true
[deliver]
allow = ["cmd:op read x"]
[history]
max_size = "4GB"
max_age = "30d"
redact = ["header:X-Api-Key", "json:/customer/email"]
[[respond]]
path = "/a"
scheme = "GitHub"
answer = "503;delay=3s"
[[respond]]
event = "x.*"
status = 500
header = ["A: b", "C: d"]
[[route]]
path = "/stripe"
scheme = "Stripe"
secret = ["env:A", "cmd:pass x"]
forward_to = [":3000", { url = "http://localhost:3001", mirror = true }]
method = ["post", "PUT"]
params = { account = "7" }
public_url = "https://abc.example.com"
`)
	if diff := cmp.Diff(map[string]string{"color": "never", "scheme": "stripe", "listen.max_body": "1000",
		"listen.addr": "true"}, file.Values); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(route.Table{{Path: "/stripe", Methods: []string{"POST", "PUT"}, Scheme: "stripe",
		Secrets: []string{"env:A", "cmd:pass x"}, PublicURL: "https://abc.example.com",
		Params: map[string]string{"account": "7"},
		Targets: []route.Target{{URL: "http://127.0.0.1:3000", Written: ":3000"},
			{URL: "http://localhost:3001", Written: "http://localhost:3001", Mirror: true}}, Line: 20}},
		file.Routes); diff != "" {
		t.Error(diff)
	}
	if got := WrittenTargets(file.Routes[0].Targets); got != ":3000, mirror http://localhost:3001" {
		t.Errorf("targets are written %s", got)
	}
	var responds []string
	for i := range file.Tables {
		responds = append(responds, file.Tables[i].String())
	}
	if diff := cmp.Diff([]string{"/a github → 503;delay=3s", "x.* → status=500;header=A: b;header=C: d"},
		responds); diff != "" {
		t.Error(diff)
	}
	if file.Retention.MaxSize != 4_000_000_000 || file.Retention.MaxAge != 30*24*time.Hour || len(file.Redact) != 2 ||
		!slices.Equal(file.Allowed, []string{"cmd:op read x"}) {
		t.Errorf("%+v, %v, %v", file.Retention, file.RedactTexts, file.Allowed)
	}
	if line := file.Line(Setting{Table: "listen", Flag: "max-body"}); line != 4 {
		t.Errorf("max_body is in line %d", line)
	}
}

// Each is the whole of a barb.toml, and what is said of it behind the path.
func TestReadRefusesWhatItDoesNotUnderstand(t *testing.T) {
	for text, want := range map[string]string{
		"colour = 1\n":                        ":1: unknown key colour",
		"[listen]\nadr = 1\n":                 ":2: unknown key listen.adr",
		"[listen]\nadr.x = 1\n":               ":2: unknown key listen.adr.x",
		"listen = { addr = 1, adr = 2 }\n":    ":1: unknown key adr",
		"[listen.adr]\n":                      ":1: unknown key listen.adr",
		"[verify]\n":                          ":1: unknown key verify",
		"\"\" = 1\n":                          ":1: unknown key ",
		"[[route]]\npfad = 1\n":               ":2: unknown key route.pfad",
		"route = [{ path = \"/\", x = 1 }]\n": ":1: unknown key x",
		"[LISTEN]\nADDR = 1\nADR = 2\n":       ":3: unknown key LISTEN.ADR",
		"listen = 1\n":                        ":1: listen is not a table",
		"[[listen]]\n":                        ":1: listen is not a table",
		"[listen.addr]\nx = 1\n":              ":1: listen.addr is a table, not a value",
		"[db]\nx = 1\n":                       ":1: db is a table, not a value",
		"[listen]\naddr = [1]\n":              ":2: listen.addr must be text or a number",
		"x\n":                                 ":1:2: ",
		"[[route]]\npath = 3\n":               ":2:8: cannot decode TOML integer into route.path",
		"history = 3\n":                       ":1:11: cannot decode TOML integer into history",
		"scheme = \"a\"\n[scheme.b]\n":        "key scheme already exists",

		"[history]\nmax_size = 0\n":              ":2: history.max_size = 0 would keep nothing",
		"[history]\nmax_size = 4\n":              ":2: history.max_size = 4 is a number of bytes, and less than 1MB",
		"[history]\nmax_size = \"4kB\"\n":        ":2: history.max_size = 4kB is less than 1MB",
		"[history]\nmax_age = \"0s\"\n":          ":2: history.max_age = 0s would keep nothing",
		"[history]\nmax_age = \"soon\"\n":        ":2: history.max_age: ",
		"[history]\nredact = 3\n":                ":2: history.redact must be a list",
		"[history]\nredact = [3]\n":              ":2: history.redact: 3 must be text",
		"[history]\nredact = [\"x\"]\n":          ":2: history.redact \"x\": ",
		"[deliver]\nallow = [\"env:A\"]\n":       ":2: [deliver] allow has an item that is none of cmd:, file:, unix:",
		"[deliver]\nallow = 3\n":                 ":2: [deliver] allow has an item that is none of cmd:, file:, unix:",
		"[[respond]]\npath = \"a\"\n":            `:2: respond: path = "a" does not begin with "/"`,
		"[[respond]]\n":                          ":1: respond: it has no answer",
		"[[respond]]\nbody=1\n[[respond]]\n":     ":3: respond: it has no answer",
		"[[respond]]\nscheme = \"x\"\n":          ":1: respond: it has no answer",
		"[[respond]]\nanswer=\"1\"\nbody=1":      ":3: respond: answer and body cannot be used together",
		"[[respond]]\nstatus=1\nscheme='strype'": `:3: respond: scheme = "strype" is not known`,

		"[[route]]\npath = \"a\"\n":        `: route 1: path = "a" does not begin with "/"`,
		"[[route]]\npath = \"/a?b\"\n":     `: route 1: path = "/a?b" must be a path alone`,
		"[[route]]\nscheme = \"strype\"\n": `: route 1: scheme = "strype" is not known`,
		"[[route]]\npublic_url = \"x\"\n":  `: route 1: public_url = "x" is not a URL`,
		"[[route]]\nsecret = \"x\"\n":      ": route 1: secret is not a reference",
		"[[route]]\nmethod = [1]\n":        ": route 1: method = 1 is not a method",
		"[[route]]\nforward_to = []\n":     ": route 1: forward_to is an empty list",
		"[[route]]\nforward_to = 3\n":      ": route 1: forward_to: 3 is not a URL",
		"[[route]]\n[[route]]\nforward_to = { url = \":1\", mirror = true }\n": ": route 2: forward_to: the first " +
			"target answers the sender, so it cannot be a mirror",
		"[[route]]\nforward_to = { url = \":1\", x = true }\n": ": route 1: forward_to: x = true is unknown: a " +
			"target has url",
		"[[route]]\nforward_to = \"ftp://u:p@x\"\n": `: route 1: forward_to: "ftp://…@x": `,
	} {
		file, err := read(t, text)
		var f *fail.Error
		if !errors.As(err, &f) || f.Code != fail.ExitUsage {
			t.Errorf("%s is taken: %v", text, err)
			continue
		}
		said := strings.TrimPrefix(err.Error(), file.Path)
		if !strings.HasPrefix(said, want) && !strings.Contains(said, want) || strings.Contains(said, "config.") {
			t.Errorf("%s is %s\nwant %s", text, said, want)
		}
	}
}

func TestANamedFileGoesBeforeTheUsersOwn(t *testing.T) {
	dir := t.TempDir()
	own := filepath.Join(dir, "own.toml")
	if err := os.WriteFile(own, []byte("color = \"never\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := t.TempDir()
	for named, want := range map[string]string{"": own, own: own} {
		file, err := Find(named, empty, own)
		if err != nil || file.Path != want || file.Found {
			t.Errorf("%q leads to %+v, %v", named, file, err)
			continue
		}
		if err := file.Read(empty, settings); err != nil || file.Values["color"] != "never" || file.Wants != nil {
			t.Errorf("%q has %v, wants %v, %v", named, file.Values, file.Wants, err)
		}
	}
	if file, err := Find("", empty, ""); err != nil || file.Path != "" {
		t.Errorf("%+v, %v where there is none", file, err)
	}
	if _, err := Find(filepath.Join(dir, "missing.toml"), empty, own); err == nil {
		t.Error("a file that is missing is found")
	}
	if err := (&File{Path: dir}).Read(empty, settings); err == nil ||
		!strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a folder is read: %v", err)
	}
}

func TestOwnSchemesAreChosenLikeThoseOfTheCatalogue(t *testing.T) {
	file := mustRead(t,
		"\n[scheme.shop]\nheader = \"X-Shop\"\n\n[scheme.apex]\nheader = \"X-Apex\"\ncontent = \"{ts}.{body}\"\n"+
			"time = { key = \"t=\" }\nbound = { account = \"json:id\" }\n")
	if got := file.SourceOf("apex"); got != file.Path+":5" || file.SourceOf("stripe") != "" {
		t.Errorf("apex is from %s", got)
	}
	for name, want := range map[string]int{"shop": 1, "Stripe": 1, "APEX": 1} {
		if chosen, whole, err := file.ChooseSchemes([]string{name}); len(chosen) != want || !whole || err != nil {
			t.Errorf("%s chooses %v, %v, %v", name, chosen, whole, err)
		}
	}
	if all, whole, err := file.ChooseSchemes(nil); len(all) < 20 || all[0].Name != "shop" || whole || err != nil {
		t.Errorf("%d schemes, %v, %v", len(all), whole, err)
	}
	if chosen, whole, err := file.ChooseSchemes([]string{"sho"}); len(chosen) == 0 || whole || err != nil {
		t.Errorf("a part of a name chooses %v, %v, %v", chosen, whole, err)
	}
	_, _, err := file.ChooseSchemes([]string{"shpo"})
	var f *fail.Error
	if !errors.As(err, &f) || f.Code != fail.ExitUnsupported || !slices.Contains(f.Hints, "did you mean -s shop?") {
		t.Errorf("shpo is %v", err)
	}
	if (*File)(nil).Catalog() != nil {
		t.Error("no file has schemes")
	}
}

func TestAnUnknownKeyIsToldWhichOneIsMeant(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"[lisen]\naddr = 1\n":           "did you mean listen?",
		"colour = 1\n":                  "did you mean color?",
		"x = 1\n":                       "the keys at the top are color, db, deliver, history, listen, ",
		"[listen]\nmirror_too = 1\n":    "the keys of [listen] are addr, ",
		"[listen]\nforwardto = 1\n":     "did you mean listen.forward_to?",
		"[listen]\nmirror_to = 1\n":     "did you mean listen.forward_to?",
		"[[route]]\nmirrors = 1\n":      "did you mean route.forward_to?",
		"[[route]]\nsigning-secret=1\n": "did you mean route.secret?",
		"[history]\nkeep_for = 1\n":     "did you mean history.max_age?",
		"[[respond]]\nresponse = 1\n":   "did you mean respond.answer?",
		"[[respond]]\ndelai = 1\n":      "did you mean respond.delay?",
	} {
		if got := refusal(t, text); !strings.Contains(got, "\nhint: "+want) {
			t.Errorf("%q: %s\nwant %s", text, got, want)
		}
	}
}
