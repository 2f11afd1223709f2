// Package agent serves the history to a coding agent over the Model Context Protocol.
package agent

import (
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/help"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/sign"
)

// Run runs one command line in an environment and returns its exit code. Package commands has it.
type Run func(ctx context.Context, env shell.Env, version string, args []string) int

// agent is one barb mcp. Its methods are safe for concurrent use.
type agent struct {
	sh     *shell.Shell
	run    Run
	may    hosts
	sends  bool // --allow-send
	config [sha256.Size]byte
	slots  chan struct{} // held by calls that work
	waits  chan struct{} // held by calls that wait

	guesses guesses

	mu     sync.Mutex
	values []hidden // secrets that must not be in an answer
	known  []sign.Secret
}

// The greatest numbers of calls at the same time. Further calls wait for their turn.
const (
	mostCalls = 8
	mostWaits = 32
)

// New makes barb mcp.
func New(sh *shell.Shell, run Run) *cobra.Command {
	a := &agent{sh: sh, run: run, slots: make(chan struct{}, mostCalls), waits: make(chan struct{}, mostWaits)}
	var named []string
	cmd := &cobra.Command{
		Use:  "mcp",
		Args: help.Args(0, 0, "no arguments, only flags"),
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if sh.JSON {
				return fail.Usage("barb mcp writes the protocol to stdout, so --json and --jq have no meaning").
					Hint("barb mcp, and leave the flags to the tools")
			}
			if a.may, err = newHosts(named); err != nil {
				return err
			}
			return a.serve(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.BoolVar(&a.sends, "allow-send", false, "offer the tools that sign, send, replay and probe")
	f.StringArrayVar(&named, "allow-host", nil, "let these tools send to this `host`, not only to this machine "+
		"(repeatable)")
	return cmd
}

// serve answers requests until stdin ends or a signal comes, which both are the usual end of a server.
func (a *agent) serve(ctx context.Context) error {
	if a.sh.InTerminal {
		a.sh.Note("an agent starts barb mcp and talks to it on stdin and stdout: see docs/agents.md; ^C ends it")
	}
	ctx, stop := a.sh.Interruptible(ctx)
	defer stop()
	sum, err := a.configSum()
	if err != nil {
		return err
	}
	a.config = sum
	a.learnConfigured(ctx)
	err = a.speak(ctx)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// errChanged refuses a barb.toml that has changed since barb mcp started: the user agreed to the earlier one.
var errChanged = errors.New("barb.toml has changed since barb mcp was started")

// configSum returns what tells the configuration from another one.
func (a *agent) configSum() (sum [sha256.Size]byte, err error) {
	file, err := a.sh.FindConfig()
	if err != nil || file.Path == "" {
		return sum, err
	}
	text, err := os.ReadFile(file.Path)
	if err != nil {
		return sum, fail.Usage("%w", err)
	}
	return sha256.Sum256(slices.Concat([]byte(file.Path), []byte{0}, text)), nil
}

// checkConfig refuses to go on with another configuration.
func (a *agent) checkConfig() error {
	sum, err := a.configSum()
	if err == nil && sum != a.config {
		err = fail.Usage("%w", errChanged).Hint("the user restarts barb mcp, which reads the file again")
	}
	return err
}

// global returns the flags of every command line that a tool runs.
func (a *agent) global() []string {
	args := []string{"--db=" + a.sh.HistoryPath(), "--color=never"}
	if a.sh.Config != "" {
		args = append(args, "--config="+a.sh.Config)
	}
	if a.sh.Trusted(a.sh.File) == "flag" {
		args = append(args, "--trust")
	}
	return args
}

// hasPassword reports whether a value may be a URL with a password, as that of a proxy is.
func hasPassword(value string) bool {
	return strings.Contains(value, "://") && strings.Contains(value, "@")
}

// getenv hides the variables that no command of barb needs: a template in a payload may ask for any of them. The
// proxies of the environment are hidden too, since tools connect directly.
func (a *agent) getenv(name string) string {
	upper := strings.ToUpper(name)
	for _, prefix := range []string{"BARB_", "XDG_"} {
		if value := a.sh.Getenv(name); strings.HasPrefix(upper, prefix) && !hasPassword(value) {
			return value
		}
	}
	if slices.Contains([]string{"HOME", "NO_COLOR", "TERM"}, upper) ||
		slices.Contains(a.references(), "env:"+name) || slices.Contains(a.sh.File.HeaderSecrets(), "env:"+name) {
		return a.sh.Getenv(name)
	}
	return ""
}
