package commands

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/shell"
)

// typed runs a command line with something on stdin, in a terminal where password is not empty.
func typed(t *testing.T, stdin, password string, args ...string) (code int, out, said string) {
	t.Helper()
	var o, e bytes.Buffer
	env := shell.Env{In: strings.NewReader(stdin), Out: &o, Err: &e, Getenv: func(string) string { return "" },
		InTerminal:    password != "",
		Interruptible: context.WithCancel, Now: time.Now, Rand: func() float64 { return 0 },
		Password: func() ([]byte, error) { return []byte(password), nil }}
	code = Main(context.Background(), env, "test", args)
	return code, o.String(), e.String()
}

func TestASecretGoesIntoTheKeyringAndOutOfIt(t *testing.T) {
	keyring.MockInit()
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	for i, c := range []struct {
		stdin, password string
		args            []string
		code            int
		out, said       string // said: a part of it
	}{
		{secret + "\n", "", []string{"secret", "set", "one"}, 0, "", "saved: --secret keyring:one"},
		{"other", "", []string{"secret", "set", "one"}, 2, "", "barb secret set one --replace"},
		{"", "", []string{"secret", "list"}, 0, "one\n", ""},
		{"", "", []string{"secret", "list", "--json"}, 0, `{"schema":1,"name":"one","ref":"keyring:one"}` + "\n", ""},
		{"", "", []string{"secret", "show", "keyring:one"}, 0, secret + "\n", ""},
		{"{}", "", []string{"sign", "-s", "standard-webhooks", "--secret", "keyring:one", "--id", "a", "--timestamp", "1",
			"-o", "value"}, 0,
			"v1,", ""},
		{"", "typed", []string{"secret", "set", "one", "--replace"}, 0, "", "secret one (not shown): \n"},
		{"", "", []string{"secret", "show", "one"}, 0, "typed\n", ""},
		{" \n", "", []string{"secret", "set", "blank"}, 2, "", "the secret is empty"},
		{"x", "", []string{"secret", "set", "a\x1bb"}, 2, "", "is not a valid name"},
		{"x", "", []string{"secret", "set", "keyring:"}, 2, "", "is not a valid name"},
		{"", "", []string{"secret", "delete", "one"}, 0, "", "deleted keyring:one"},
		{"", "", []string{"secret", "list"}, 0, "", "no secrets yet"},
		{"", "", []string{"secret", "show", "one"}, 2, "", "hint: barb secret set one"},
		{"'quoted secret of the tests'\r\n", "", []string{"secret", "set", "odd"}, 0, "",
			"barb: warning: the secret is in quotes; barb saves it unchanged\n"},
		{"", "", []string{"secret", "delete", "odd"}, 0, "", ""},
		{"", "", []string{"secret", "delete", "one"}, 2, "", "is not in the keyring"},
		{"", "", []string{"secret", "st", "one"}, 2, "", "hint: did you mean barb secret set"},
		{"", "", []string{"secret"}, 2, "", "hint: barb secret set NAME"},
	} {
		code, out, said := typed(t, c.stdin, c.password, c.args...)
		if code != c.code || !strings.HasPrefix(out, c.out) || c.out == "" && out != "" || !strings.Contains(said, c.said) {
			t.Errorf("%d: barb %v = %d, want %d\nprints %q, want %q\nsays %q, want %q", i, c.args, code, c.code, out,
				c.out, said, c.said)
		}
		if strings.Contains(said, secret) || strings.Contains(said, "typed") {
			t.Errorf("%d: a secret is said: %s", i, said)
		}
	}
	keyring.MockInitWithError(errors.New("no keyring here"))
	if code, _, said := typed(t, "", "", "secret", "list"); code != int(fail.ExitUnsupported) {
		t.Errorf("the list without a keyring: %d %s", code, said)
	}
	if code, _, said := typed(t, "x", "", "secret", "set", "one"); code != int(fail.ExitUnsupported) ||
		!strings.Contains(said, "the keyring cannot be used") {
		t.Errorf("without a keyring: %d %s", code, said)
	}
	keyring.MockInitWithError(&exec.Error{Name: "dbus-launch", Err: exec.ErrNotFound})
	if code, _, said := typed(t, "x", "", "secret", "set", "one"); code != int(fail.ExitUnsupported) ||
		said != "barb: keyring:one: the keyring cannot be used: no keyring service runs here\n"+
			"hint: file:PATH, env:NAME and cmd:COMMAND need no keyring: barb help secrets\n" {
		t.Errorf("without D-Bus: %d %s", code, said)
	}
}
