package commands

import (
	"context"
	"errors"
	"net"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/checks"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/listen/gateway"
)

// listenHere starts what barb listen is made of for another command, on a free port of this machine. It says what goes
// wrong and prints no line for a webhook.
func listenHere(ctx context.Context, sh *shell.Shell, o checks.ListenOptions) (*checks.Listening, error) {
	var lo listenOptions
	flags := &cobra.Command{}
	lo.addFlags(flags, sh)
	if err := flags.ParseFlags(nil); err != nil {
		return nil, err
	}
	lo.Signing, lo.addr = o.Signing, "127.0.0.1:0"
	g, err := newListener(ctx, sh, lo)
	if err != nil {
		return nil, err
	}
	sh.Judgements.Unending = false
	g.gate.Tell = func(e gateway.Event) {
		if e.Kind == gateway.Answered {
			o.Came(e.Exchange.First())
			return
		}
		g.tell(e)
	}
	ln, err := g.open(ctx, &lo)
	if err != nil {
		g.clients.Close()
		return nil, err
	}
	serving, stop := context.WithCancel(ctx)
	server, end, ended := g.server(lo), g.gate.Start(serving), make(chan error)
	go func() {
		defer g.clients.Close()
		err := server.Serve(serving, ln)
		g.refusals.End()
		end(true)
		ended <- errors.Join(err, g.gate.History.Flush(context.WithoutCancel(serving)))
	}()
	return &checks.Listening{URL: g.endpoint.URL(ln.Addr()), Port: ln.Addr().(*net.TCPAddr).Port, Stop: func() error {
		stop()
		if err := <-ended; err != nil {
			return fail.Local("%w", err)
		}
		return sh.Broken
	}}, nil
}
