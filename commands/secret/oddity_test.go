package secret_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"

	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/sign"
)

func TestWhatIsOddAboutTheEndsOfASecretIsSaid(t *testing.T) {
	const key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	for in, want := range map[string]string{
		key: "", "": "", "a": "", "two words": "", `it"s`: "", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw=": "", "ABCD==": "",
		key + "\r": `ends with a carriage return (\r)`, key + "\n": `ends with a line break (\n)`,
		key + " ": "ends with a space", "  " + key: "begins with spaces", "\t" + key: "begins with a tab",
		"\ufeff" + key + "\u00a0":    "begins with an invisible character and ends with an invisible character",
		`"` + key + `"`:              "is in quotes",
		"'" + key + "' ":             "ends with a space and is in quotes",
		`"` + key:                    "has a quote at one end",
		"WHSEC=" + key:               "is a whole line NAME=value",
		`export WHSEC="` + key + `"`: "has a quote at one end and is a whole line NAME=value",
		"\n-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n\n": "",
	} {
		if got := secret.Oddity([]byte(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestASecretWithOddEndsIsWarnedOfOnceAndNotShown(t *testing.T) {
	keyring.MockInit()
	if err := keyring.Set(secret.Service, "odd", "from keyring "); err != nil {
		t.Fatal(err)
	}
	for ref, want := range map[string]string{
		"-":                      "secret stdin ends with",
		"env:ODD":                "secret env:ODD is in quotes",
		"keyring:odd":            "secret keyring:odd ends with a space",
		"cmd:printf 'printed '":  "secret cmd:… ends with a space",
		" a literal of the test": "secret literal begins with a space",
	} {
		f, _ := finder("from stdin\r\r\n")
		f.Getenv = func(name string) string { return map[string]string{"ODD": "'from env'"}[name] }
		var said []string
		f.Warn = func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }
		for range 2 {
			if _, err := f.Find(t.Context(), []string{ref}); err != nil {
				t.Fatal(err)
			}
		}
		said = slices.DeleteFunc(said, func(s string) bool { return strings.Contains(s, "process list") })
		if len(said) != 1 || !strings.Contains(said[0], want) || strings.Contains(said[0], "from") ||
			strings.Contains(said[0], "printed") {
			t.Errorf("%s: %q", ref, said)
		}
	}
}

func TestALiteralThatWasMeantAsAReferenceIsRefused(t *testing.T) {
	for ref, want := range map[string]string{"stdin": "literal text, not what comes on stdin", "@-": "literal text",
		"env": "has no name", "Keyring": "has no name", "@names.go": "not the content of the file"} {
		f, warned := finder("")
		if _, err := f.Find(t.Context(), []string{ref}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", ref, err, want)
		}
		if warned.Load() > 0 {
			t.Errorf("%s is warned of and refused", ref)
		}
	}
	f, warned := finder("")
	if _, err := f.Find(t.Context(), []string{"A", "@no-such-file"}); err != nil || warned.Load() != 2 {
		t.Errorf("the name of a variable: %v, warned %d times", err, warned.Load())
	}
}

func TestTheNamesOfSecretsAreKeptWithoutTheirValues(t *testing.T) {
	keyring.MockInit()
	if names, err := secret.Names(); err != nil || len(names) > 0 {
		t.Fatalf("%v, %v", names, err)
	}
	for _, name := range []string{"stripe", "git hub", "stripe", "asana"} {
		if unlisted, err := secret.Set(name, "value of "+name); err != nil || unlisted != nil {
			t.Fatalf("%v, %v", unlisted, err)
		}
	}
	if err := (&secret.Sink{Ref: "keyring:learnt"}).Keep(secretOf("value")); err != nil {
		t.Fatal(err)
	}
	if names, err := secret.Names(); err != nil || strings.Join(names, ",") != "asana,git hub,learnt,stripe" {
		t.Errorf("%q, %v", names, err)
	}
	for _, name := range []string{"asana", "git hub", "learnt", "stripe"} {
		if err := secret.Delete(name); err != nil {
			t.Error(err)
		}
	}
	if names, err := secret.Names(); err != nil || len(names) > 0 {
		t.Errorf("%q, %v", names, err)
	}
	if err := secret.Delete("gone"); err == nil {
		t.Error("what is not there is deleted")
	}
}

func secretOf(key string) sign.Secret { return sign.Secret{Key: []byte(key)} }
