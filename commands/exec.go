package commands

import (
	"context"
	"errors"
	"os/exec"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/listen/command"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/listen/verifier"
)

// execFlags name a command to run for each webhook.
type execFlags struct {
	command     flags.Word
	unverified  bool
	timeout     flags.Duration
	concurrency int
}

func (f *execFlags) addFlags(cmd *cobra.Command) {
	set := cmd.Flags()
	f.timeout, f.concurrency = flags.Duration(30*time.Second), 4
	set.Var(&f.command, "exec", "run this `command` for each verified webhook, the body on stdin, without a shell; "+
		"answer 500 unless it exits 0")
	set.BoolVar(&f.unverified, "exec-unverified", false, "run it also where no signature is checked, for whatever "+
		"anybody sends")
	set.Var(&f.timeout, "exec-timeout", "end the command after this time and answer 504")
	set.IntVar(&f.concurrency, "exec-concurrency", f.concurrency, "how many commands run at a time")
}

// takeExec reads the flags. Whether the program is there is known before anything is received.
func (g *listener) takeExec(ctx context.Context, f execFlags) error {
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
		return fail.Usage("--exec %s: %w", args[0], errors.Unwrap(err)).Hint("give its path, ./handle, or put its " +
			"folder into PATH")
	}
	command.EndOrphans(worker.IsGone)
	g.gate.Runner = &gateway.Runner{Unverified: f.unverified, Command: &command.Command{Path: path, Args: args,
		Dir:     g.sh.Dir,
		Environ: g.sh.inherited(),
		Owner:   worker.NewHolder("exec"), Timeout: time.Duration(f.timeout), Slots: make(chan struct{}, f.concurrency),
		Stopping: ctx}}
	return nil
}

// inherited returns the variables of barb's own environment that a command gets: those that programs need, and the
// settings, so that a barb in it does as this one. None of them is a secret.
func (sh *shell) inherited() []string {
	all := sh.settingsOf(func(string) bool { return true })
	isSetting := func(name string) bool {
		return name == "BARB_CONFIG" || name == "BARB_TRUST" ||
			slices.ContainsFunc(all, func(s config.Setting) bool { return s.Variable() == name })
	}
	return slices.DeleteFunc(command.Inherited(sh.Environ, isSetting), sh.isSecretVariable)
}

// tellHistory has a barb in the command use the history of this listener.
func (g *listener) tellHistory() {
	if g.gate.Runner != nil {
		g.gate.Runner.Environ = append(g.gate.Runner.Environ, "BARB_DB="+g.sh.absolute(g.gate.History.Path()))
	}
}

// splitCommand splits a command line at its blanks, with the quotes of a shell and nothing else of it.
func splitCommand(line string) ([]string, error) {
	args, err := command.Split(line)
	const inShell = "--exec " + `"sh -c '…'" runs a shell`
	switch {
	case err == nil:
		return args, nil
	case errors.Is(err, command.ErrEmpty):
		return nil, fail.Usage("--exec names no command").Hint("barb listen -s stripe --secret env:WHSEC --exec ./handle")
	}
	return nil, fail.Usage("--exec %q: %w", line, err).Hint(inShell)
}

// checkExec refuses a command that would never run.
func (g *listener) checkExec() error {
	if g.gate.Runner == nil || g.gate.Runner.Unverified {
		return nil
	}
	var learns *verifier.Verifier
	for _, l := range g.gate.All() {
		switch v := l.Verifier.Load(); {
		case v == nil:
		case len(v.Secrets) > 0:
			return nil
		default:
			learns = v
		}
	}
	if learns != nil {
		return fail.Usage("--exec runs only for what is verified with a secret that barb was given, and %s is to "+
			"learn its own", learns.Scheme.Name).
			Hintf("barb listen -s %s --learn keyring:%s until the secret is there, then --secret keyring:%s --exec …",
				learns.Scheme.Name, learns.Scheme.Name, learns.Scheme.Name)
	}
	return fail.Usage("--exec runs for verified webhooks, and no signature is checked").
		Hint("barb listen -s stripe --secret env:WHSEC --exec …, or --exec-unverified to run it for whatever anybody sends")
}
