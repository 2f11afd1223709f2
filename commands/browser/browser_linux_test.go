package browser_test

import (
	"errors"
	"testing"

	"github.com/barbhq/barb/commands/browser"
)

func TestWithoutAScreenNothingIsOpened(t *testing.T) {
	t.Parallel()
	if err := open(t, nil); !errors.Is(err, browser.ErrNone) {
		t.Error(err)
	}
}

func TestXdgOpenIsTheProgramWhereThereIsAScreen(t *testing.T) {
	file, noted := program(t, "xdg-open", "0")
	t.Setenv("PATH", file[:len(file)-len("/xdg-open")])
	if err := open(t, map[string]string{"WAYLAND_DISPLAY": "wayland-0"}); err != nil {
		t.Fatal(err)
	}
	if got := args(t, noted); got != address {
		t.Errorf("xdg-open gets %q", got)
	}
}
