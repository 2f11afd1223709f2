package infile_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/infile"
)

func codeOf(err error) int {
	if f, ok := errors.AsType[*fail.Error](err); ok {
		return f.Code
	}
	return fail.ExitOK
}

func TestAMissingFileIsAMistakeOfTheCommandLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for path, want := range map[string]int{"missing": fail.ExitUsage, "": fail.ExitUsage, "a\x00b": fail.ExitLocal} {
		f, err := infile.Open(filepath.Join(dir, path))
		if codeOf(err) != want {
			t.Errorf("%q: %v, %v", path, f, err)
		}
		if _, err := infile.ReadArgument(nil, filepath.Join(dir, path), 10); codeOf(err) != want {
			t.Errorf("read %q: %v", path, err)
		}
	}
}

func TestWhatIsReadIsBounded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "five")
	if err := os.WriteFile(path, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, "-"} {
		if got, err := infile.ReadArgument(strings.NewReader("12345"), name, 5); err != nil || string(got) != "12345" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		_, err := infile.ReadArgument(strings.NewReader("12345"), name, 4)
		if codeOf(err) != fail.ExitUsage || !strings.HasSuffix(err.Error(), "is larger than 4B") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := infile.ReadAll(iotest.ErrReader(errors.New("broken")), 5, "stdin"); codeOf(err) != fail.ExitLocal ||
		err.Error() != "stdin: broken" {
		t.Errorf("%v", err)
	}
}

func TestTextHasNoByteOrderMark(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{"\ufeffa": "a", "a": "a", "": "", "\xff\xfe": "\xff\xfe"} {
		if got, err := infile.PlainText([]byte(given), "it"); err != nil || string(got) != want {
			t.Errorf("%q: %q, %v", given, got, err)
		}
	}
	for _, given := range []string{"\xff\xfea\x00", "\xfe\xff\x00a"} {
		if _, err := infile.PlainText([]byte(given), "it"); codeOf(err) != fail.ExitUsage ||
			err.Error() != "it is UTF-16, not UTF-8" {
			t.Errorf("%q: %v", given, err)
		}
	}
}
