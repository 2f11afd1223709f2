// Package command runs a program for a webhook. It starts no shell, and ends what the program leaves behind.
package command

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"github.com/barbhq/barb/store/record"
)

// Grace is how long a program that was asked to end may go on, and how long what it has started may hold its output
// open.
const Grace = 2 * time.Second

// The exit codes of a program that did not end by itself, as a shell has them. One that a signal has ended has
// Signalled plus the signal's number.
const (
	TimedOut   = 124
	NotStarted = 126
	Signalled  = 128
)

// Command is a program with its arguments. Its methods may be called from several goroutines at once.
type Command struct {
	Path     string          // of the program
	Args     []string        // the program's name, then its arguments
	Dir      string          // the working folder
	Environ  []string        // variables as NAME=value, beside those of the webhook
	Owner    string          // names the process that runs it, for EndOrphans
	Timeout  time.Duration   // after it the program is ended
	Slots    chan struct{}   // its capacity is how many run at a time
	Stopping context.Context // when it ends, programs are ended
}

// Acquire waits until one more program may run, for as long as a program may take. It returns false when none may;
// otherwise Release must follow.
func (c *Command) Acquire(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	select {
	case c.Slots <- struct{}{}:
		return true
	case <-ctx.Done():
	case <-c.Stopping.Done():
	}
	return false
}

// Release lets another program run.
func (c *Command) Release() { <-c.Slots }

// Run runs the program for a webhook until it ends, with the body on its standard input, and hands what it prints to
// say, a line at a time. At the timeout, and when ctx or Stopping ends, the program's process group is asked to end,
// and killed after Grace. What is left of the group is killed in any case. Run names the run, for EndRun. The error
// says why the program could not be started; the result is there all the same.
func (c *Command) Run(ctx context.Context, x *record.Exchange, run string, say func(line string)) (*record.Run, error) {
	runtime.LockOSThread() // ownGroup ties the program to the thread that starts it
	defer runtime.UnlockOSThread()
	limited, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	defer context.AfterFunc(c.Stopping, cancel)()
	out := &lineWriter{say: say}
	cmd := exec.CommandContext(limited, c.Path)
	cmd.Args, cmd.Dir = c.Args, c.Dir
	cmd.Env = append(append(c.Environ[:len(c.Environ):len(c.Environ)], variables(x)...), Mark(run, c.Owner))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(x.Request.Body), out, out
	cmd.WaitDelay = Grace
	ownGroup(cmd)
	began := time.Now()
	err := cmd.Start()
	if err == nil {
		err = cmd.Wait()
		endGroup(cmd)
	}
	out.end()
	ran := &record.Run{Exit: exitOf(cmd, err, limited.Err()), Took: time.Since(began)}
	if ran.Exit == NotStarted && cmd.ProcessState == nil {
		return ran, err
	}
	return ran, nil
}

// exitOf returns the exit code of a program. A program that ended well by itself has succeeded, whatever it left
// behind. One that ended well because it was asked to end has not.
func exitOf(cmd *exec.Cmd, err, why error) int {
	switch {
	case cmd.ProcessState == nil:
		return NotStarted
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
		return 0
	case errors.Is(why, context.DeadlineExceeded):
		return TimedOut
	case why != nil && cmd.ProcessState.Success():
		return Signalled + int(syscall.SIGTERM)
	case cmd.ProcessState.Exited():
		return cmd.ProcessState.ExitCode()
	}
	return Signalled + signalOf(cmd.ProcessState)
}
