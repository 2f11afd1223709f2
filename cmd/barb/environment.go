package main

import (
	"context"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/barbhq/barb/commands/live"
	"github.com/barbhq/barb/commands/shell"
)

// version is set by the release build; `go install` uses the module's version.
var version = ""

// environment returns the process's environment for the commands.
func environment() shell.Env {
	dir, _ := os.Getwd() // "" only means that no barb.toml is searched for
	return shell.Env{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv, Environ: os.Environ(), Dir: dir,
		Now: time.Now, Rand: rand.Float64, Interruptible: interruptible, Width: columns(), Columns: columns,
		Foreground: func() bool { return live.Foreground(int(os.Stderr.Fd())) },
		Password:   password, InTerminal: term.IsTerminal(int(os.Stdin.Fd())),
		OutTerminal: term.IsTerminal(int(os.Stdout.Fd())), ErrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
	}
}

// columns returns the width of the terminal on stdout, or else on stderr; 0 when neither is a terminal.
func columns() int {
	width, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		width, _, _ = term.GetSize(int(os.Stderr.Fd()))
	}
	return width
}

// interruptible returns a context that ends at the first ^C, SIGTERM or SIGHUP. The second ^C or SIGTERM ends the
// process, even if ^C was ignored from the start, as it is in a job that a script starts with &.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	ignored := signal.Ignored(os.Interrupt)
	ctx, unhang := untilHangup(ctx)
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() {
		if ignored {
			second := make(chan os.Signal, 1)
			signal.Notify(second, os.Interrupt)
			go func() {
				<-second
				os.Exit(130)
			}()
		}
		stop()
	})
	return ctx, func() { stop(); unhang() }
}

// untilHangup returns a context that ends with the terminal. A terminal that closes may send SIGHUP twice, from the
// kernel and from the shell, so further ones do nothing. Under nohup none does anything.
func untilHangup(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	if signal.Ignored(syscall.SIGHUP) {
		return ctx, cancel
	}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	over := make(chan struct{})
	go func() {
		select {
		case <-hangup:
			cancel()
		case <-over:
		}
	}()
	return ctx, sync.OnceFunc(func() {
		if ctx.Err() == nil { // after the first SIGHUP, the second may come while the process ends
			signal.Stop(hangup)
		}
		close(over)
		cancel()
	})
}

// password reads a line from the terminal without showing it. ^C in the middle leaves the terminal as it was. ^Z does
// nothing: the shell would show what is typed once the process went on.
func password() ([]byte, error) {
	fd := int(os.Stdin.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	defer live.WithoutStop(fd)()
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(interrupted)
	go func() {
		<-interrupted
		_ = term.Restore(fd, before)
		_, _ = os.Stderr.WriteString("\n")
		os.Exit(130)
	}()
	return term.ReadPassword(fd)
}

func buildVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}
