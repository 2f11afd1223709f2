package flags

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/time/rate"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/listen"
)

// ListenOn says where and to whom a listener listens.
type ListenOn struct {
	tls             bool
	tlsCert, tlsKey string
	unixSocket      string
	allowIP         Prefixes
	rateLimit       deliver.Rate
}

// AddFlags adds the flags to a command.
func (f *ListenOn) AddFlags(cmd *cobra.Command) {
	set := cmd.Flags()
	set.BoolVar(&f.tls, "tls", false, "serve TLS, with a certificate for this machine that barb makes")
	set.StringVar(&f.tlsCert, "tls-cert", "", "serve TLS with the certificate in this `file` (PEM, with its chain)")
	set.StringVar(&f.tlsKey, "tls-key", "", "the private key `file` of --tls-cert (PEM), when it is a file of its own")
	set.StringVar(&f.unixSocket, "unix-socket", "", "listen on a Unix socket at this `path`, which only you "+
		"can connect to")
	set.Var(&f.allowIP, "allow-ip", "accept connections only from these `addresses` (CIDR, repeatable)")
	set.Var(Rate(&f.rateLimit), "rate-limit", "accept at most this many webhooks: `50/s`; more are answered 429")
	cmd.MarkFlagsMutuallyExclusive("unix-socket", "addr")
	cmd.MarkFlagsMutuallyExclusive("unix-socket", "allow-ip")
}

// Endpoint checks the flags. Nothing is opened yet. own returns the self-made certificate of this machine, and the file
// of it that clients are to trust.
func (f *ListenOn) Endpoint(ctx context.Context, addr string, weight Weights,
	own func() (tls.Certificate, string, error)) (*Endpoint, error) {
	e := &Endpoint{Guard: listen.Guard{Networks: f.allowIP}}
	var err error
	if f.unixSocket != "" && weight("addr") <= weight("unix-socket") {
		if e.socket, err = filepath.Abs(f.unixSocket); err != nil {
			return nil, fail.Local("--unix-socket: %w", err)
		}
		if err := socketFailure(e.socket, listen.Vacant(ctx, e.socket)); err != nil {
			return nil, err
		}
	}
	if e.Address, err = ListenAddress(addr); err != nil {
		return nil, err
	}
	if f.rateLimit.N > 0 {
		e.RateText = f.rateLimit.String()
		e.Guard.Limit = rate.NewLimiter(rate.Limit(f.rateLimit.PerSecond()), int(f.rateLimit.N))
	}
	return e, f.secure(e, own)
}

// secure sets up TLS where it is asked for.
func (f *ListenOn) secure(e *Endpoint, own func() (tls.Certificate, string, error)) (err error) {
	var certificate tls.Certificate
	switch {
	case f.tlsCert != "":
		if certificate, err = tls.LoadX509KeyPair(f.tlsCert, cmp.Or(f.tlsKey, f.tlsCert)); err != nil {
			return fail.Usage("--tls-cert: %w", err).Hint("--tls-cert FILE --tls-key FILE, both PEM")
		}
	case f.tlsKey != "":
		return fail.Usage("--tls-key needs --tls-cert")
	case !f.tls:
		return nil
	default:
		if certificate, e.trust, err = own(); err != nil {
			return err
		}
	}
	e.Config = &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"h2", "http/1.1"},
		MinVersion: tls.VersionTLS12}
	return nil
}

// Endpoint is the address or socket that a listener listens on, and who may connect to it.
type Endpoint struct {
	Address string // to listen on
	socket  string
	Config  *tls.Config // nil: plain
	trust   string      // the certificate that clients are to trust; "" for a given one

	Guard    listen.Guard
	RateText string // of Guard.Limit, as it was written
}

// Describe returns how to reach it, a line each, unless that is plain.
func (e *Endpoint) Describe(addr net.Addr) (lines []string) {
	curl, at := "", e.scheme()+"://localhost"
	if e.socket != "" {
		curl = " --unix-socket " + e.socket
	} else if _, port, err := net.SplitHostPort(addr.String()); err == nil {
		at += ":" + port
	}
	if e.trust != "" {
		lines = append(lines, "its self-made certificate, to be trusted once, is "+e.trust)
		curl += " --cacert " + e.trust
	}
	if curl != "" {
		lines = append(lines, "curl"+curl+" "+at+"/ -d '{}'")
	}
	if len(e.Guard.Networks) > 0 {
		lines = append(lines, "webhooks are accepted only from "+(*Prefixes)(&e.Guard.Networks).String())
	}
	return lines
}

// Listen opens the socket.
func (e *Endpoint) Listen(ctx context.Context) (net.Listener, error) {
	if e.socket != "" {
		ln, err := listen.Unix(ctx, e.socket)
		return ln, socketFailure(e.socket, err)
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, Network(e.Address), e.Address)
	if err != nil {
		return nil, fail.Local("%w", NetError(err)).Hint("barb listen --addr 127.0.0.1:0 picks a free port")
	}
	return ln, nil
}

func (e *Endpoint) scheme() string {
	if e.Config != nil {
		return "https"
	}
	return "http"
}

// URL returns where senders reach it: for a Unix socket its path, as send --unix-socket takes it.
func (e *Endpoint) URL(addr net.Addr) string {
	if e.socket != "" {
		return "unix:" + e.socket
	}
	return e.scheme() + "://" + addr.String()
}

// socketFailure is the error of --unix-socket for one of listen.Unix or listen.Vacant.
func socketFailure(path string, err error) error {
	var at *listen.SocketError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, listen.ErrNotSocket):
		return fail.Usage("--unix-socket %s %w", path, err)
	case errors.Is(err, listen.ErrNoFolder):
		return fail.Usage("--unix-socket %s: %w", path, err)
	case errors.As(err, &at) && at.Binding:
		return fail.Local("--unix-socket %s: %w", path, err).Hint("the path of a socket has at most about 90 bytes")
	case errors.Is(err, listen.ErrInUse), at != nil:
		return fail.Local("--unix-socket %s: %w", path, err)
	}
	return fail.Local("--unix-socket: %w", err)
}
