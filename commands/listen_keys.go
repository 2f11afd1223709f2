package commands

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/act"
	"github.com/barbhq/barb/commands/live"
	"github.com/barbhq/barb/commands/query"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/tui"
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
	run := func(ctx context.Context, out, errs io.Writer, args ...string) { aside(ctx, sh, out, errs, args) }
	s := &live.Session{Terminal: terminal, Counts: g.watch.Text, Columns: sh.Columns,
		Quit: g.quit, Find: query.Finder(sh.SelectionBy, sh.Now), Commands: live.Commands{Run: run, Faint: sh.Stdout.Faint}}
	if sh.Settings["scheme"] == "flag" {
		s.Commands.Scheme = []string{"-s", o.Scheme}
	}
	for _, ref := range o.Secrets {
		s.Commands.Secrets = append(s.Commands.Secrets, "--secret", ref)
	}
	s.Commands.Copy = g.world(nil, nil).CopyLetter
	s.View = func(ctx context.Context) { g.view(ctx, s.Commands.Scheme, s.Commands.Secrets) }
	s.Footer = newFooter(sh, s.Text)
	s.Screen = s.Footer.Beside(sh.Out)
	sh.Printing.Lock()
	g.session = s
	sh.Printing.Unlock()
	unfoot := runFooter(ctx, sh, s.Footer)
	end := s.Start(ctx)
	return func() {
		end()
		unfoot()
	}
}

// aside runs another command line beside this one, with its history, configuration and secrets, and without a keyboard.
func aside(ctx context.Context, sh *shell.Shell, out, errs io.Writer, args []string) {
	beside(ctx, sh, tui.Line{Args: args, Out: out, Err: errs, Width: sh.Columns()})
}

// beside runs another command line beside this one, with its history, configuration and secrets.
func beside(ctx context.Context, sh *shell.Shell, l tui.Line) int {
	env, args := sh.Env, l.Args
	env.In, env.InTerminal, env.Out, env.Err, env.Terminal = l.In, l.In != nil, l.Out, l.Err, l.Terminal
	if l.In == nil {
		env.In = strings.NewReader("")
	}
	env.Interruptible, env.Width, env.Columns = context.WithCancel, l.Width, nil
	other := shell.New(env, sh.Version)
	other.History, other.File, other.Redactor, other.Typed = sh.History, sh.File, sh.Redactor, args
	other.Weak = sh.Weak
	other.Finder.Share(&sh.Finder)
	args = slices.Concat([]string{args[0], "--color=" + sh.Color, "--db=" + sh.HistoryPath()}, args[1:])
	root := newRoot(other, args)
	root.SetArgs(args)
	root.SetIn(env.In)
	root.SetOut(other.Stdout)
	root.SetErr(l.Err)
	return other.Report(root.ExecuteContext(ctx))
}

// newTUI makes barb tui, whose actions are other command lines.
func newTUI(sh *shell.Shell) *cobra.Command {
	page := &viewPage{actions: &act.Actions{Shell: sh}}
	cmd := tui.New(sh, func(ctx context.Context, l tui.Line) int { return beside(ctx, sh, l) }, page.open)
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		defer page.end()
		return run(cmd, args)
	}
	return cmd
}

// world does what the view that fills the terminal asks for. A signature is checked with the flags of the listener.
func (g *listener) world(scheme, secrets []string) *tui.World {
	sh := g.sh
	barb := func(ctx context.Context, l tui.Line) int {
		if l.Args[0] == "verify" {
			l.Args = slices.Concat(l.Args, scheme, secrets)
		}
		return beside(ctx, sh, l)
	}
	return &tui.World{Shell: sh, History: sh.History, Barb: barb, Page: g.viewed.open, Actions: g.viewed.actions}
}

// view shows the view that fills the terminal.
func (g *listener) view(ctx context.Context, scheme, secrets []string) {
	sh := g.sh
	v := tui.Viewer{World: g.world(scheme, secrets), In: sh.In, Out: sh.Out, Counts: g.watch.Text,
		At: g.viewed.listening}
	if err := v.Run(ctx); err != nil && ctx.Err() == nil {
		sh.Note("%v", err)
	}
}
