package ui_test

import (
	"strings"
	"testing"

	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/sign"
)

func TestEveryReasonIsASentenceWithARemedy(t *testing.T) {
	for _, reason := range sign.Reasons() {
		text, fix := ui.Reason(string(reason), ""), ui.Remedy(string(reason))
		if text == string(reason) || !strings.Contains(text, " ") {
			t.Errorf("%s has no sentence", reason)
		}
		if (fix == "") != (reason == sign.SignatureMismatch) {
			t.Errorf("%s: remedy %q", reason, fix)
		}
	}
	if ui.Reason("of_tomorrow", "") != "of_tomorrow" || ui.Remedy("of_tomorrow") != "" {
		t.Error("an unknown reason is not said as it is")
	}
}

func TestAMismatchNamesTheSecretThatWasTried(t *testing.T) {
	for tried, want := range map[string]string{
		"env:WHSEC":        "signature does not match secret env:WHSEC",
		"literal":          "signature does not match the literal secret",
		"stdin":            "signature does not match the secret on stdin",
		"env:A, file:/b":   "signature matches none of the secrets env:A, file:/b",
		"":                 "the signature does not match the secret",
		"file:/a\x1b[2Jb":  `signature does not match secret file:/a\x1b[2Jb`,
		"env:A, file:\x1b": `signature matches none of the secrets env:A, file:\x1b`,
	} {
		if got := ui.Reason(string(sign.SignatureMismatch), tried); got != want {
			t.Errorf("%q: %s, want %s", tried, got, want)
		}
	}
}
