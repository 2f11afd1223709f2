//go:build unix

package main

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The history is moved away before an app answers: the webhook is in it and its answer is not. The last lines say how
// many answers are missing, once, and what came.
func TestAnswersThatWereNotRecordedAreCountedAtTheEnd(t *testing.T) {
	t.Parallel()
	var p *process
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		_ = os.Rename(p.db, p.db+".moved")
	}))
	defer app.Close()
	p = listener(t, listening+" --count 1 --forward-to "+app.URL)
	if status := post(p.url, "1", 100); status != http.StatusOK {
		t.Errorf("the webhook is answered %d", status)
	}
	_ = p.cmd.Wait()
	code, said := p.cmd.ProcessState.ExitCode(), p.stderr.String()
	if code != 5 || !strings.Contains(said, "answers were not recorded: history ") ||
		strings.Count(said, "was removed or replaced") != 1 || !strings.Contains(said, "1 webhook received") {
		t.Errorf("exit %d\n%s", code, said)
	}
}

// barb history -f ends when nothing can come any more: another file stands where its history was.
func TestFollowingEndsWhenTheHistoryIsReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	send, said := barb(t, dir, "send", "127.0.0.1:1", "-d", "{}", "--retries", "0", "-q")
	if err := send.Run(); send.ProcessState.ExitCode() != 3 {
		t.Fatalf("%v\n%s", err, said)
	}
	follow, said := barb(t, dir, "history", "-f")
	follow.Stdout = nil // said is for what goes wrong
	out, err := follow.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := follow.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(time.Minute, func() { _ = follow.Process.Kill() })
	t.Cleanup(func() { late.Stop(); _ = follow.Process.Kill() })
	lines := bufio.NewScanner(out)
	for range 2 { // the head and the webhook: it follows
		if !lines.Scan() {
			t.Fatal("nothing is followed")
		}
	}
	path := filepath.Join(dir, "history.db")
	if err := os.Rename(path, path+".moved"); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
		t.Errorf("it prints %s", lines.Text())
	}
	_ = follow.Wait()
	if code := follow.ProcessState.ExitCode(); code != 5 || !strings.Contains(said.String(), "was removed or replaced") {
		t.Errorf("exit %d\n%s", code, said)
	}
}
