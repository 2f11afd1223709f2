package commands

import (
	"context"
	"net"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/metrics"
)

// metricsFlags say where a command shows its counters.
type metricsFlags struct{ metrics string }

func (f *metricsFlags) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.metrics, "metrics", "", "serve Prometheus metrics at http://`ADDR`/metrics; :0 picks a "+
		"port of this machine")
}

// openMetrics opens the port of --metrics. It returns nil without the flag.
func (f *metricsFlags) openMetrics(ctx context.Context) (*metrics.Port, error) {
	if f.metrics == "" {
		return nil, nil
	}
	address, err := flags.ListenAddress(f.metrics)
	if err != nil {
		return nil, fail.Usage("--metrics %q is not HOST:PORT",
			f.metrics).Hint("--metrics 127.0.0.1:9242, or :0 for a free port")
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, flags.Network(address), address)
	if err != nil {
		return nil, fail.Local("--metrics: %w", flags.NetError(err)).Hint("--metrics :0 picks a free port")
	}
	return &metrics.Port{Listener: ln}, nil
}

// sayMetrics says where the counters are, and warns when other machines can read them.
func sayMetrics(sh *shell, port *metrics.Port) {
	if port == nil {
		return
	}
	if port.Public() {
		sh.warn("%s can be read from other machines", port.URL())
	}
	sh.say("barb: metrics at %s", port.URL())
}

// countFor makes the counters of a listener. It does nothing without --metrics.
func (g *listener) countFor(port *metrics.Port) {
	if port == nil {
		return
	}
	schemes := map[string]bool{}
	for _, s := range g.file.catalog().All() {
		schemes[s.Name] = true
	}
	g.watch.metrics, g.watch.metricsPort = metrics.NewReceived(g.version, g.history, schemes), port
}
