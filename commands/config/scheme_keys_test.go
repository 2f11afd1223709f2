package config

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/sign"
)

func TestTheDocsExplainEveryKeyAndNoOther(t *testing.T) {
	page, err := os.ReadFile("../../docs/schemes.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "## The keys")
	table, _, _ = strings.Cut(table, "What can stand in")
	var explained, keys []string
	for _, match := range regexp.MustCompile("(?m)^\\| `([a-z_.]+)` \\|").FindAllStringSubmatch(table, -1) {
		explained = append(explained, match[1])
	}
	for key := range schemeKeys(new(sign.Scheme)) {
		keys = append(keys, key)
	}
	slices.Sort(explained)
	slices.Sort(keys)
	if !slices.Equal(explained, keys) {
		t.Errorf("explained: %v\nthere are: %v", explained, keys)
	}
}

// refusal is what barb says of a barb.toml, with its hints.
func refusal(t *testing.T, text string) string {
	t.Helper()
	file, err := read(t, text)
	f, ok := errors.AsType[*fail.Error](err)
	if !ok || f.Code != fail.ExitUsage {
		t.Fatalf("%s is taken: %v", text, err)
	}
	return strings.ReplaceAll(strings.Join(append([]string{f.Error()}, f.Hints...), "\nhint: "),
		filepath.Dir(file.Path)+"/", "")
}

func TestAFaultInAnOwnSchemeIsSaidWithItsLine(t *testing.T) {
	for _, c := range []struct{ config, want string }{
		{"[scheme.shop]\nheader = \"X-Shop\"\ncontent = \"{ts}\"\n",
			`barb.toml:3: scheme.shop: content: has {ts}, but time does not say where the timestamp is`},
		{"[scheme.shop]\nheader = \"X-Shop\"\n\n[scheme.shop.time]\nin = \"header:X\"\nunit = \"weeks\"\n",
			`barb.toml:6: scheme.shop: time.unit: "weeks" is not one of`},
		{"scheme.shop.header = \"X Shop\"\n", `barb.toml:1: scheme.shop: header: "X Shop" is not a header name`},
		{"[scheme]\nshop = { header = \"X-Shop\", time = { in = \"header:X\" }, hash = \"sha3\" }\n",
			`barb.toml:2: scheme.shop: hash: "sha3" is not one of`},
		{"\n[scheme.shop]\nenc = \"hex\"\n", `barb.toml:2: scheme.shop: header: "" is not a header name`},
		{"[scheme.shop]\nheader = \"X-Shop\"\nheder = \"X\"\n",
			"barb.toml:3: scheme.shop: unknown key \"heder\"\nhint: did you mean header?"},
		{"[scheme.shop]\nheader = \"X-Shop\"\ncode = \"twilio\"\n", `barb.toml:3: scheme.shop: unknown key "code"`},
		{"[scheme.shop]\nheader = \"X-Shop\"\n[scheme.shop.time]\nunti = \"s\"\n",
			"barb.toml:4: scheme.shop: unknown key \"time.unti\"\nhint: did you mean time.unit?"},
		{"[scheme.shop]\nheader = 3\n", `barb.toml:2: scheme.shop: header: must be text`},
		{"[scheme.shop]\nheader = \"X\"\nalt = [\"A\", 3]\n", `barb.toml:3: scheme.shop: alt: must be a list of texts`},
		{"[scheme.shop]\nheader = \"X\"\ntime = \"t=\"\n",
			`barb.toml:3: scheme.shop: time: must be a table of time.in, time.key, time.unit`},
		{"[scheme.shop]\nheader = \"X\"\ntime = { key = \"t=\" }\ntolerance = \"0s\"\n",
			`barb.toml:4: scheme.shop: tolerance: must be more than 0`},
		{"[scheme.shop]\nheader = \"X\"\ntime = { key = \"t=\" }\ntolerance = { past = \"soon\" }\n",
			`barb.toml:4: scheme.shop: tolerance.past: "soon" is not a duration`},
		{"[scheme.shop]\nheader = \"X\"\ntolerance = \"5m\"\n", `barb.toml:1: scheme.shop: time.unit: is empty`},
		{"[scheme.shop]\nheader = \"X\"\nfixed = { \"A B\" = \"c\" }\n",
			`barb.toml:3: scheme.shop: fixed: "A B" is not a header name`},
		{"[scheme.Shop]\nheader = \"X\"\n", `barb.toml:1: scheme.Shop: name: "Shop" is not lower-case letters`},
		{"[scheme]\nshop = \"X-Shop\"\n", "barb.toml:2: scheme.shop: is not a table\nhint: write [scheme.shop]"},
		{"\n[scheme.stripe]\nheader = \"X\"\n",
			"barb.toml:2: scheme.stripe: name: stripe is the name of a built-in scheme\nhint: give it another name, such " +
				"as my-stripe"},
		{"[scheme.auto]\nheader = \"X\"\n", "barb.toml:1: scheme.auto: name: auto is the name of a built-in scheme"},
		{"scheme = \"github\"\n[scheme.shop]\nheader = \"X\"\n",
			`hint: scheme = "NAME" cannot stand beside [scheme.NAME]`},
		{"[listen.addr]\nx = 1\n", `listen.addr is a table, not a value`},
	} {
		if got := refusal(t, c.config); !strings.Contains(got, c.want) {
			t.Errorf("%s\n%s\nwant %s", c.config, got, c.want)
		}
	}
}

func TestEveryFaultOfAnOwnSchemeIsSaidAtOnce(t *testing.T) {
	got := refusal(t, "[scheme.shop]\nenc = \"octal\"\nheader = \"X Y\"\nkey = \"oak\"\n")
	for _, want := range []string{"barb.toml:2: scheme.shop: enc",
		"barb.toml:3: scheme.shop: header", "barb.toml:4: scheme.shop: key"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in %s", want, got)
		}
	}
}

// Every key of docs/schemes.md in one table or the other, in TOML's two forms of a table.
func TestEveryKeySetsItsField(t *testing.T) {
	file := mustRead(t, `[scheme.shop]
title = "Shop"
docs = "https://example.com"
header = "X-Shop"
alt = ["X-Shop-2"]
content = "{ts}.{body}"
fixed = { X-B = "2", X-A = "1" }
bound = { account = "json:id" }
repeat = true
tolerance = { past = "5m", future = "unlimited" }
[scheme.shop.time]
in = "header:X-Time"
[scheme.token]
auth = "token"
header = "X-Token"
[scheme.jwt]
auth = "hmac"
header = "X-Jwt"
jwt = { issuer = "shop", body = "hash", url_hash = false }
`)
	shop := file.Schemes.Own[0]
	want := sign.Scheme{Name: "shop", Title: "Shop", Docs: "https://example.com", Auth: sign.HMAC, Hash: sign.SHA256,
		Enc: sign.Hex, Key: sign.Raw, Header: "X-Shop", Alt: []string{"X-Shop-2"}, Content: "{ts}.{body}", Repeat: true,
		Fixed: []sign.Field{{Name: "X-A", Value: "1"}, {Name: "X-B", Value: "2"}},
		Bound: []sign.Identity{{Param: "account", In: "json:id", Else: "it says whose webhook it is"}}}
	want.Time.In, want.Time.Unit = "header:X-Time", sign.Seconds
	want.Tolerance.Past, want.Tolerance.Future = 5*time.Minute, sign.NoLimit
	if diff := cmp.Diff(want, shop); diff != "" {
		t.Error(diff)
	}
	if jwt := file.Schemes.Own[2].JWT; jwt == nil || jwt.Issuer != "shop" || jwt.BodyEnc != sign.Hex {
		t.Errorf("%+v", jwt)
	}
}

func TestOfTwoFaultySchemesTheFirstIsSaid(t *testing.T) {
	for range 20 {
		got := refusal(t, "[scheme.shop]\nheader = 3\n[scheme.club]\nheader = 4\n[scheme.bank]\nheader = 5\n")
		if want := "barb.toml:2: scheme.shop: header: must be text"; got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	}
}

func TestSchemesOfOneLineAreInTheOrderOfTheirNames(t *testing.T) {
	for range 20 {
		own := mustRead(t, `scheme = { shop = { header = "A" }, club = { header = "B" }, bank = { header = "C" } }`).
			Schemes.Own
		if own[0].Name != "bank" || own[1].Name != "club" || own[2].Name != "shop" {
			t.Fatalf("%s, %s, %s", own[0].Name, own[1].Name, own[2].Name)
		}
	}
}
