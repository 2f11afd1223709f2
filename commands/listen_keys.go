package commands

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/barbhq/barb/commands/keys"
	"github.com/barbhq/barb/commands/live"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/units"
)

// startFooter shows the footer of a listener on a terminal, with keys where a person can press them, until stop is
// called or ctx ends. stop may be called twice.
func (g *listener) startFooter(ctx context.Context, o *listenOptions) (stop func()) {
	// A program that reads from a pipe may write to the same terminal and knows nothing of a footer.
	if !hasFooter(g.sh) || isPipe(g.sh.Out) {
		return func() {}
	}
	in, _ := g.sh.In.(*os.File)
	out, _ := g.sh.Out.(*os.File)
	if in == nil || out == nil || !g.sh.InTerminal || !g.sh.OutTerminal || !live.HasKeys {
		return startFooter(ctx, g.sh, g.watch.Text)
	}
	s := &live.Session{Terminal: &live.Terminal{In: in, Out: out}, Counts: g.watch.Text, Columns: g.sh.Columns,
		Quit: g.quit}
	s.Footer = newFooter(g.sh, s.Text)
	screen := s.Footer.Beside(out)
	s.Tell = func(lines []string) { _, _ = io.WriteString(screen, strings.Join(lines, "\n")+"\n") }
	s.Do = func(ctx context.Context, action keys.Action, r live.Row) { g.do(ctx, screen, action, r, o) }
	g.sh.printing.Lock()
	g.session = s
	g.sh.printing.Unlock()
	unfoot := runFooter(ctx, g.sh, s.Footer)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Run(ctx)
	}()
	return func() {
		cancel()
		<-done
		unfoot()
	}
}

// choosable adds a webhook to the list of the keys. printing is held.
func (g *listener) choosable(h *ui.Hook) {
	if g.session == nil {
		return
	}
	var line, words strings.Builder
	// All rows in one way, which leaves room for a mark, a blank, and the last column.
	g.rows.P = &ui.Printer{W: &line, Width: 1}
	g.rows.Columns = func() int { return max(g.sh.Columns()-3, 1) }
	g.rows.Write(h)
	(&ui.HookLines{P: &ui.Printer{W: &words}}).Write(h)
	if status := h.Status(); status != 0 {
		words.WriteString(" " + strconv.Itoa(status/100) + "xx")
	}
	words.WriteString(" " + string(h.Outcome()))
	g.session.Add(live.Row{ID: h.ID, Line: strings.TrimRight(line.String(), "\n"), Words: words.String(),
		Verified: h.Verdict.Status == record.Valid})
}

// do runs the command of an action on a webhook, and writes what it says to the screen.
func (g *listener) do(ctx context.Context, screen io.Writer, action keys.Action, r live.Row, o *listenOptions) {
	id := strconv.FormatInt(r.ID, 10)
	var args, secrets []string
	for _, ref := range o.Secrets {
		secrets = append(secrets, "--secret", ref)
	}
	switch action {
	case keys.CopyCurl:
		g.copyCurl(ctx, screen, id)
		return
	case keys.Open:
		args, secrets = []string{"show", id}, nil
	case keys.Explain:
		args = []string{"verify", id, "--explain"}
		if o.Scheme != "" && g.sh.settings["scheme"] == "flag" {
			args = append(args, "-s", o.Scheme)
		}
	case keys.Replay:
		if args = []string{"replay", id}; !r.Verified {
			secrets = nil
		}
	}
	var said bytes.Buffer // written whole, so that no line comes between
	said.WriteString(g.sh.out.Faint("$ barb "+strings.Join(args, " ")) + "\n")
	if action == keys.Replay { // it says what it is about to do
		_, _ = screen.Write(said.Bytes())
		g.sh.aside(ctx, screen, screen, append(args, secrets...)...)
		return
	}
	g.sh.aside(ctx, &said, &said, append(args, secrets...)...)
	if !bytes.HasSuffix(said.Bytes(), []byte("\n")) {
		said.WriteByte('\n')
	}
	_, _ = screen.Write(said.Bytes())
}

// mostCopied is how many bytes a terminal takes for its clipboard; several drop more.
const mostCopied = 74_000

// copyCurl copies a webhook as curl with the escape sequence OSC 52, which also works through ssh.
func (g *listener) copyCurl(ctx context.Context, screen io.Writer, id string) {
	var curl, said bytes.Buffer
	g.sh.aside(ctx, &curl, &said, "show", id, "--curl")
	text := strings.TrimSuffix(curl.String(), "\n")
	coded := base64.StdEncoding.EncodeToString([]byte(text))
	switch {
	case text == "":
	case len(coded) > mostCopied:
		said.WriteString("barb: " + id + " is too long for the clipboard of a terminal, " +
			units.RoundSize(int64(len(text))) + " as curl\nhint: barb show " + id + " --curl\n")
	default:
		said.WriteString("\x1b]52;c;" + coded + "\a" + "barb: copied " + id + " as curl, " +
			units.RoundSize(int64(len(text))) + "; if your terminal has no clipboard: barb show " + id + " --curl\n")
	}
	_, _ = screen.Write(said.Bytes())
}

// aside runs another command line beside this one, with its history, configuration and secrets, and without a keyboard.
func (sh *shell) aside(ctx context.Context, out, errs io.Writer, args ...string) {
	env := sh.Env
	env.In, env.InTerminal, env.Out, env.Err = strings.NewReader(""), false, out, errs
	env.Interruptible = context.WithCancel
	env.Width = sh.Columns()
	other := newShell(env, sh.version)
	other.history, other.file, other.redactor, other.typed = sh.history, sh.file, sh.redactor, args
	other.finder.Share(&sh.finder)
	args = slices.Concat([]string{args[0], "--color=" + sh.color, "--db=" + sh.historyPath()}, args[1:])
	root := newRoot(other, args)
	root.SetArgs(args)
	root.SetIn(env.In)
	root.SetOut(other.out)
	root.SetErr(errs)
	err := root.ExecuteContext(ctx)
	other.report(err)
}
