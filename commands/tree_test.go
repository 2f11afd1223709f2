package commands

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/commands/shell"
)

// A command that is made alone is the very one of the whole tree.
func TestCommandsMadeAloneAreThoseOfTheTree(t *testing.T) {
	for _, cmd := range Root("test").Commands() {
		alone := printed(t, cmd.Name(), "--help")
		among := printed(t, "-q", cmd.Name(), "--help") // a flag before the command makes them all
		if diff := cmp.Diff(among, alone); diff != "" {
			t.Errorf("%s --help:\n%s", cmd.Name(), diff)
		}
	}
}

func TestCommandsThatDoNotNeedOthersAreMadeAlone(t *testing.T) {
	whole := len(Root("test").Commands())
	for _, b := range branches() {
		want := 1
		if b.Wide {
			want = whole
		}
		if made := len(newRoot(&shell.Shell{}, []string{b.Name, "-h"}).Commands()); made != want {
			t.Errorf("barb %s makes %d commands, want %d", b.Name, made, want)
		}
	}
	for _, args := range [][]string{nil, {"--json", "version"}, {"help"}, {"versio"}, {"__complete", ""}, {"--help"}} {
		if made := len(newRoot(&shell.Shell{}, args).Commands()); made != whole {
			t.Errorf("barb %q makes %d of %d commands", args, made, whole)
		}
	}
}

func printed(t *testing.T, args ...string) string {
	t.Helper()
	var out, said bytes.Buffer
	env := shell.Env{In: &bytes.Buffer{}, Out: &out, Err: &said, Getenv: func(string) string { return "" }, Now: time.Now,
		Interruptible: context.WithCancel}
	if code := Main(t.Context(), env, "test", args); code != 0 {
		t.Fatalf("barb %q: exit code %d: %s", args, code, said.String())
	}
	return out.String()
}
