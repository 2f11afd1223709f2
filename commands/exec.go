package commands

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/http"
	"os/exec"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/mattn/go-shellwords"
	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/listen/verifier"
	"github.com/barbhq/barb/store/record"
)

const (
	// execGrace is what a command has to come to its end once it was asked to, and what others that it has started may
	// hold its output open for.
	execGrace = 2 * time.Second
	// The exit codes of a command that did not come to its own end, as in a shell.
	execTimedOut   = 124
	execNotStarted = 126
	execSignalled  = 128
)

// execFlags name a command to run for each webhook.
type execFlags struct {
	command     wordValue
	unverified  bool
	timeout     ageValue
	concurrency int
}

func (f *execFlags) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	f.timeout, f.concurrency = ageValue(30*time.Second), 4
	flags.Var(&f.command, "exec", "run this `command` for each verified webhook, the body on stdin, without a shell; answer 500 unless it exits 0")
	flags.BoolVar(&f.unverified, "exec-unverified", false, "run it also where no signature is checked, for whatever anybody sends")
	flags.Var(&f.timeout, "exec-timeout", "end the command after this time and answer 504")
	flags.IntVar(&f.concurrency, "exec-concurrency", f.concurrency, "how many commands run at a time")
}

// runner runs the command of --exec.
type runner struct {
	path       string // of the program
	args       []string
	unverified bool
	timeout    time.Duration
	seats      chan struct{}   // one taken for each command
	owner      string          // of the commands, as worker.NewHolder writes it
	stopping   context.Context // ends at ^C
}

// takeExec reads the flags. Whether the program is there is known before anything is received.
func (g *gateway) takeExec(ctx context.Context, f execFlags) error {
	switch {
	case f.command == "" && f.unverified:
		return fail.Usage("--exec-unverified needs --exec").Hint("barb listen --exec ./handle --exec-unverified")
	case f.command == "":
		return nil
	case f.concurrency < 1:
		return fail.Usage("--exec-concurrency %d is less than 1", f.concurrency)
	case f.timeout <= 0:
		return fail.Usage("--exec-timeout %s leaves no time", f.timeout.String())
	}
	args, err := splitCommand(string(f.command))
	if err != nil {
		return err
	}
	path, err := exec.LookPath(args[0])
	if err != nil {
		return fail.Usage("--exec %s: %w", args[0], errors.Unwrap(err)).Hint("give its path, ./handle, or put its folder into PATH")
	}
	endOrphans()
	g.runner = &runner{path: path, args: args, owner: worker.NewHolder("exec"), unverified: f.unverified, timeout: time.Duration(f.timeout),
		seats: make(chan struct{}, f.concurrency), stopping: ctx}
	return nil
}

// splitCommand splits a command line at its blanks, with the quotes of a shell and nothing else of it.
func splitCommand(line string) ([]string, error) {
	parser := shellwords.NewParser()
	parser.ParseEnv, parser.ParseBacktick = false, false
	args, err := parser.Parse(line)
	inShell := "--exec " + `"sh -c '…'" runs a shell`
	switch {
	case err != nil:
		return nil, fail.Usage("--exec %q: a quote or a bracket is not closed", line).Hint(inShell)
	case parser.Position >= 0:
		return nil, fail.Usage("--exec %q: %c is for a shell, and none is started", line, []rune(line)[parser.Position]).Hint(inShell)
	case len(args) == 0 || args[0] == "":
		return nil, fail.Usage("--exec names no command").Hint("barb listen -s stripe --secret env:WHSEC --exec ./handle")
	}
	return args, nil
}

// checkExec refuses a command that would never run.
func (g *gateway) checkExec() error {
	if g.runner == nil || g.runner.unverified {
		return nil
	}
	var learns *verifier.Verifier
	for _, l := range append(slices.Collect(maps.Values(g.lanes)), g.fallback) {
		switch v := l.verifier.Load(); {
		case v == nil:
		case len(v.Secrets) > 0:
			return nil
		default:
			learns = v
		}
	}
	if learns != nil {
		return fail.Usage("--exec runs only for what is verified with a secret that barb was given, and %s is to learn its own", learns.Scheme.Name).
			Hintf("barb listen -s %s --learn keyring:%s until the secret is there, then --secret keyring:%s --exec …", learns.Scheme.Name, learns.Scheme.Name, learns.Scheme.Name)
	}
	return fail.Usage("--exec runs for verified webhooks, and no signature is checked").
		Hint("barb listen -s stripe --secret env:WHSEC --exec …, or --exec-unverified to run it for whatever anybody sends")
}

// execute runs the command for a webhook. A nil answer means that all is well, or that nothing was to be run.
func (g *gateway) execute(ctx context.Context, x *record.Exchange) *record.Response {
	r := g.runner
	if !g.runs(x) {
		return g.untouched(x)
	}
	if !r.takeSeat(ctx) {
		g.note("warning: %d was not worked on: %d commands are running; --exec-concurrency allows more", x.ID, cap(r.seats))
		busy := textAnswer(http.StatusServiceUnavailable, "too many webhooks are being worked on\n")
		busy.Header = append(busy.Header, record.Field{Name: "Retry-After", Value: "5"})
		return busy
	}
	defer func() { <-r.seats }()
	x.Run = g.runCommand(ctx, x, "0")
	switch x.Run.Exit {
	case 0:
		return nil
	case execTimedOut:
		return textAnswer(http.StatusGatewayTimeout, "the command took too long\n")
	}
	return textAnswer(http.StatusInternalServerError, "the command did not succeed\n")
}

// takeSeat waits for one of the other commands to end, as long as a command may take.
func (r *runner) takeSeat(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	select {
	case r.seats <- struct{}{}:
		return true
	case <-ctx.Done():
	case <-r.stopping.Done():
	}
	return false
}

// runCommand runs the command to its end, and ends what it leaves behind in its process group. At its timeout and at ^C the
// group is asked to end and a little later made to. Its processes are marked with the run.
func (g *gateway) runCommand(ctx context.Context, x *record.Exchange, run string) *record.Run {
	runtime.LockOSThread() // ownGroup ties the command to the thread that starts it
	defer runtime.UnlockOSThread()
	limited, cancel := context.WithTimeout(ctx, g.runner.timeout)
	defer cancel()
	defer context.AfterFunc(g.runner.stopping, cancel)()
	out := &lineWriter{say: func(line string) { g.suggest("%d exec: %s", x.ID, line) }}
	cmd := exec.CommandContext(limited, g.runner.path)
	cmd.Args, cmd.Dir = g.runner.args, g.Dir
	cmd.Env = append(append(g.inherited(), variablesOf(g.redactor.Keep(x, false))...), runVariable+run+" "+g.runner.owner)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(x.Request.Body), out, out
	cmd.WaitDelay = execGrace
	ownGroup(cmd)
	began := time.Now()
	err := cmd.Start()
	if err == nil {
		err = cmd.Wait()
		endGroup(cmd)
	}
	out.end()
	if cmd.ProcessState == nil {
		g.note("warning: %d exec: %s", x.ID, ui.Clip(err.Error(), 200))
	}
	return &record.Run{Exit: exitOf(cmd, err, limited.Err()), Took: time.Since(began)}
}

// exitOf is the exit code of a command. One that ended well by itself has, whatever it left behind; one that ended well
// because it was asked to has not.
func exitOf(cmd *exec.Cmd, err, why error) int {
	switch {
	case cmd.ProcessState == nil:
		return execNotStarted
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
		return 0
	case errors.Is(why, context.DeadlineExceeded):
		return execTimedOut
	case why != nil && cmd.ProcessState.Success():
		return execSignalled + int(syscall.SIGTERM)
	case cmd.ProcessState.Exited():
		return cmd.ProcessState.ExitCode()
	}
	return execSignalled + signalOf(cmd.ProcessState)
}
