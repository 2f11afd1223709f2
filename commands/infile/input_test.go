package infile_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/infile"
)

func TestAPayloadComesFromOnePlace(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.json")
	if err := os.WriteFile(path, []byte("file"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		data       string
		given      bool
		positional []string
		want, name string
	}{
		{"text", true, nil, "text", ""}, {"", true, nil, "", ""}, {"@" + path, true, nil, "file", path}, {"@-", true, nil,
			"stdin", "-"},
		{"", false, []string{path}, "file", path}, {"", false, []string{"-"}, "stdin", "-"}, {"", false, nil, "stdin", "-"},
	} {
		p, err := infile.Payload(strings.NewReader("stdin"), false, c.data, c.given, c.positional, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.Bytes(); string(got) != c.want || p.Name != c.name || err != nil {
			t.Errorf("%q %v: %q of %q, %v", c.data, c.positional, got, p.Name, err)
		}
		p.Close()
	}
	if p, err := infile.Payload(nil, true, "", false, nil, nil); p != nil || err != nil {
		t.Errorf("a terminal: %v, %v", p, err)
	}
	(*infile.Input)(nil).Close()
	for words, c := range map[string]struct {
		data       string
		positional []string
	}{
		"both": {"x", []string{path}}, "names no file": {"@", nil}, "no such file": {"@" + path + "x", nil}, "stdin": {"@-",
			nil},
	} {
		_, err := infile.Payload(nil, false, c.data, true, c.positional, []string{"-"})
		if f, ok := errors.AsType[*fail.Error](err); !ok || f.Code != fail.ExitUsage || !strings.Contains(f.Error(), words) {
			t.Errorf("%q: %v", words, err)
		}
	}
}

func TestAnEditorChangesThePayload(t *testing.T) {
	t.Parallel()
	var shown bytes.Buffer
	edit := func(command, body string) (string, error) {
		e := infile.Editor{Command: command, Environ: os.Environ(), Out: &shown, Err: &shown, Dir: t.TempDir()}
		got, err := e.Edit([]byte(body), ".json")
		return string(got), err
	}
	for _, c := range [][3]string{
		{`sh -c 'echo "{}" > "$0"'`, "a", "{}"}, {`sh -c 'echo "{}" > "$0"'`, "a\n", "{}\n"},
		{`sh -c 'printf "b\r\n" > "$0"'`, "a", "b"},
		{`sh -c 'case "$0" in *.json) ;; *) exit 1; esac; echo seen'`, "same", "same"},
	} {
		if got, err := edit(c[0], c[1]); got != c[2] || err != nil {
			t.Errorf("%s: %q, %v", c[0], got, err)
		}
	}
	if shown.String() != "seen\n" {
		t.Errorf("the editor printed %q", shown.String())
	}
	for command, want := range map[string]struct {
		code  int
		words string
	}{
		"":                            {fail.ExitUsage, "is not a command"},
		"vi | cat":                    {fail.ExitUsage, "is not a command"},
		"no-such-editor":              {fail.ExitUsage, "executable file not found"},
		"false":                       {fail.ExitInterrupted, "nothing was sent"},
		`sh -c ': > "$0"'`:            {fail.ExitInterrupted, "left empty"},
		`sh -c 'rm "$0"'`:             {fail.ExitUsage, "no such file"},
		`sh -c 'rm "$0"; mkdir "$0"'`: {fail.ExitUsage, "is a folder"},
	} {
		_, err := edit(command, "a")
		if f, ok := errors.AsType[*fail.Error](err); !ok || f.Code != want.code || !strings.Contains(f.Error(), want.words) {
			t.Errorf("%q: %v", command, err)
		}
	}
}
