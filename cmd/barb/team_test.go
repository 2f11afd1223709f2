package main

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/barbhq/barb/store/postgres/pgtest"
)

// grants are the blocks of SQL of docs/team.md, in their order.
func grants(t *testing.T) (blocks []string) {
	t.Helper()
	page, err := os.ReadFile("../../docs/team.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllSubmatch(page, -1) {
		blocks = append(blocks, string(found[1]))
	}
	if len(blocks) != 2 {
		t.Fatalf("docs/team.md has %d blocks of SQL, want that of the roles and that of the grants", len(blocks))
	}
	return blocks
}

// as is a command with the history on a server, and its output, in one of the roles of docs/team.md.
func as(t *testing.T, role, dir, address string, args ...string) (*exec.Cmd, func() string) {
	t.Helper()
	cmd, said := barb(t, dir, args...)
	cmd.Env = append(cmd.Env, "BARB_DB="+strings.Replace(address, "barb@", "barb_"+role+"@", 1))
	return cmd, said.String
}

// listenTo has a listener record one webhook and answer it.
func listenTo(t *testing.T, dir, address string) {
	t.Helper()
	cmd, _ := as(t, "listener", dir, address, "listen", "--addr", "127.0.0.1:0", "--count", "1")
	cmd.Stderr = nil
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // it has ended, or the test has failed
	var text string
	for lines := bufio.NewScanner(said); lines.Scan(); {
		text += lines.Text() + "\n"
		if _, url, ok := strings.Cut(lines.Text(), "listening on "); ok {
			resp, err := http.Post(url, "application/json", strings.NewReader(`{"from":"outside"}`))
			if err != nil {
				t.Fatal(err)
			}
			if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusOK {
				t.Errorf("a listener answered %d, %v", resp.StatusCode, err)
			}
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the listener ended with %v\n%s", err, text)
	}
}

// areRefused has roles do what they may not. None of it begins: the command says so and ends.
func areRefused(t *testing.T, url string, works func(int, string, ...string) string) {
	t.Helper()
	for _, c := range []struct {
		role, want, next string
		all              [][]string
	}{
		{"reader", " cannot be written: the user lacks the right", "rights of a listener, a worker and a reader",
			[][]string{{"send", url, "-d", "{}"}, {"pin", "1"}, {"prune", "--older-than", "1s"}, {"deliver"},
				{"listen", "--addr", "127.0.0.1:0"}}},
		{"listener", ": the user lacks a right: permission denied", "rights of a listener, a worker and a reader",
			[][]string{{"show", "2"}, {"deliver"}, {"listen", "--addr", "127.0.0.1:0", "--queue", "--forward-to", url}}},
		{"worker", "its tables belong to another user", "run it as the owner of the tables",
			[][]string{{"prune", "--older-than", "0s"}}},
	} {
		for _, args := range c.all {
			text := works(5, c.role, args...)
			if !strings.Contains(text, c.want) || !strings.Contains(text, "docs/team.md") || !strings.Contains(text, c.next) ||
				strings.Contains(text, "outside") {
				t.Errorf("a %s is told %s", c.role, text)
			}
		}
	}
}

// What the roles of docs/team.md may do, they can, and what they may not do they are told.
func TestRolesOnPostgreSQLDoWhatThePageSays(t *testing.T) {
	server := pgtest.New(t)
	address, dir := server.Database(t), t.TempDir()
	admin, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(t.Context()) // the server is stopped
	sql := grants(t)
	run := func(text string) {
		t.Helper()
		if _, err := admin.Exec(t.Context(), text, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatal(err)
		}
	}
	works := func(want int, role string, args ...string) string {
		t.Helper()
		cmd, said := as(t, role, dir, address, args...)
		_ = cmd.Run() // its exit code says it
		if code := cmd.ProcessState.ExitCode(); code != want {
			t.Errorf("%s: barb %s: exit code %d, want %d\n%s", role, strings.Join(args, " "), code, want, said())
		}
		return said()
	}
	app := newEndpoint(t, func(*http.Request, int) {})
	run(sql[0])
	works(0, "owner", "send", app.url, "-d", "{}")
	run(sql[1])

	listenTo(t, dir, address)
	works(0, "worker", "send", app.url, "-d", "{}", "--queue")
	works(0, "worker", "deliver", "--once")
	if sent, _ := app.count(); sent != 2 {
		t.Errorf("%d webhooks were delivered, want 2", sent)
	}
	works(0, "worker", "pin", "1")
	works(0, "worker", "workers")
	works(0, "reader", "history")
	if text := works(0, "reader", "show", "2"); !strings.Contains(text, `{"from":"outside"}`) {
		t.Errorf("a reader is shown %s", text)
	}
	works(0, "reader", "queue")
	works(0, "reader", "workers")
	areRefused(t, app.url, works)
	works(0, "owner", "prune", "--older-than", "0s")
}

func TestAMissingDatabaseOfPostgreSQLIsTold(t *testing.T) {
	cmd, said := barb(t, t.TempDir(), "history", "--db", pgtest.Shared(t).Address("none"))
	_ = cmd.Run() // its exit code says it
	const want = ": the server has no such database\nhint: CREATE DATABASE makes it"
	if text := said.String(); cmd.ProcessState.ExitCode() != 5 || !strings.Contains(text, want) {
		t.Errorf("exit code %d: %s", cmd.ProcessState.ExitCode(), text)
	}
}
