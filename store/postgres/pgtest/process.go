package pgtest

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// process is a server that runs; ended is closed when it does not any more.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{}
}

// run starts a server. The goroutine keeps its thread, since the system ends the server with the thread that made it.
func run(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, ended: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how a server ends that was told to is of no interest
		}
		close(p.ended)
	}()
	return p, <-started
}

// stop sends a signal and waits for the end, for a minute; then it kills.
func (p *process) stop(how os.Signal) error {
	select {
	case <-p.ended:
		return nil
	default:
	}
	if err := p.cmd.Process.Signal(how); err != nil {
		return err
	}
	select {
	case <-p.ended:
		return nil
	case <-time.After(time.Minute):
	}
	_ = p.cmd.Process.Kill() // it has ended meanwhile, or does now
	<-p.ended
	return fmt.Errorf("the server had to be killed")
}
