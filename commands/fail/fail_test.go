package fail_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/barbhq/barb/commands/fail"
)

func TestNearest(t *testing.T) {
	known := []string{"stripe", "github", "github-enterprise", "git", "svix", "square"}
	for name, want := range map[string][]string{
		"strpie": {"stripe"},
		"GitHub": {"github", "github-enterprise"},
		"svixx":  {"svix"},
		"squar":  {"square"},
		"zzzzzz": nil,
		"svx":    {"svix"},
		"sxv":    nil,
		"größe":  nil,
	} {
		if got := fail.Nearest(name, known); !slices.Equal(got, want) {
			t.Errorf("Nearest(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestDidYouMean(t *testing.T) {
	near := []string{"a", "b"}
	if got := fail.DidYouMean("-s ", near, "barb schemes"); got != "did you mean -s a or -s b?" {
		t.Error(got)
	}
	if near[0] != "a" {
		t.Error("DidYouMean changed its argument")
	}
	if got := fail.DidYouMean("-s ", nil, "barb schemes"); got != "barb schemes" {
		t.Error(got)
	}
}

func TestErrorKeepsItsCauseCodeAndHints(t *testing.T) {
	cause := errors.New("disk full")
	err := fail.Local("history: %w", cause).Hint("").Hintf("rm %s", "x")
	if !errors.Is(err, cause) || err.Code != fail.ExitLocal || !slices.Equal(err.Hints, []string{"rm x"}) {
		t.Errorf("%+v", err)
	}
	if fail.Usage("x").Code != fail.ExitUsage || fail.Unsupported("x").Code != fail.ExitUnsupported {
		t.Error("codes")
	}
	if fail.Silent(fail.ExitOK) != nil {
		t.Error("exit code 0 is no error")
	}
	if silent := fail.Silent(fail.ExitFailed); silent == nil || silent.Error() != "exit code 1" {
		t.Error(silent)
	}
}
