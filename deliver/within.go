package deliver

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"
)

// Reach decides whether a connection may be opened: host is the host of the URL, address is where the connection goes
// after the lookup, without the IPv4-mapped form. A nil error allows it.
type Reach func(host string, address netip.Addr) error

type reachKey struct{}

// WithReach returns a context for attempts whose connections are opened only to addresses that may be reached. The
// decision is made about the address of the connection itself, so a name that is looked up anew cannot get around it.
// Such attempts go through no proxy, because a proxy would look the name up again.
func WithReach(ctx context.Context, may Reach) context.Context {
	return context.WithValue(ctx, reachKey{}, may)
}

// errProxied refuses a proxy.
var errProxied = errors.New("a proxy is set, and connections that are limited to some hosts go through none")

// unreached is the refusal of a Reach.
type unreached struct{ error }

// Unwrap returns the error of the Reach.
func (e *unreached) Unwrap() error { return e.error }

// isUnreached reports whether a connection was refused before it was opened, so that another attempt would be too.
func isUnreached(err error) bool {
	_, ok := errors.AsType[*unreached](err)
	return ok || errors.Is(err, errProxied)
}

// hasReach reports whether the context has a Reach.
func hasReach(ctx context.Context) bool { return ctx.Value(reachKey{}) != nil }

// dialer returns what opens connections for a host under the Reach of a context.
func dialer(ctx context.Context, host string) net.Dialer {
	may, ok := ctx.Value(reachKey{}).(Reach)
	if !ok {
		return net.Dialer{}
	}
	return net.Dialer{Control: func(network, address string, _ syscall.RawConn) error {
		if network == "unix" {
			return nil // it is on this machine
		}
		to, err := netip.ParseAddrPort(address)
		if err == nil {
			err = may(host, to.Addr().Unmap())
		}
		if err != nil {
			return &unreached{err}
		}
		return nil
	}}
}
