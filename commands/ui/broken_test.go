package ui_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/barbhq/barb/commands/ui"
)

func TestALineIsBrokenBetweenWords(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][]string{
		"valid secret env:WHSEC":         {"valid", "secret", "env:WHSEC"},
		"a b c d e f":                    {"a b c d e", "f"},
		"http://127.0.0.1/x":             {"http://12", "7.0.0.1/x"},
		"id http://127.0.0.1":            {"id", "http://12", "7.0.0.1"},
		"stripe  v":                      {"stripe  v"},
		"注文注文注文 x":                       {"注文注文", "注文 x"},
		"\x1b[32mvalid to\x1b[0m go":     {"\x1b[32mvalid to\x1b[0m", "go"},
		"no \x1b[1;31mbad one\x1b[0m of": {"no \x1b[1;31mbad\x1b[0m", "\x1b[1;31mone\x1b[0m of"},
		"\x1b[2mfaint word\x1b[22m a":    {"\x1b[2mfaint\x1b[0m", "\x1b[2mword\x1b[22m a"},
		"":                               {""},
		"exactly 9 ":                     {"exactly 9"},
	} {
		got := ui.Broken(line, 9)
		if line == "exactly 9 " {
			got[0] = strings.TrimRight(got[0], " ")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", line, diff)
		}
	}
}

// A pane breaks what a terminal leaves whole to be copied, and keeps it in its column.
func TestFactsStayInTheirColumn(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	p := ui.Printer{W: &text, Width: 46, Pane: true, Color: true}
	p.Pairs([][2]string{{"signature", "stripe  \x1b[31minvalid\x1b[0m  signature_mismatch  tried secret env:WHSEC"},
		{"url", "http://127.0.0.1:4242/a/very/long/path/without/a/blank"}})
	for line := range strings.Lines(text.String()) {
		words := strings.Fields(line)
		if strings.Contains(line, "env:") != slices.Contains(words, "env:WHSEC") {
			t.Errorf("broken within a word: %q", line)
		}
	}
	if lines := strings.Split(text.String(), "\n"); len(lines) != 5 || !strings.HasPrefix(lines[3], "           ") {
		t.Errorf("%q", text.String())
	}
}
