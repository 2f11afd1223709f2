package commands

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/barbhq/barb/commands/live"
	"github.com/barbhq/barb/commands/query"
)

// startFooter shows the footer of a listener on a terminal, with keys where a person can press them, until stop is
// called or ctx ends. stop may be called twice.
func (g *listener) startFooter(ctx context.Context, o *listenOptions) (stop func()) {
	sh := g.sh
	// A program that reads from a pipe may write to the same terminal and knows nothing of a footer.
	if !hasFooter(sh) || live.IsPipe(sh.Out) {
		return func() {}
	}
	terminal := live.TerminalOf(sh.In, sh.Out)
	if terminal == nil || !sh.InTerminal || !sh.OutTerminal {
		return startFooter(ctx, sh, g.watch.Text)
	}
	s := &live.Session{Terminal: terminal, Counts: g.watch.Text, Columns: sh.Columns,
		Quit: g.quit, Find: query.Finder(sh.selectionBy, sh.Now), Commands: live.Commands{Run: sh.aside, Faint: sh.out.Faint}}
	if sh.settings["scheme"] == "flag" {
		s.Commands.Scheme = []string{"-s", o.Scheme}
	}
	for _, ref := range o.Secrets {
		s.Commands.Secrets = append(s.Commands.Secrets, "--secret", ref)
	}
	s.Footer = newFooter(sh, s.Text)
	s.Screen = s.Footer.Beside(sh.Out)
	sh.printing.Lock()
	g.session = s
	sh.printing.Unlock()
	unfoot := runFooter(ctx, sh, s.Footer)
	end := s.Start(ctx)
	return func() {
		end()
		unfoot()
	}
}

// aside runs another command line beside this one, with its history, configuration and secrets, and without a keyboard.
func (sh *shell) aside(ctx context.Context, out, errs io.Writer, args ...string) {
	env := sh.Env
	env.In, env.InTerminal, env.Out, env.Err = strings.NewReader(""), false, out, errs
	env.Interruptible, env.Width = context.WithCancel, sh.Columns()
	other := newShell(env, sh.version)
	other.history, other.file, other.redactor, other.typed = sh.history, sh.file, sh.redactor, args
	other.weak = sh.weak
	other.finder.Share(&sh.finder)
	args = slices.Concat([]string{args[0], "--color=" + sh.color, "--db=" + sh.historyPath()}, args[1:])
	root := newRoot(other, args)
	root.SetArgs(args)
	root.SetIn(env.In)
	root.SetOut(other.out)
	root.SetErr(errs)
	other.report(root.ExecuteContext(ctx))
}
