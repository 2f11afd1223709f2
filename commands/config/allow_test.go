package config

import (
	"errors"
	"strings"
	"testing"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/secret"
)

// A worker runs only lines of its own barb.toml, whatever the queue holds: a hash, or a whole line of an earlier barb.
func TestAQueuedCommandIsOneOfTheAllowed(t *testing.T) {
	t.Parallel()
	const line, other = "cmd:op read op://x/y", "cmd:touch ran"
	c := &File{Allowed: []string{"cmd:pass show z", line}}
	for kept, want := range map[string]string{
		QueuedReference(line): line, line: line, // as an earlier barb has kept it
		QueuedReference(other): "", other: "", "cmd:": "", line + " ": "", HashedReference: "",
		QueuedReference(line)[:len(HashedReference)+20]: "",
		"env:A": "env:A", "file:/a": "file:/a", "keyring:a": "keyring:a",
	} {
		got, err := c.AllowedReference(kept)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q is %q, %v; want %q", kept, got, err, want)
		}
		if err != nil && strings.Contains(err.Error(), strings.TrimPrefix(other, "cmd:")) {
			t.Errorf("%q: %v shows the line", kept, err)
		}
	}
	if kept := QueuedReference(line); strings.Contains(kept, "op") || secret.IsReference(kept) {
		t.Errorf("the queue keeps %q", kept)
	}
}

func TestOnlyAllowedCommandsAreQueued(t *testing.T) {
	c := &File{Allowed: []string{"cmd:a"}}
	if err := c.CheckAllowed([]string{"env:A", "cmd:a"}); err != nil {
		t.Error(err)
	}
	err := c.CheckAllowed([]string{"cmd:b \"<c>\""})
	if f, ok := errors.AsType[*fail.Error](err); !ok || f.Hints[1] != `allow = ["cmd:a", "cmd:b \"<c>\""]` {
		t.Errorf("%+v", err)
	}
}
