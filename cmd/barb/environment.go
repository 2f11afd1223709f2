package main

import (
	"context"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/barbhq/barb/commands"
	"github.com/barbhq/barb/commands/live"
)

// version is set by the release build; `go install` uses the module's version.
var version = ""

// environment returns the process's environment for the commands.
func environment() commands.Env {
	dir, _ := os.Getwd() // "" only means that no barb.toml is searched for
	return commands.Env{
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

// interruptible returns a context that ends at the first ^C or SIGTERM. The second one ends the process, even if ^C was
// ignored from the start, as it is in a job that a script starts with &.
func interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	ignored := signal.Ignored(os.Interrupt)
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
	return ctx, stop
}

// password reads a line from the terminal without showing it. ^C in the middle leaves the terminal as it was.
func password() ([]byte, error) {
	fd := int(os.Stdin.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
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
