package commands

import (
	"testing"
)

func TestSelectors(t *testing.T) {
	for text, want := range map[string]selector{"@": {}, "@-2": {newest: 2}} {
		if got, err := parseSelector(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	got, err := parseSelector("40..47")
	if err != nil || got.ids.From != 40 || got.ids.To != 47 {
		t.Errorf("%+v, %v", got, err)
	}
	for _, text := range []string{"", "0", "x", "@2", "@--1", "47..40", "1..", "..2", "-1", "1.5", "99999999999999999999"} {
		if _, err := parseSelector(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestStatuses(t *testing.T) {
	for text, want := range map[string][2]int{"503": {503, 503}, "5xx": {500, 599}, "4XX": {400, 499}, "400..450": {400, 450}} {
		if from, to, err := parseStatus(text); err != nil || [2]int{from, to} != want {
			t.Errorf("%s: %d..%d, %v", text, from, to, err)
		}
	}
	for _, text := range []string{"", "99", "1000", "6xx", "xx", "500..400", "a..b"} {
		if _, _, err := parseStatus(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestTargetsAreWhatPeopleType(t *testing.T) {
	for text, want := range map[string]string{
		":3000": "http://127.0.0.1:3000", "3000": "http://127.0.0.1:3000", ":3000/hooks?a=b": "http://127.0.0.1:3000/hooks?a=b",
		"localhost:3000/x": "http://localhost:3000/x", "https://example.com//a%2F": "https://example.com//a%2F", "http://[::1]:80/": "http://[::1]:80/",
	} {
		if got, err := expandTarget(text); err != nil || got != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "ftp://x", "http://", "http://a b/", "http://u:p@h/", ":0", ":99999", "http://h:x/"} {
		if got, err := expandTarget(text); err == nil {
			t.Errorf("%q was taken as %s", text, got)
		}
	}
	for text, want := range map[string]string{"http://u:p@h/a": "http://…@h/a", "u:p@h": "…@h", "http://h/a@b": "http://h/a@b"} {
		if got := withoutUser(text); got != want {
			t.Errorf("%s is shown as %s", text, got)
		}
	}
}

func TestTheWorstExitCodeWins(t *testing.T) {
	for _, c := range []struct {
		codes []int
		want  int
	}{{nil, 0}, {[]int{0, 1}, 1}, {[]int{1, 3}, 3}, {[]int{3, 130, 1}, 130}, {[]int{130, 5}, 5}, {[]int{5, 2}, 2}, {[]int{4, 3}, 3}, {[]int{6, 130}, 6}} {
		if got := worst(c.codes...); got != c.want {
			t.Errorf("%v: %d, want %d", c.codes, got, c.want)
		}
	}
}
