//go:build unix

package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/barbhq/barb/commands"
)

// What barb keeps for the user, the consent to a barb.toml and the key of --tls, counts only where nobody else can
// change it.
func TestADataFolderThatOthersCanChangeIsNotUsed(t *testing.T) {
	t.Parallel()
	rows := map[string]func(t *testing.T, data string){
		"it is writable by all": func(t *testing.T, data string) { mode(t, data, 0o777) },
		"its folders are writable by all": func(t *testing.T, data string) {
			mode(t, data+"/trusted", 0o777)
			mode(t, data+"/localhost-tls.pem", 0o666)
		},
	}
	if os.Getuid() == 0 {
		const stranger = 54321
		rows["it is a stranger's"] = func(t *testing.T, data string) { own(t, data, stranger, 0) }
		rows["what is in it is a stranger's"] = func(t *testing.T, data string) {
			own(t, data+"/trusted", stranger, 0)
			own(t, data+"/localhost-tls.pem", stranger, 0)
		}
	}
	for name, weaken := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, _, project, used := newProject(t)
			b.says(t, 0, "config", "trust")
			b.says(t, 0, "sign", "-d", "x", "-s", "github")
			b.says(t, 4, "listen", "--tls", "--addr", "127.0.0.1:0", "--count", "1", "--for", "1ms")
			if err := os.Remove(used); err != nil {
				t.Fatalf("what was agreed to is not used: %v", err)
			}
			weaken(t, project+"/barb")
			b.says(t, 2, "sign", "-d", "x", "-s", "github")
			if _, err := os.Stat(used); err == nil {
				t.Error("the command ran")
			}
			for _, args := range [][]string{{"config", "trust"}, {"listen", "--trust", "--tls", "--addr", "127.0.0.1:0",
				"--for", "1ms"}} {
				if said := b.says(t, 5, args...); !strings.Contains(said, " is not used: ") || !strings.Contains(said, "hint: ") {
					t.Errorf("barb %v says\n%s", args, said)
				}
			}
		})
	}
}

// The name of a folder does not steer the terminal that barb writes to.
func TestTheNameOfAFolderIsEscaped(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/a\x1b]0;PWN\x07b"
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, dir+"/barb.toml", "[scheme.weak]\nauth = \"hmac\"\nheader = \"X-Sig\"\ncontent = \"{body}\"\n")
	b := inProcess{dir}
	for _, args := range [][]string{{"config"}, {"config", "--json"}, {"listen", "--addr", "127.0.0.1:0", "--for", "1ms"},
		{"schemes", "weak"}, {"history"}, {"listen", "--tls", "--addr", "127.0.0.1:0", "--for", "1ms"}} {
		out, said := b.both(t, args...)
		if strings.ContainsAny(out+said, "\x1b\x07") {
			t.Errorf("barb %v writes %q\n%q", args, out, said)
		}
	}
}

// both runs a command to its end, whatever its code, and returns what it wrote to stdout and stderr.
func (b inProcess) both(t *testing.T, args ...string) (out, said string) {
	t.Helper()
	var o, s bytes.Buffer
	commands.Main(t.Context(), b.env(&o, &s), "test", args)
	return o.String(), s.String()
}
