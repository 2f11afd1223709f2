package flags

import (
	"context"
	"net"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/metrics"
)

// Metrics says where a command shows its counters.
type Metrics struct{ address string }

// AddFlags adds the flag to a command.
func (f *Metrics) AddFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.address, "metrics", "", "serve Prometheus metrics at http://`ADDR`/metrics; :0 picks "+
		"a free port")
}

// OpenMetrics opens the port of --metrics. It returns nil without the flag.
func (f *Metrics) OpenMetrics(ctx context.Context) (*metrics.Port, error) {
	if f.address == "" {
		return nil, nil
	}
	address, err := ListenAddress(f.address)
	if err != nil {
		return nil, fail.Usage("--metrics %q is not HOST:PORT",
			f.address).Hint("--metrics 127.0.0.1:9242, or :0 for a free port")
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, Network(address), address)
	if err != nil {
		return nil, fail.Local("--metrics: %w", NetError(err)).Hint("--metrics :0 picks a free port")
	}
	return &metrics.Port{Listener: ln}, nil
}
