//go:build unix

package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/barbhq/barb/commands/fail"
)

func TestTrustHoldsForOneContentAtOnePlace(t *testing.T) {
	data := t.TempDir()
	file := mustRead(t, "[[route]]\nsecret = \"cmd:pass x\"\nforward_to = \"http://example.com\"\n")
	if len(file.Wants) != 2 || file.Wants[0].String() != "run a command: pass x" || file.Trusted("/", data) != "" {
		t.Fatalf("%v, trusted %q", file.Wants, file.Trusted("/", data))
	}
	untrusted := file.Untrusted("")
	if text := untrusted.Error(); untrusted.Code != fail.ExitUsage || strings.Contains(text, "pass x") ||
		!strings.HasSuffix(text, "it would run a command (line 2), forward to another machine (line 3)") {
		t.Error(text)
	}
	for range 2 { // twice does no harm
		if err := file.Trust("/", data); err != nil {
			t.Fatal(err)
		}
	}
	if record := file.Trusted("/", data); filepath.Dir(record) != filepath.Join(data, "trusted") {
		t.Errorf("the record is %q", record)
	}
	file.text = append(file.text, '\n')
	if file.Trusted("/", data) != "" {
		t.Error("another byte is trusted")
	}
	if err := os.Chmod(data, 0o777); err != nil {
		t.Fatal(err)
	}
	var f *fail.Error
	if err := file.Trust("/", data); !errors.As(err, &f) || f.Code != fail.ExitLocal ||
		f.Hints[0] != "chmod o-w "+data {
		t.Errorf("a folder that all may write keeps the answer: %v", err)
	}
}

func TestAFileThatAllMayWriteIsWeak(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "barb.toml")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		place string
		mode  os.FileMode
		want  string
	}{{path, 0o602, "can be written by every user"}, {path, 0o600, ""}, {dir, 0o777, "can be written by every user"},
		{dir, 0o700, ""}} {
		if err := os.Chmod(c.place, c.mode); err != nil {
			t.Fatal(err)
		}
		file := &File{Path: path, Found: true}
		if err := file.Read(dir, settings); err != nil {
			t.Fatal(err)
		}
		if (file.Weak == nil) != (c.want == "") {
			t.Errorf("mode %o: %v", c.mode, file.Weak)
		}
		own := &File{Path: path} // the folder of the user's own file does not count
		if err := own.Read(dir, settings); err != nil || (own.Weak == nil) != (c.want == "" || c.place == dir) {
			t.Errorf("mode %o of the user's own: %v, %v", c.mode, own.Weak, err)
		}
		if file.Weak != nil && !strings.Contains(file.Untrusted("").Error(), "is not used: "+c.place+" "+c.want) {
			t.Error(file.Untrusted(""))
		}
	}
}
