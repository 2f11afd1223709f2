package secret_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/secret"
)

func TestOnlyReferencesAreReferences(t *testing.T) {
	for _, text := range []string{"env:A", "file:/a", "cmd:op read x", "keyring:a"} {
		if !secret.IsReference(text) {
			t.Errorf("%s is a reference", text)
		}
	}
	for _, text := range []string{"", "-", "whsec_abc", "env:", "sk_live:x"} {
		if secret.IsReference(text) {
			t.Errorf("%s is none", text)
		}
	}
}

func TestOneNewlineIsTakenOff(t *testing.T) {
	for in, want := range map[string]string{"a\n": "a", "a\r\n": "a", "a\n\n": "a\n", "a\r": "a\r", "\ufeffa\n": "a"} {
		if got, err := secret.Read(strings.NewReader(in), "it"); err != nil || string(got) != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	if got, err := secret.Read(strings.NewReader("\ta "), "it"); err != nil || string(got) != "\ta " {
		t.Errorf("white space became %q, %v", got, err)
	}
}

// finder finds with a variable A, and notes what it warns of.
func finder(stdin string) (f *secret.Finder, warned *atomic.Int64) {
	warned = &atomic.Int64{}
	return &secret.Finder{Stdin: strings.NewReader(stdin), Stderr: &bytes.Buffer{},
		Environ: func() []string { return []string{"GIVEN=yes"} },
		Getenv: func(name string) string {
			return map[string]string{"A": "from env", "BLANK": " ", "PREFIX": "whsec_"}[name]
		},
		Warn: func(string, ...any) { warned.Add(1) }}, warned
}

func TestEachKindOfReferenceLeadsToItsSecret(t *testing.T) {
	keyring.MockInit()
	if err := keyring.Set(secret.Service, "kept", "from keyring"); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("from file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, warned := finder("from stdin\n")
	refs := []string{"env:A", "file:" + file, "keyring:kept", "-", "literal secret", "-", "literal secret"}
	want := []string{"env:A=from env", "file:" + file + "=from file", "keyring:kept=from keyring", "stdin=from stdin",
		"literal=literal secret", "stdin=from stdin", "literal=literal secret"}
	if runtime.GOOS != "windows" {
		refs, want = append(refs, "cmd:echo $GIVEN $A"), append(want, "cmd:…=yes")
	}
	found, err := f.Find(t.Context(), refs)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range found {
		if got := s.Name + "=" + string(s.Key); got != want[i] {
			t.Errorf("%s: %s, want %s", refs[i], got, want[i])
		}
	}
	if warned.Load() != 1 {
		t.Errorf("warned %d times of literal secrets", warned.Load())
	}
	if !f.Names("A") || f.Names("B") {
		t.Error("the variables that are named")
	}
}

func TestWhatCannotBeUsedSaysWhy(t *testing.T) {
	keyring.MockInit()
	for ref, want := range map[string]string{
		"": "--secret is empty", "env:": "--secret env: has no name", "env:GONE": "the variable is not set or empty",
		"env:BLANK":  "secret env:BLANK is empty",
		"env:PREFIX": "is only the prefix whsec_", "file:" + filepath.Join(t.TempDir(), "gone"): "no such file",
		"keyring:gone": "is not in the keyring",
		"-":            "the secret on stdin is larger than",
	} {
		f, _ := finder(strings.Repeat("x", 1<<17))
		_, err := f.Find(t.Context(), []string{ref})
		if e, ok := errors.AsType[*fail.Error](err); !ok || e.Code != fail.ExitUsage || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", ref, err, want)
		}
	}
	keyring.MockInitWithError(errors.New("no keyring here"))
	f, _ := finder("")
	_, err := f.Find(t.Context(), []string{"keyring:a"})
	if e, ok := errors.AsType[*fail.Error](err); !ok || e.Code != fail.ExitUnsupported {
		t.Errorf("without a keyring: %v", err)
	}
}

func TestCommandsThatFail(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the commands are for a POSIX shell")
	}
	for command, want := range map[string]string{"exit 3": "failed: exit status 3",
		"head -c 70000 /dev/zero": "printed more than 65536 bytes", "true": "secret cmd:… is empty"} {
		f, _ := finder("")
		if _, err := f.Find(t.Context(), []string{"cmd:" + command}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", command, err, want)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	f, _ := finder("")
	if _, err := f.Find(ended, []string{"cmd:echo a"}); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
}

func TestASlowSecretHoldsUpOnlyThoseWhoWantIt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the commands are for a POSIX shell")
	}
	fifo := filepath.Join(t.TempDir(), "go")
	f, _ := finder("")
	slow := "cmd:until [ -e " + fifo + " ]; do sleep 0.01; done; echo done; echo x >> " + fifo
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			found, err := f.Find(t.Context(), []string{slow})
			if err != nil || string(found[0].Key) != "done" {
				t.Errorf("%v, %v", found, err)
			}
		})
	}
	quick := make(chan error, 1)
	go func() { _, err := f.Find(t.Context(), []string{"env:A"}); quick <- err }()
	select {
	case err := <-quick:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("a quick secret waits for the slow one")
	}
	if err := os.WriteFile(fifo, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	group.Wait()
	if ran, err := os.ReadFile(fifo); err != nil || string(ran) != "x\n" {
		t.Errorf("the command ran %d times, %v", len(ran)/2, err)
	}
}
