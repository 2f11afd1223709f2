package conformance

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestReceiversGetTheirGrades probes receivers as guides print them. They verify well, so they get an A. They know no
// webhook that comes again, which only a count of effects shows.
func TestReceiversGetTheirGrades(t *testing.T) {
	for _, r := range receivers() {
		t.Run(r.name, func(t *testing.T) {
			url := start(t, r)
			for _, scheme := range schemes() {
				graded(t, url+"/"+scheme, scheme)
			}
		})
	}
}

// TestReceiversOfGuidesKeepNoIDs has the effects of these receivers counted: whatever comes again is handled again.
func TestReceiversOfGuidesKeepNoIDs(t *testing.T) {
	for _, r := range receivers()[:3] {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			url := start(t, r)
			out, code := run(t, nil, "probe", url+"/generic-ts", "-s", "generic-ts", "--secret", "env:SECRET", "--effect",
				url+"/handled", "--skip", "G", "--fail-under", "C", "--jq", `select(.outcome == "fail").id, .grade // empty`)
			if want := "C8\nF1\nF2\nF4\nC\n"; code != 0 || out != want {
				t.Errorf("exit code %d: %q, want %q", code, out, want)
			}
		})
	}
}

// TestEmittedReceiversGetAnA probes what barb verify --emit writes for every framework.
func TestEmittedReceiversGetAnA(t *testing.T) {
	for _, r := range emittedReceivers() {
		t.Run(r.framework, func(t *testing.T) {
			h := newHook(t, "stripe")
			dir, file := h.emit(t, r, h.headers(t, strconv.FormatInt(time.Now().Unix(), 10)))
			live := serve(t, r.command(t, dir, file), h)
			var more []string
			if r.framework == "django" { // the server of Python's library reads no chunks
				more = []string{"--skip", "E4", "--timeout", "60s"}
			}
			graded(t, live.url, h.scheme, more...)
		})
	}
}

// graded probes a receiver, which must get an A.
func graded(t *testing.T, url, scheme string, more ...string) {
	t.Helper()
	out, code := run(t, nil, append([]string{"probe", url, "-s", scheme, "--secret", "env:SECRET", "--fail-under", "A"},
		more...)...)
	if code != 0 || !strings.Contains(out, "\ngrade A  ") {
		t.Errorf("barb probe %s: exit code %d\n%s", url, code, out)
	}
}
