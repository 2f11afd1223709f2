package ui_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/barbhq/barb/commands/ui"
)

func TestWhatActsOnATerminalIsEscaped(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"colour":             {"\x1b[31mred", `\x1b[31mred`},
		"title":              {"\x1b]0;evil\x07", `\x1b]0;evil\x07`},
		"C1 as one byte":     {"\x9b31m", `\x9b31m`},
		"C1 as a character":  {"\u009b31m", `\x9b31m`},
		"DEL and backspace":  {"a\x7f\bb", `a\x7f\x08b`},
		"carriage return":    {"real\rfake", `real\x0dfake`},
		"NUL":                {"a\x00b", `a\x00b`},
		"bidi override":      {"a\u202eb", `a\u202eb`},
		"bidi isolate":       {"a\u2066b", `a\u2066b`},
		"zero width":         {"a\u200bb\ufeff", `a\u200bb\ufeff`},
		"line separator":     {"a\u2028b\u2029", `a\u2028b\u2029`},
		"invalid UTF-8":      {"a\xffb", `a\xffb`},
		"newline and tab":    {"a\n\tb", "a\n\tb"},
		"plain text":         {`{"a":"b"} ~`, `{"a":"b"} ~`},
		"letters and emoji":  {"café ✓ 日本 🎉", "café ✓ 日本 🎉"},
		"tags":               {"a\U000e0041", `a\ue0041`},
		"replacement itself": {"a\ufffdb", "a\ufffdb"},
	} {
		if got := ui.Escape(c.in); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestALineStaysALine(t *testing.T) {
	if got := ui.EscapeLine("a\nb\tc"); got != `a\nb\tc` {
		t.Errorf("got %q", got)
	}
	if got := ui.Clip(strings.Repeat("é", 50), 10); got != strings.Repeat("é", 9)+"…" {
		t.Errorf("clipped to %q", got)
	}
	if got := ui.Clip("short", 10); got != "short" {
		t.Errorf("got %q", got)
	}
}

func FuzzEscapedTextCannotAct(f *testing.F) {
	f.Add("\x1b[2J\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		got := ui.EscapeLine(s)
		if !utf8.ValidString(got) {
			t.Fatalf("%q is not UTF-8", got)
		}
		for _, r := range got {
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Fatalf("%q still holds %U", got, r)
			}
		}
	})
}

func TestJSONMeansTheSameAndCannotAct(t *testing.T) {
	in := `{"a":"` + "\u009b31m\u202e\x7f\U000e0041é✓" + `","b":1}`
	got := ui.EscapeJSON([]byte(in))
	if want := `{"a":"\u009b31m\u202e\u007f\udb40\udc41é✓","b":1}`; got != want {
		t.Errorf("got %s", got)
	}
	var before, after map[string]any
	if json.Unmarshal([]byte(in), &before) != nil || json.Unmarshal([]byte(got), &after) != nil ||
		before["a"] != after["a"] {
		t.Errorf("%v became %v", before, after)
	}
}
