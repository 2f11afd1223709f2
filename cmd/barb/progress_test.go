//go:build unix

package main

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

const sending = `{ echo "barb: listening on http://127.0.0.1:1"; } >&2
exec barb send %URL% -d '{}' -n 40 --retries 0 --timeout 60s`

func TestProgressIsShownAndLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	e := newStaller(t, 21)
	p := onTerminal(t, strings.ReplaceAll(sending, "%URL%", e.URL))
	await(t, "the stall", e.stalled)
	p.until(`\[#{10}-{10}\]  20/40  \S+/s  0 failed  p99 \S+(\x1b\[0m)?\r`)
	left := p.stop()
	for _, gone := range []string{"[#", "20/40", "\x1b"} {
		if strings.Contains(left, gone) {
			t.Errorf("%q is left on the screen:\n%s", gone, left)
		}
	}
	want := regexp.MustCompile(`(?s)barb: run 1, 40 messages\n+delivered +20 of 40\n` +
		`.*interrupted\n.*resume with: barb send --resume 1\n`)
	if !want.MatchString(left) {
		t.Errorf("the screen is\n%s", left)
	}
}

func TestProgressFitsANarrowTerminal(t *testing.T) {
	t.Parallel()
	e := newStaller(t, 21)
	p := onTerminal(t, "stty cols 30; "+strings.ReplaceAll(sending, "%URL%", e.URL))
	await(t, "the stall", e.stalled)
	p.until(`20/40  \S+/s  0 failed`)
	for _, line := range regexp.MustCompile(`[^\r\n\x1b]*20/40[^\r\n\x1b]*`).FindAllString(
		regexp.MustCompile(`\x1b\[[0-9;]*[mJ]`).ReplaceAllString(p.text(), ""), -1) {
		if utf8.RuneCountInString(line) > 30 || strings.Contains(line, "#") {
			t.Errorf("%q is wider than the terminal", line)
		}
	}
	p.stop()
}

func TestNoProgressWhereItWouldBeInTheWay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ flags, env string }{
		"dumb terminal": {"", "TERM=dumb"},
		"json":          {" --json", ""},
		"quiet":         {" -q", ""},
		"no terminal":   {" 2>err", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newStaller(t, 21)
			p := onTerminal(t, strings.ReplaceAll(sending, "%URL%", e.URL)+c.flags, c.env)
			await(t, "the stall", e.stalled)
			if p.stop(); strings.Contains(p.text(), "20/40") || strings.Contains(p.text(), "\x1b[J") {
				t.Errorf("there is some:\n%q", p.text())
			}
		})
	}
}
