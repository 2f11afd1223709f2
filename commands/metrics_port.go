package commands

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/barbhq/barb/commands/fail"
	"github.com/spf13/cobra"
)

// metricsFlags say where a command shows its counters.
type metricsFlags struct{ metrics string }

func (f *metricsFlags) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.metrics, "metrics", "", "serve Prometheus metrics at http://`ADDR`/metrics; :0 picks a port of this machine")
}

// metricsPort is where a command serves its counters. All its methods do nothing on nil, which is a command that nobody
// asked to.
type metricsPort struct{ ln net.Listener }

// openMetrics takes the port of --metrics; nil when it was not given.
func (f *metricsFlags) openMetrics(ctx context.Context) (*metricsPort, error) {
	if f.metrics == "" {
		return nil, nil
	}
	address, err := listenAddress(f.metrics)
	if err != nil {
		return nil, fail.Usage("--metrics %q is not HOST:PORT", f.metrics).Hint("--metrics 127.0.0.1:9242, or :0 for a free port")
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, networkOf(address), address)
	if err != nil {
		return nil, fail.Local("--metrics: %w", plainNetError(err)).Hint("--metrics :0 picks a free port")
	}
	return &metricsPort{ln}, nil
}

// url is where the counters are, "" for nowhere.
func (p *metricsPort) url() string {
	if p == nil {
		return ""
	}
	return "http://" + p.ln.Addr().String() + "/metrics"
}

// announce says where the counters are.
func (p *metricsPort) announce(sh *shell) {
	if p == nil {
		return
	}
	if tcp, ok := p.ln.Addr().(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		sh.warn("%s can be read from other machines", p.url())
	}
	sh.say("barb: metrics at %s", p.url())
}

// serve serves the counters until it is stopped.
func (p *metricsPort) serve(counters http.Handler) (stop func()) {
	if p == nil {
		return func() {}
	}
	server := &http.Server{Handler: counters, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: log.New(io.Discard, "", 0)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(p.ln) // ends with Close
	}()
	return func() {
		_ = server.Close()
		<-done
	}
}
