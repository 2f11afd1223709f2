package main

import (
	"os"
	"os/signal"
	"slices"
	"syscall"

	"golang.org/x/term"
)

// superviseAsInit runs barb as a child process if this process is number 1, as in a container, and reports whether it
// did. Process 1 must reap every orphan, and the kernel does not deliver it signals without a handler. Both conflict
// with os/exec, which waits for its own children.
func superviseAsInit() (code int, done bool) {
	if os.Getpid() != 1 {
		return 0, false
	}
	self, err := os.Executable()
	if err != nil {
		return 0, false
	}
	signals := make(chan os.Signal, 64)
	signal.Notify(signals)
	attr := &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}, Sys: &syscall.SysProcAttr{Setpgid: true}}
	if term.IsTerminal(0) { // ^C then reaches only the child, once
		attr.Sys = &syscall.SysProcAttr{Foreground: true, Ctty: 0}
	}
	child, err := syscall.ForkExec(self, os.Args, attr)
	if err != nil {
		signal.Reset()
		return 0, false
	}
	notForwarded := []os.Signal{syscall.SIGCHLD, syscall.SIGURG, syscall.SIGPIPE, syscall.SIGTSTP, syscall.SIGTTIN,
		syscall.SIGTTOU}
	for s := range signals {
		if n, ok := s.(syscall.Signal); ok && !slices.Contains(notForwarded, s) {
			_ = syscall.Kill(child, n)
		}
		if code, ended := reap(child); ended {
			return code, true
		}
	}
	return 0, true // never reached: signals is never closed
}

// reap waits for all ended children, and returns how a certain one ended.
func reap(child int) (code int, ended bool) {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		switch {
		case err == syscall.EINTR:
		case err != nil || pid <= 0:
			return code, ended
		case pid == child && status.Signaled():
			code, ended = 128+int(status.Signal()), true
		case pid == child:
			code, ended = status.ExitStatus(), true
		}
	}
}
