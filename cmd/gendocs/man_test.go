package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/barbhq/barb/commands"
)

// pages returns the man pages, by the names of their files.
func pages(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	if err := manPages(commands.Root(""), dir); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = string(data)
	}
	if len(all) < 15 {
		t.Fatalf("only %d man pages", len(all))
	}
	return all
}

func TestEveryManPageHasTheSectionsInTheirOrder(t *testing.T) {
	t.Parallel()
	order := []string{"NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "OPTIONS", "OPTIONS OF EVERY COMMAND",
		"EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES", "SEE ALSO"}
	mayMiss := []string{"COMMANDS", "OPTIONS OF EVERY COMMAND", "EXAMPLES"}
	for name, page := range pages(t) {
		last := -1
		for _, title := range order {
			at := strings.Index(page, "\n.SH \""+title+"\"\n")
			switch {
			case at < 0 && !slices.Contains(mayMiss, title):
				t.Errorf("%s has no section %s", name, title)
			case at >= 0 && at < last:
				t.Errorf("%s has %s too early", name, title)
			}
			last = max(last, at)
		}
	}
}

// The tables are those that barb help exit-codes and barb help environment print.
func TestEveryManPageHasTheExitCodesTheVariablesAndTheFiles(t *testing.T) {
	t.Parallel()
	for name, page := range pages(t) {
		for _, want := range []string{
			".B \"5\"\nsomething local failed: the history, a file, stdout, a taken port\n",
			".B \"130\"\ninterrupted\n",
			".B \"BARB_DB\"\nthe history: a file (\\-\\-db)\n",
			".B \"HTTPS_PROXY, HTTP_PROXY, NO_PROXY\"\nthe proxy of deliveries (\\-\\-proxy overrides them)\n",
			".B \"barb.toml\"\nthe nearest one, from the working folder upward\n",
			".B \"$XDG_DATA_HOME/barb/history.db\"\nthe history (XDG_DATA_HOME: \\(ti/.local/share)\n",
		} {
			if !strings.Contains(page, want) {
				t.Errorf("%s does not say %q", name, want)
			}
		}
	}
}

func TestManPagesHaveNoTabNoLongLineAndOnlyASCII(t *testing.T) {
	t.Parallel()
	for name, page := range pages(t) {
		isExample := false
		for i, line := range strings.Split(page, "\n") {
			isExample = line == ".EX" || isExample && line != ".EE"
			if len(line) > 80 && !isExample {
				t.Errorf("%s:%d: %d bytes", name, i+1, len(line))
			}
			if strings.ContainsFunc(line, func(c rune) bool { return c < ' ' || c > '~' }) {
				t.Errorf("%s:%d: %q", name, i+1, line)
			}
		}
	}
}

func TestTextIsNeverTakenForARequestOfRoff(t *testing.T) {
	t.Parallel()
	var r roff
	r.text(".body is 'it'\nC:\\x ~ … -s\n  .verbatim\n  two")
	r.list("Before.\n\n  a \"b\"  one\n           two\n  .c\n     three")
	const want = `\&.body is \(aqit\(aq C:\ex \(ti \[u2026] \-s
.EX
  .verbatim
  two
.EE
Before.
.TP
.B "a \(dqb\(dq"
one two
.TP
.B ".c"
three
`
	if got := r.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
