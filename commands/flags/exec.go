package flags

import (
	"errors"
	"os/exec"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/listen/command"
	"github.com/barbhq/barb/units"
)

// Exec names a command to run for each webhook.
type Exec struct {
	command     string
	Unverified  bool
	timeout     time.Duration
	concurrency int
}

// AddFlags adds the flags to a command.
func (f *Exec) AddFlags(cmd *cobra.Command) {
	set := cmd.Flags()
	f.timeout, f.concurrency = 30*time.Second, 4
	set.Var(Word(&f.command), "exec", "run this `command` for each verified webhook, without a shell and with the body "+
		"on stdin; answer 500 unless it exits with 0")
	set.BoolVar(&f.Unverified, "exec-unverified", false, "also run it for webhooks whose signature is not verified, "+
		"which anybody can send")
	set.Var(Duration(&f.timeout), "exec-timeout", "stop the command after this time and answer 504")
	set.IntVar(&f.concurrency, "exec-concurrency", f.concurrency, "run `N` commands at the same time")
}

// Command returns the command of the flags, nil for none. Whether its program is there is known before anything is
// received.
func (f *Exec) Command() (*command.Command, error) {
	switch {
	case f.command == "" && f.Unverified:
		return nil, fail.Usage("--exec-unverified needs --exec").Hint("barb listen --exec ./handle --exec-unverified")
	case f.command == "":
		return nil, nil
	case f.concurrency < 1:
		return nil, fail.Usage("--exec-concurrency %d is less than 1", f.concurrency)
	case f.timeout <= 0:
		return nil, fail.Usage("--exec-timeout %s must be more than 0", units.FormatDuration(f.timeout))
	}
	args, err := command.Split(f.command)
	switch {
	case errors.Is(err, command.ErrEmpty):
		return nil, fail.Usage("--exec names no command").Hint("barb listen -s stripe --secret env:WHSEC --exec ./handle")
	case err != nil:
		return nil, fail.Usage("--exec %q: %w", f.command, err).Hint(`--exec "sh -c '…'" runs a shell`)
	}
	path, err := exec.LookPath(args[0])
	if err != nil {
		return nil, fail.Usage("--exec %s: %w", args[0], errors.Unwrap(err)).Hint("give its path, ./handle, or put its " +
			"folder into PATH")
	}
	return &command.Command{Path: path, Args: args, Timeout: f.timeout,
		Slots: make(chan struct{}, f.concurrency)}, nil
}
