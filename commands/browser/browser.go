// Package browser opens addresses in the browser of the person at this machine.
package browser

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/mattn/go-shellwords"
)

// ErrNone says that no browser can be opened here: there is no screen for one, or no program that starts one.
var ErrNone = errors.New("no browser was found here")

// Browser opens addresses. It may be used by several goroutines at once.
type Browser struct {
	Getenv func(string) string // of the person, who may name programs in BROWSER
}

// patience is how long Open waits for a program. A program that only hands the address on has ended by then; a browser
// goes on running.
const patience = 2 * time.Second

// Open hands an address to the first program that takes it. An error is ErrNone, with the last program that failed.
func (b *Browser) Open(address string) error {
	failed := ErrNone
	for _, line := range b.programs() {
		err := start(argsOf(line, address))
		if err == nil {
			return nil
		}
		failed = fmt.Errorf("%w: %w", ErrNone, err)
	}
	return failed
}

// programs returns the command lines to try. BROWSER goes first: command lines with a colon between them, as xdg-open
// and Python's webbrowser read it. Where it is set, nothing else is tried.
func (b *Browser) programs() []string {
	if named := b.Getenv("BROWSER"); named != "" {
		if runtime.GOOS == "windows" { // a path begins with C:
			return []string{named}
		}
		return strings.FieldsFunc(named, func(r rune) bool { return r == ':' })
	}
	switch runtime.GOOS {
	case "darwin":
		return []string{"open"}
	case "windows":
		return []string{"rundll32 url.dll,FileProtocolHandler"}
	}
	if b.Getenv("DISPLAY") == "" && b.Getenv("WAYLAND_DISPLAY") == "" { // xdg-open would open a text browser, here
		return nil
	}
	return []string{"xdg-open"}
}

// argsOf returns a command line with the address: where %s stands, or at its end. No shell reads it.
func argsOf(line, address string) []string {
	args, err := shellwords.Parse(line)
	if err != nil || len(args) == 0 {
		args = []string{line}
	}
	placed := false
	for i, arg := range args[1:] {
		if strings.Contains(arg, "%s") {
			args[i+1], placed = strings.ReplaceAll(arg, "%s", address), true
		}
	}
	if !placed {
		args = append(args, address)
	}
	return args
}

// start starts a program that outlives barb, away from its terminal. A program that fails at once is an error.
func start(args []string) error {
	cmd := exec.Command(args[0], args[1:]...) // without a context: the browser stays open when barb ends
	cmd.Env = os.Environ()
	apart(cmd)
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }() // may take as long as the browser is open, so nobody waits for it
	select {
	case err := <-ended:
		if err != nil {
			return errors.New(args[0] + ": " + err.Error())
		}
	case <-time.After(patience):
	}
	return nil
}
