package commands

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/barbhq/barb/commands/secret"
	"github.com/barbhq/barb/store"
)

// offered returns what a shell offers behind a command line.
func offered(t *testing.T, args ...string) []string {
	t.Helper()
	code, out, said := typed(t, "", "", append([]string{"__complete"}, args...)...)
	if code != 0 {
		t.Fatalf("%v: exit %d: %s", args, code, said)
	}
	values, _, _ := strings.Cut("\n"+out, "\n:")
	return strings.Fields(strings.ReplaceAll(values, "\t", "~"))
}

func TestCompletionOffersTheRunsThatCanBeResumed(t *testing.T) {
	ctx, db := context.Background(), filepath.Join(t.TempDir(), "h.db")
	began := time.Now()
	if got := offered(t, "send", "--db", db, "--resume", ""); len(got) > 0 {
		t.Errorf("without a history: %q", got)
	}
	history, err := store.Open(ctx, db)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []store.Run{
		{Total: 10, Next: 5, Open: []int64{3}},
		{Total: 2, Next: 2, Ended: true},
		{Next: 7},
		{Total: 1, Next: 1, Ended: true},
	} {
		r.Created, r.Changed, r.Options = began, began, "{}"
		ended := r.Ended
		if err := history.StartRun(ctx, &r); err != nil {
			t.Fatal(err)
		}
		if r.Ended = ended; ended {
			if err := history.NoteRun(ctx, r); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := history.Close(); err != nil {
		t.Fatal(err)
	}
	at := " sent, begun " + began.Format("2006-01-02 15:04")
	for prefix, want := range map[string]string{
		"":  "@~the newest, run 3 3~7" + at + " 1~4 of 10" + at,
		"1": "@~the newest, run 3 1~4 of 10" + at, // the shell leaves out what does not begin as typed
	} {
		if got := strings.Join(offered(t, "send", "--db", db, "--resume", prefix), " "); got != want {
			t.Errorf("%q: got %q, want %q", prefix, got, want)
		}
	}
}

func TestCompletionOffersTheNamesInTheKeyring(t *testing.T) {
	keyring.MockInit()
	for _, name := range []string{"shop", "stripe", "with blank"} {
		if unlisted, err := secret.Set(name, "value of "+name); unlisted != nil || err != nil {
			t.Fatal(unlisted, err)
		}
	}
	for _, c := range []struct{ args, want string }{
		{"sign --secret keyring:", "keyring:shop keyring:stripe"},
		{"listen --secret keyring:st", "keyring:stripe"},
		{"send :3000 --secret keyring:x", ""},
		{"secret show ", "shop stripe"},
		{"secret delete sh", "shop"},
		{"secret delete shop ", ""},
	} {
		if got := strings.Join(offered(t, strings.Split(c.args, " ")...), " "); got != c.want {
			t.Errorf("%s: got %q, want %q", c.args, got, c.want)
		}
	}
}

func TestCompletionOffersFilesWhereACommandTakesThem(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("body.json", []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(t.TempDir(), "h.db")
	for _, args := range []string{"sign -d @b", "verify -d @b", "send :3000 -d @b"} {
		got := offered(t, strings.Split(args, " ")...)
		if !slices.Contains(got, "@body.json") {
			t.Errorf("%s offers %q", args, got)
		}
	}
	for _, command := range []string{"verify", "replay"} {
		if got := offered(t, command, "--db", db, "b"); !slices.Contains(got, "body.json") {
			t.Errorf("%s offers %q", command, got)
		}
	}
}

// Strangers choose event types, so completion leaves out those that a shell would have to quote.
func TestCompletionOffersTheQueueAndTheEventsOfTheHistory(t *testing.T) {
	db := filepath.Join(t.TempDir(), "h.db")
	for _, event := range []string{"order.made", "$(order)"} {
		if code, _, said := typed(t, "", "", "send", "http://127.0.0.1:1/in", "-d", "{}", "--queue", "--event", event, "--db",
			db); code != 0 {
			t.Fatal(said)
		}
	}
	for _, c := range []struct{ command, prefix, want string }{
		{"queue show", "", "2~waiting http://127.0.0.1:1/in 1~waiting http://127.0.0.1:1/in"},
		{"queue retry", "1", "1~waiting http://127.0.0.1:1/in"},
		{"history --event", "", "order.made"},
		{"history --event", "x", ""},
	} {
		args := append(strings.Fields("--db "+db+" "+c.command), c.prefix)
		if got := strings.Join(offered(t, args...), " "); got != c.want {
			t.Errorf("%s %q: got %q, want %q", c.command, c.prefix, got, c.want)
		}
	}
	for _, c := range []struct{ args, want string }{
		{"listen --handshake=sl", "slack"}, {"send :1 --retry-on ", "5xx"}, {"help exit", "exit-codes"},
	} {
		if got := strings.Join(offered(t, strings.Split(c.args, " ")...), " "); !strings.Contains(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.args, got, c.want)
		}
	}
}
