//go:build unix

package live

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// OnContinue calls back each time the process goes on after it was stopped, as by ^Z and fg. The calls come from one
// goroutine, which ends with stop.
//
// It does not ask to be told of the stop: once Go has handled SIGTSTP, nothing brings back what it does by default,
// which includes that the kernel discards it where no shell could continue the process.
func OnContinue(back func()) (stop func()) {
	signals, over := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, syscall.SIGCONT)
	var group sync.WaitGroup
	group.Go(func() {
		defer signal.Stop(signals)
		for {
			select {
			case <-signals:
				back()
			case <-over:
				return
			}
		}
	})
	return sync.OnceFunc(func() {
		close(over)
		group.Wait()
	})
}

// Stop stops the process group as ^Z does, until the shell continues it. It returns at once where no shell could.
func Stop() {
	_ = syscall.Kill(0, syscall.SIGTSTP)
	time.Sleep(discarded)
}

// onQuit calls back before SIGQUIT ends the process with its stacks.
func onQuit(before func()) (stop func()) {
	signals, over := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, syscall.SIGQUIT)
	var group sync.WaitGroup
	group.Go(func() {
		defer signal.Stop(signals)
		select {
		case <-signals:
			before()
			signal.Reset(syscall.SIGQUIT)
			_ = syscall.Kill(os.Getpid(), syscall.SIGQUIT)
		case <-over:
		}
	})
	return sync.OnceFunc(func() {
		close(over)
		group.Wait()
	})
}
