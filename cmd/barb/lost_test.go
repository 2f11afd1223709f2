//go:build unix

package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
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
