package commands

import (
	"context"

	"github.com/barbhq/barb/commands/live"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
)

// hasFooter reports whether stderr is a terminal that can show a footer and the flags allow one.
func hasFooter(sh *shell.Shell) bool {
	return sh.ErrTerminal && !sh.Quiet && !sh.JSON && sh.Columns != nil && sh.Getenv("TERM") != "dumb"
}

// startFooter shows text below what is printed, until stop is called or ctx ends. The end of ctx removes it at once,
// because a second ^C ends the process where it is.
func startFooter(ctx context.Context, sh *shell.Shell, text func() string) (stop func()) {
	return runFooter(ctx, sh, newFooter(sh, text))
}

func newFooter(sh *shell.Shell, text func() string) *ui.Footer {
	return &ui.Footer{W: sh.Err, Text: text, Columns: sh.Columns, Color: sh.Stderr.Color, Foreground: sh.Foreground}
}

// runFooter shows a footer as startFooter does.
func runFooter(ctx context.Context, sh *shell.Shell, f *ui.Footer) (stop func()) {
	sh.Stdout.W, sh.Stderr.W = f.Wrap(sh.Stdout.W), f.Beside(sh.Stderr.W)
	f.Start()
	unwatch := live.OnContinue(f.Show)
	undo := context.AfterFunc(ctx, f.Stop)
	return func() {
		undo()
		unwatch()
		f.Stop()
	}
}
