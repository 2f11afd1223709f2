// Package checks is the commands that compare webhooks with what is expected of them.
package checks

import (
	"context"
	"strings"

	"github.com/barbhq/barb/commands/expect"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/shell"
)

// Listen starts a listener on a free port of this machine. Package commands has it.
type Listen func(ctx context.Context, sh *shell.Shell, o ListenOptions) (*Listening, error)

// ListenOptions say how the listener verifies webhooks, and who is told of them.
type ListenOptions struct {
	flags.Signing
	Came func(id int64) // is called with the id of each webhook that was answered, from several goroutines
}

// Listening is a listener that was started.
type Listening struct {
	URL  string
	Port int
	Stop func() error // ends it once it has answered what came
}

// knownEvents are the events that an expectation may name, with the user's own.
func knownEvents(sh *shell.Shell) (expect.Known, error) {
	own, err := sh.Samples().Own("")
	if err != nil {
		return expect.Known{}, fail.Local("%w", err)
	}
	return expect.Known{Schemes: sh.File.Catalog(), Own: own}, nil
}

// sayNear says what nearly met an expectation, and why it does not.
func sayNear(sh *shell.Shell, near []expect.Miss) {
	for _, m := range near {
		sh.Note("  nearest: webhook %s", m)
	}
}

// join writes reasons one after the other.
func join(why []string) string { return strings.Join(why, ", ") }
