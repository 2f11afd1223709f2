package keys_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/barbhq/barb/commands/keys"
)

func TestAKeyMeansOneThingInAView(t *testing.T) {
	t.Parallel()
	for _, view := range []keys.View{keys.Field, keys.Second, keys.Text, keys.InQueue} {
		for _, r := range keys.In(view) {
			for _, key := range r.Keys {
				if found, _ := keys.Find(view, key); found.Action != r.Action {
					t.Errorf("%s is %s and %s", key, found.Action, r.Action)
				}
			}
		}
	}
	for _, view := range []keys.View{keys.Page, keys.Terminal, keys.Listen} {
		seen := map[string]keys.Action{}
		for _, r := range keys.In(view) {
			for _, key := range r.Keys {
				if seen[key] != "" {
					t.Errorf("%s is %s and %s", key, seen[key], r.Action)
				}
				seen[key] = r.Action
				if found, ok := keys.Find(view, key); !ok || found.Action != r.Action {
					t.Errorf("%s finds %s, not %s", key, found.Action, r.Action)
				}
			}
		}
		for _, key := range []string{"j", "k", "up", "down", "enter", "esc", "r", "v", "c", "f", "/", "?"} {
			if seen[key] == "" {
				t.Errorf("%s does nothing in view %d", key, view)
			}
		}
	}
	if _, ok := keys.Find(keys.Listen, "D"); ok {
		t.Error("listen deletes")
	}
	if _, ok := keys.Find(keys.Page, "q"); ok {
		t.Error("the page quits")
	}
}

func TestTheFooterNamesWhatFitsAndWhatDoesSomething(t *testing.T) {
	t.Parallel()
	const all = "↑↓ choose  enter show  r replay  v explain  c copy  p pin  f follow  / filter  t view  ? keys  q quit"
	if got := keys.Footer(keys.Listen, 200, keys.AWebhook|keys.AView); got != all {
		t.Error(got)
	}
	if got := keys.Footer(keys.Listen, 200, keys.Anything); got != "f follow  / filter  ? keys  q quit" {
		t.Error(got)
	}
	before := ""
	for width := range 100 {
		line := keys.Footer(keys.Listen, width, keys.AWebhook|keys.AView)
		if utf8.RuneCountInString(line) > width {
			t.Errorf("%q is wider than %d", line, width)
		}
		if len(line) < len(before) {
			t.Errorf("with more room it says less: %q, then %q", before, line)
		}
		before = line
	}
	withoutPin := strings.Replace(all, "  p pin", "", 1)
	withoutView := strings.Replace(all, "  t view", "", 1)
	for width, want := range map[int]string{
		len([]rune(all)): all, len([]rune(all)) - 1: withoutPin,
		80: "↑↓ choose  enter show  r replay  v explain  / filter  t view  ? keys  q quit",
		79: "↑↓ choose  enter show  r replay  v explain  / filter  t view  ? keys  q quit",
		46: "enter show  r replay  / filter  ? keys  q quit", 45: "enter show  r replay  / filter  ? keys", 6: "? keys"} {
		if got := keys.Footer(keys.Listen, width, keys.AWebhook|keys.AView); got != want {
			t.Errorf("at %d: %q", width, got)
		}
	}
	if got := keys.Footer(keys.Listen, 200, keys.AWebhook); got != withoutView {
		t.Error(got)
	}
}

func TestTheListNamesEveryKeyOfAView(t *testing.T) {
	t.Parallel()
	list := keys.List(keys.Listen)
	if !slices.Contains(list, "↑ k     choose the row above") {
		t.Errorf("no arrows in\n%s", strings.Join(list, "\n"))
	}
	if len(list) != len(keys.In(keys.Listen)) || len(keys.List(keys.Terminal)) <= len(list) {
		t.Errorf("%d lines", len(list))
	}
}

func TestTheFooterNamesOnlyWhatIsThere(t *testing.T) {
	t.Parallel()
	for key, on := range map[string]keys.On{"diff": keys.AMark, "undo": keys.ADeleted} {
		without := keys.Footer(keys.Terminal, 300, keys.AWebhook)
		with := keys.Footer(keys.Terminal, 300, keys.AWebhook|on)
		if strings.Contains(without, key) || !strings.Contains(with, key) {
			t.Errorf("%s without: %s\nwith: %s", key, without, with)
		}
	}
	if got := keys.Footer(keys.Terminal, 46, keys.AWebhook|keys.ADeleted); !strings.Contains(got, "u undo") {
		t.Errorf("what passes after 6 s has no room: %s", got)
	}
}

func TestTheKeysAfterCopyAreNamedInItsRow(t *testing.T) {
	t.Parallel()
	for _, view := range []keys.View{keys.Page, keys.Terminal, keys.Listen} {
		row, _ := keys.Find(view, "y")
		lines := keys.LetterLines(view, 46)
		for _, l := range keys.LettersIn(view) {
			if found, ok := keys.AfterY(view, l.Key); !ok || found != l {
				t.Errorf("%s copies %q", l.Key, found.What)
			}
			entry := l.Key + " " + l.What
			if !strings.Contains(row.Does, entry) || !strings.Contains(strings.Join(lines, "\n"), entry) {
				t.Errorf("%s is not in %q, or not in %q", entry, row.Does, lines)
			}
		}
		for _, line := range lines {
			if len(line) > 46 {
				t.Errorf("%q is wider than 46", line)
			}
		}
	}
	if _, ok := keys.AfterY(keys.Listen, "j"); ok {
		t.Error("a listener copies the path of a line that it does not show")
	}
	sections, _ := keys.Find(keys.Terminal, "1")
	for i := range keys.Sections {
		if key := string(rune('1' + i)); !slices.Contains(sections.Keys, key) {
			t.Errorf("no key %s", key)
		}
	}
}
