package flags

import (
	"testing"
)

func TestSelectors(t *testing.T) {
	for text, want := range map[string]Selector{"@": {}, "@-2": {newest: 2}} {
		if got, err := ParseSelector(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	got, err := ParseSelector("40..47")
	if err != nil || got.IDs.From != 40 || got.IDs.To != 47 {
		t.Errorf("%+v, %v", got, err)
	}
	for _, text := range []string{"", "0", "x", "@2", "@--1", "47..40", "1..", "..2", "-1", "1.5",
		"99999999999999999999"} {
		if _, err := ParseSelector(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestStatuses(t *testing.T) {
	for text, want := range map[string][2]int{"503": {503, 503}, "5xx": {500, 599}, "4XX": {400, 499},
		"400..450": {400, 450}} {
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
