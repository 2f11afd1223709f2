// Package child runs a program that a person named. The program has the streams of barb, and everything that it starts
// is ended with it.
package child

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/barbhq/barb/deliver/worker"
	"github.com/barbhq/barb/listen/command"
)

// Child is a program that was started.
type Child struct {
	cmd   *exec.Cmd
	run   string // marks the processes
	group bool   // it has a process group of its own
	done  chan struct{}
	err   error // of waiting
}

// Start starts a program. At a terminal it stays in the process group of barb, so that it can read the terminal and ^C
// and ^Z reach both; elsewhere it gets a group of its own.
func Start(cmd *exec.Cmd, atTerminal bool) (*Child, error) {
	owner := worker.NewHolder("run")
	command.EndOrphans(worker.IsGone)
	c := &Child{cmd: cmd, run: "run-" + strconv.Itoa(os.Getpid()), group: !atTerminal, done: make(chan struct{})}
	cmd.Env = append(cmd.Env, command.Mark(c.run, owner))
	cmd.WaitDelay = command.Grace // where its output is not a file
	c.own()
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // own ties the program to the thread that starts it
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			c.err = cmd.Wait()
			close(c.done)
		}
	}()
	return c, <-started
}

// Done is closed when the program itself has ended.
func (c *Child) Done() <-chan struct{} { return c.done }

// Code returns the exit code of a program that has ended: 128 and the number of the signal that ended it, as a shell
// has it.
func (c *Child) Code() int {
	state := c.cmd.ProcessState
	switch {
	case state == nil:
		return command.NotStarted
	case state.Exited():
		return state.ExitCode()
	}
	return command.Signalled + signalOf(state)
}

// Signal sends a signal to the program and to everything that it has started, once to each.
func (c *Child) Signal(s syscall.Signal) {
	if s == syscall.SIGINT && !c.group {
		return // the terminal has sent it to all of them
	}
	if c.group {
		c.signal(s)
		command.SignalRun(c.run, s, c.cmd.Process.Pid) // in a group of their own
	} else if command.SignalRun(c.run, s, 0) == 0 { // marks are not found
		c.signal(s)
	}
}

// pause is how often End looks whether something is left.
const pause = 5 * time.Millisecond

// End asks everything that is left to end, and kills it when it goes on for longer than grace.
func (c *Child) End(grace time.Duration) {
	if c.isAlive() {
		c.Signal(syscall.SIGTERM)
	}
	for end := time.Now().Add(grace); c.isAlive() && time.Now().Before(end); {
		time.Sleep(pause)
	}
	c.signal(syscall.SIGKILL)
	command.EndRun(c.run)
	<-c.done
}

// isAlive reports whether the program, or something that it has started, goes on.
func (c *Child) isAlive() bool {
	select {
	case <-c.done:
		return command.SignalRun(c.run, 0, 0) > 0 || c.groupIsAlive()
	default:
		return true
	}
}
