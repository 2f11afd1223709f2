package commands

import (
	"context"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/listen/command"
	"github.com/barbhq/barb/listen/gateway"
	"github.com/barbhq/barb/listen/verifier"
)

// takeExec makes the runner of the command.
func (g *listener) takeExec(ctx context.Context, f *flags.Exec) error {
	c, err := f.Command()
	if c == nil || err != nil {
		return err
	}
	command.EndOrphans(worker.IsGone)
	c.Dir, c.Environ, c.Owner, c.Stopping = g.sh.Dir, g.sh.Inherited(), worker.NewHolder("exec"), ctx
	g.gate.Runner = &gateway.Runner{Unverified: f.Unverified, Command: c}
	return nil
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
		return fail.Usage("--exec runs only for webhooks verified with a secret that you gave, and %s has yet to "+
			"learn its secret", learns.Scheme.Name).
			Hintf("barb listen -s %s --learn keyring:%s until the secret is there, then --secret keyring:%s --exec …",
				learns.Scheme.Name, learns.Scheme.Name, learns.Scheme.Name)
	}
	return fail.Usage("--exec runs for verified webhooks, and no signature is checked").
		Hint("barb listen -s stripe --secret env:WHSEC --exec …, or --exec-unverified to run it for webhooks that " +
			"anybody can send")
}
