// Command barb signs, verifies, sends, listens for and replays webhooks.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/barbhq/barb/commands"
)

func main() { os.Exit(run()) }

func run() int {
	if code, done := superviseAsInit(); done {
		return code
	}
	debug.SetGCPercent(200)        // a few MiB more save a tenth of the work at ten thousand webhooks a second
	signal.Ignore(syscall.SIGPIPE) // a closed pipe is an error of writing, not the end of a listener
	return commands.Main(context.Background(), environment(), buildVersion(), os.Args[1:])
}
