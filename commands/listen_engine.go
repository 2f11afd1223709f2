package commands

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/spf13/cobra"
	"golang.org/x/time/rate"

	"github.com/barbhq/barb/commands/config"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/store/disk"
	"github.com/barbhq/barb/store/export"
)

// engineFlags say where and to whom a listener listens.
type engineFlags struct {
	tls             bool
	tlsCert, tlsKey string
	unixSocket      string
	allowIP         flags.Prefixes
	rateLimit       flags.Rate
}

func (f *engineFlags) addFlags(cmd *cobra.Command) {
	set := cmd.Flags()
	set.BoolVar(&f.tls, "tls", false, "speak TLS, and HTTP/2 to those who ask, with a self-made certificate for "+
		"this machine")
	set.StringVar(&f.tlsCert, "tls-cert", "", "speak TLS with the certificate in this `file` (PEM, with its chain)")
	set.StringVar(&f.tlsKey, "tls-key", "", "the private key `file` of --tls-cert (PEM), where it is not in the same file")
	set.StringVar(&f.unixSocket, "unix-socket", "", "listen on a Unix socket at this `path`, which only you "+
		"can connect to")
	set.Var(&f.allowIP, "allow-ip", "take connections only from these `addresses` (CIDR, repeatable); others are "+
		"closed at once, and counted")
	set.Var(&f.rateLimit, "rate-limit", "take at most so many webhooks in a time, such as `50/s`; more get 429, and "+
		"are counted")
	cmd.MarkFlagsMutuallyExclusive("unix-socket", "addr")
	cmd.MarkFlagsMutuallyExclusive("unix-socket", "allow-ip")
}

// endpoint is the address or socket that a listener listens on, and who may connect to it.
type endpoint struct {
	address string // to listen on
	socket  string
	config  *tls.Config // nil: plain
	trust   string      // the certificate that clients are to trust; "" for a given one

	guard    listen.Guard
	rateText string // of guard.Limit, as it was written
}

// endpoint checks the flags. Nothing is opened yet, but a certificate is made if there is none.
func (f *engineFlags) endpoint(ctx context.Context, sh *shell, addr string) (*endpoint, error) {
	e := &endpoint{guard: listen.Guard{Networks: f.allowIP}}
	var err error
	if f.unixSocket != "" && sh.settings["addr"].weight() <= sh.settings["unix-socket"].weight() {
		if e.socket, err = filepath.Abs(f.unixSocket); err != nil {
			return nil, fail.Local("--unix-socket: %w", err)
		}
		if err := listen.Vacant(ctx, e.socket); err != nil {
			return nil, socketFailure(e.socket, err)
		}
	}
	if e.address, err = flags.ListenAddress(addr); err != nil {
		return nil, err
	}
	if f.rateLimit.N > 0 {
		e.rateText = f.rateLimit.String()
		e.guard.Limit = rate.NewLimiter(rate.Limit(f.rateLimit.PerSecond()), int(f.rateLimit.N))
	}
	return e, f.secure(sh, e)
}

// secure sets up TLS where it is asked for.
func (f *engineFlags) secure(sh *shell, e *endpoint) (err error) {
	var certificate tls.Certificate
	switch {
	case f.tlsCert != "":
		key := f.tlsKey
		if key == "" {
			key = f.tlsCert
		}
		if certificate, err = tls.LoadX509KeyPair(f.tlsCert, key); err != nil {
			return fail.Usage("--tls-cert: %w", err).Hint("--tls-cert FILE --tls-key FILE, both PEM")
		}
	case f.tlsKey != "":
		return fail.Usage("--tls-key needs --tls-cert")
	case !f.tls:
		return nil
	default:
		if certificate, e.trust, err = sh.ownCertificate(); err != nil {
			return err
		}
	}
	e.config = &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"h2", "http/1.1"},
		MinVersion: tls.VersionTLS12}
	return nil
}

// socketFailure is the error of --unix-socket for one of listen.Unix or listen.Vacant.
func socketFailure(path string, err error) error {
	var at *listen.SocketError
	switch {
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

// ownCertificate returns the self-made certificate of this user's listeners and the file of it that clients are to
// trust.
func (sh *shell) ownCertificate() (certificate tls.Certificate, trust string, err error) {
	folder := sh.dataFolder()
	pair, trust := filepath.Join(folder, "localhost-tls.pem"), filepath.Join(folder, "localhost-cert.pem")
	if err := config.CheckOwn(pair); err != nil {
		return certificate, "", err
	}
	certificate, renewed, err := listen.OwnCertificate(pair, sh.Now())
	if renewed {
		sh.warn("%s was near its end and is made anew; clients have to trust the new one", trust)
	}
	switch {
	case errors.Is(err, listen.ErrBadCertificate):
		return certificate, "", fail.Local("%w", err).Hintf("rm %s makes a new certificate at the next start",
			export.Quote(pair))
	case err != nil:
		return certificate, "", fail.Local("%w", err)
	}
	return certificate, trust, exportCertificate(trust, certificate)
}

// exportCertificate writes the certificate without its key, unless it is there already.
func exportCertificate(path string, certificate tls.Certificate) error {
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]})
	if had, err := os.ReadFile(path); err == nil && string(had) == string(text) {
		return nil
	}
	if err := disk.Replace(path, text); err != nil {
		return fail.Local("%s: %w", path, err)
	}
	return nil
}

// idleMemory is what a listener may hold besides the webhooks in flight before its garbage is collected early.
const idleMemory = 128 << 20

// boundMemory has garbage collected early once a listener holds half as much again as the budget of webhooks in flight:
// by default Go would let that grow to twice what is in use. GOMEMLIMIT goes before it.
func (sh *shell) boundMemory(inflight int64) (undo func()) {
	if sh.Getenv("GOMEMLIMIT") != "" {
		return func() {}
	}
	before := debug.SetMemoryLimit(idleMemory + inflight + inflight/2)
	return func() { debug.SetMemoryLimit(before) }
}

// listen opens the socket.
func (e *endpoint) listen(ctx context.Context) (net.Listener, error) {
	if e.socket != "" {
		ln, err := listen.Unix(ctx, e.socket)
		if err != nil {
			return nil, socketFailure(e.socket, err)
		}
		return ln, nil
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, flags.Network(e.address), e.address)
	if err != nil {
		return nil, fail.Local("%w", flags.NetError(err)).Hint("barb listen --addr 127.0.0.1:0 picks a free port")
	}
	return ln, nil
}

// url returns where senders reach it: for a Unix socket its path, as send --unix-socket takes it.
func (e *endpoint) url(addr net.Addr) string {
	if e.socket != "" {
		return "unix:" + e.socket
	}
	return e.scheme() + "://" + addr.String()
}

func (e *endpoint) scheme() string {
	if e.config != nil {
		return "https"
	}
	return "http"
}

// describe returns how to reach it, a line each, unless that is plain.
func (e *endpoint) describe(addr net.Addr) (lines []string) {
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
	if len(e.guard.Networks) > 0 {
		lines = append(lines, "webhooks are taken only from "+(*flags.Prefixes)(&e.guard.Networks).String())
	}
	return lines
}
