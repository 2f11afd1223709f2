package agent

import (
	"bytes"
	"context"
	"io"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/deliver"
)

// mostOutput is how many bytes of the output of a command are read. mostWords is how many of its messages.
const (
	mostOutput = 32 << 20
	mostWords  = 20
)

// longest is how long a call takes at most that does not wait for anything.
const longest = 2 * time.Minute

// longestCall is how long any call takes at most; wait has 10 minutes.
const longestCall = 15 * time.Minute

// environment returns that of one command line: the process's streams are the protocol's, so it gets its own.
func (a *agent) environment(stdin string, out, err io.Writer) shell.Env {
	env := a.sh.Env
	env.In, env.Out, env.Err = strings.NewReader(stdin), out, err
	env.Getenv, env.Learned = a.getenv, a.learn
	env.Interruptible = context.WithCancel
	env.Password, env.Foreground, env.Columns, env.Width = nil, nil, nil, 0
	env.InTerminal, env.OutTerminal, env.ErrTerminal = false, false, false
	return env
}

// command runs a command of barb as a user would, with --json, and returns its answer.
func (a *agent) command(ctx context.Context, l *line) *answer {
	if err := l.err; err != nil {
		return a.refused(err)
	}
	release, err := a.slot(ctx, l.waits)
	if err != nil {
		return a.refused(err)
	}
	defer release()
	return a.read(a.output(ctx, l))
}

// output runs a command line and returns its exit code with what it has printed.
func (a *agent) output(ctx context.Context, l *line) (code int, out, words *limitedBuffer) {
	ctx, cancel := context.WithTimeout(deliver.WithReach(ctx, a.may.reach), longestCall)
	defer cancel()
	out, words = &limitedBuffer{most: mostOutput}, &limitedBuffer{most: 1 << 20}
	return a.run(ctx, a.environment(l.stdin, out, words), a.sh.Version, a.args(l)), out, words
}

// args returns the whole command line.
func (a *agent) args(l *line) []string {
	args := append(strings.Fields(l.name), a.global()...)
	args = append(args, "--json")
	args = append(args, l.flags...)
	if len(l.positional) > 0 {
		args = append(append(args, "--"), l.positional...)
	}
	return args
}

// slot waits until fewer calls run than may run at once. The call uses the configuration that the user agreed to.
func (a *agent) slot(ctx context.Context, waits bool) (release func(), err error) {
	if err := a.checkConfig(); err != nil {
		return nil, err
	}
	slots := a.slots
	if waits {
		slots = a.waits
	}
	select {
	case slots <- struct{}{}:
		return func() { <-slots }, nil
	case <-ctx.Done():
		return nil, fail.Silent(fail.ExitInterrupted)
	}
}

// read makes an answer of what a command has printed.
func (a *agent) read(code int, out, words *limitedBuffer) *answer {
	result, c := newAnswer(code), newCleaner(a.scrub)
	result.say(c, words)
	for text := range bytes.SplitSeq(out.data, []byte("\n")) {
		if len(text) == 0 {
			continue
		}
		if len(result.Results) == mostItems || c.left <= 0 {
			c.cut = true
			break
		}
		if v, err := c.raw(text); err == nil {
			result.Results = append(result.Results, v)
		}
	}
	result.Cut = c.cut || out.over || words.over
	return result
}

// forTools are words of hints that name a command where there is a tool.
var forTools = strings.NewReplacer("barb history lists", "the tool list has", "barb schemes lists",
	"the tool schemes has", "barb providers lists", "the tool providers has", "barb events lists", "the tool events has")

// pointed is an excerpt of an expression with what begins at a place, for a caret that stood below it.
func pointed(excerpt string, at int) string {
	runes := []rune(excerpt)
	text := strings.TrimSpace(excerpt)
	if at < 0 || at >= len(runes) {
		return text + " (at its end)"
	}
	return text + " (at " + string(runes[at:]) + ")"
}

// say takes the messages and hints of a command.
func (r *answer) say(c *cleaner, words *limitedBuffer) {
	above := ""
	for line := range strings.Lines(string(words.data)) {
		text, excerpt := strings.TrimSpace(line), above
		above = strings.TrimRight(line, "\n")
		switch hint, isHint := strings.CutPrefix(text, "hint: "); {
		case text == "":
		case text == "^" && len(r.Messages) > 0:
			r.Messages[len(r.Messages)-1] = c.text(pointed(excerpt, strings.Index(line, "^")))
		case len(r.Messages)+len(r.Hints) == mostWords:
			c.cut = true
			return
		case isHint:
			r.Hints = append(r.Hints, c.text(forTools.Replace(hint)))
		default:
			r.Messages = append(r.Messages, c.text(text))
		}
	}
}

// refused is the answer to a call that is wrong before anything is done.
func (a *agent) refused(err error) *answer {
	words := &limitedBuffer{most: 1 << 20}
	sh := shell.New(a.environment("", io.Discard, words), a.sh.Version)
	return a.read(sh.Report(err), &limitedBuffer{}, words)
}

// direct runs do with a shell of its own, prepared as for a command with the filters of barb history.
func (a *agent) direct(ctx context.Context, args []string, do func(context.Context, *shell.Shell, *flags.Filter,
	*answer) error) *answer {
	release, err := a.slot(ctx, false)
	if err != nil {
		return a.refused(err)
	}
	defer release()
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	words, result := &limitedBuffer{most: 1 << 20}, newAnswer(0)
	sh := shell.New(a.environment("", io.Discard, words), a.sh.Version)
	root := &cobra.Command{Use: "barb", SilenceErrors: true, SilenceUsage: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return sh.Prepare(cmd) }}
	sh.Root, sh.Branches = root, a.sh.Branches
	sh.AddGlobalFlags(root)
	chosen := &flags.Filter{}
	sub := &cobra.Command{Use: "history", RunE: func(cmd *cobra.Command, _ []string) error {
		sh.Redactor.Add(a.secrets()...)
		return do(cmd.Context(), sh, chosen, result)
	}}
	chosen.AddFlags(sub, sh.SchemeNames, sh.CompleteEvents)
	root.AddCommand(sub)
	root.SetArgs(append(append([]string{"history"}, a.global()...), args...))
	err = root.ExecuteContext(ctx)
	if err == nil {
		err = sh.Judgements.End()
	}
	code := sh.Report(err)
	if sh.History != nil {
		code = shell.Worst(code, sh.Report(sh.History.Close()))
	}
	c := newCleaner(a.scrub)
	result.Exit, result.Meaning = code, meanings[code]
	result.say(c, words)
	result.Cut = result.Cut || c.cut
	return result
}

// limitedBuffer keeps the beginning of what is written.
type limitedBuffer struct {
	data []byte
	most int
	over bool
}

// Write takes everything up to the limit; the command then writes to nobody.
func (b *limitedBuffer) Write(p []byte) (int, error) {
	if len(b.data)+len(p) > b.most {
		b.over = true
		return 0, syscall.EPIPE
	}
	b.data = append(b.data, p...)
	return len(p), nil
}
